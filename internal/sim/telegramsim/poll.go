package telegramsim

import (
	"context"
	"time"

	"otpravka/internal/sim/feed"
)

// maxPoll is the longest time that Telegram holds a getUpdates call, in seconds.
const maxPoll = 50

// poll is a getUpdates call that waits.
type poll struct {
	wake chan struct{}
	end  chan error
}

// WaitPolling blocks until a getUpdates call waits for the bot's updates.
func (b *Bot) WaitPolling(ctx context.Context) error {
	_, err := feed.Await(ctx, &b.polling, b.srv.host.Closing(), func() (struct{}, bool) {
		b.srv.mu.Lock()
		defer b.srv.mu.Unlock()
		return struct{}{}, b.poll != nil
	})
	return err
}

func (s *Server) getUpdates(req *request) (reply, error) {
	b, p := req.bot, req.params
	s.mu.Lock()
	if b.hook != nil {
		s.mu.Unlock()
		return reply{}, errPollAndHook
	}
	b.endPoll(errOtherPoll)
	b.setAllowed(p)
	limit := 100
	if n := p.int("limit"); n != 0 {
		limit = int(min(max(n, 1), 100))
	}
	b.confirm(p.int("offset"))
	batch := b.head(limit)
	wait := time.Duration(min(max(p.int("timeout"), 0), maxPoll)) * time.Second
	if len(batch) > 0 || wait == 0 {
		s.mu.Unlock()
		return reply{result: batch}, nil
	}
	mine := &poll{wake: make(chan struct{}, 1), end: make(chan error, 1)}
	b.poll = mine
	s.mu.Unlock()
	b.polling.Notify()
	return s.longPoll(req, mine, limit, wait)
}

// longPoll holds the call until there is an update, the time is over, or
// something else ends it.
func (s *Server) longPoll(req *request, mine *poll, limit int, wait time.Duration) (reply, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var err error
	select {
	case <-mine.wake:
	case err = <-mine.end:
	case <-timer.C:
	case <-req.http.Context().Done():
		err = errRestarting
	case <-s.host.Closing():
		err = errRestarting
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.bot.poll == mine {
		req.bot.poll = nil
	} else if err == nil {
		err = <-mine.end // Replaced in the very moment of success: the newer poll gets the updates.
	}
	if err != nil {
		return reply{}, err
	}
	return reply{result: req.bot.head(limit)}, nil
}

// endPoll ends the waiting getUpdates call, if there is one. The caller holds the lock.
func (b *Bot) endPoll(err error) {
	if b.poll != nil {
		b.poll.end <- err
		b.poll = nil
	}
}
