package demo

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"otpravka/internal/sim/smssim"
	"otpravka/otpcore"
)

// stage is everything behind the page: the world, the server in it, a business
// with its bot, and people.
type stage struct {
	*world
	language language
	opts     Options
	server   *running
	counter  counter
	parcel   parcel
	people   []*person
	switches switches
	board    board
	showing  sync.Mutex // what is read later must be shown later
	wake     chan struct{}
	watchers sync.WaitGroup
	quit     context.CancelFunc
}

// newStage starts all of it. Close it also where an error comes with it.
func newStage(ctx context.Context, opts Options) (*stage, error) {
	own, quit := context.WithCancel(ctx)
	s := &stage{opts: opts, wake: make(chan struct{}, 1), quit: quit}
	var err error
	if s.language, err = speak(opts.Lang); err != nil {
		return s, err
	}
	s.counter.says = s.language.sentences
	s.world, err = newWorld(opts.Business, smssim.Options{Reports: smssim.Reports{Delay: time.Second}})
	if err != nil {
		return s, err
	}
	if s.whatsapp, err = newWhatsApp(opts.Business); err != nil {
		return s, err
	}
	if s.server, err = s.run(ctx, opts.Log); err != nil {
		return s, err
	}
	s.counter.shop.url = s.server.url
	s.counter.shop.key, err = s.makeBusiness(ctx, opts.Business, func(set *otpcore.Settings) {
		set.FallbackAfter, set.Locale, set.ReturnHosts = opts.FallbackAfter, s.language.Code, []string{shopHost}
		set.LinkHosts = []string{trackHost}
	})
	if err != nil {
		return s, err
	}
	s.parcel.shop = s.counter.shop
	if err := s.registerReceiver(ctx, s.counter.shop); err != nil {
		return s, err
	}
	if err := s.registerBot(ctx, s.counter.shop); err != nil {
		return s, err
	}
	if s.whatsapp != nil {
		if err := s.whatsapp.link(ctx, s.counter.shop); err != nil {
			return s, err
		}
	}
	s.people = s.world.people(s.language)
	return s, errors.Join(s.watch(own), s.board.set("faults", s.switches.view()))
}

// close ends everything, the server before the world that it lives in.
func (s *stage) close() error {
	s.quit()
	s.watchers.Wait()
	var err error
	if s.server != nil {
		err = s.server.close()
	}
	if s.world == nil {
		return err
	}
	return errors.Join(err, s.world.close())
}

// watch keeps the board up to date until ctx ends.
func (s *stage) watch(ctx context.Context) error {
	chats, texts, events := s.telegram.Subscribe(ctx), s.sms.Subscribe(ctx), s.receiver.Subscribe(ctx)
	if err := s.showPhones(); err != nil {
		return err
	}
	if err := errors.Join(s.refresh(ctx), s.showReceived()); err != nil {
		return err
	}
	s.watchers.Go(func() {
		for range chats {
			s.phonesChanged()
		}
	})
	s.watchers.Go(func() {
		for range texts {
			s.phonesChanged()
		}
	})
	s.watchers.Go(func() {
		for range events {
			if err := s.showReceived(); err != nil {
				s.complain(err)
			}
		}
	})
	if s.whatsapp != nil {
		s.watchers.Go(func() { s.whatsapp.watch(ctx, s.phonesChanged) })
	}
	s.watchers.Go(func() { s.poll(ctx) })
	return nil
}

func (s *stage) phonesChanged() {
	if err := s.showPhones(); err != nil {
		s.complain(err)
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *stage) showReceived() error {
	s.showing.Lock()
	defer s.showing.Unlock()
	return s.board.set("received", s.received())
}

func (s *stage) showPhones() error {
	s.showing.Lock()
	defer s.showing.Unlock()
	var errs []error
	for _, p := range s.people {
		errs = append(errs, s.board.set("phone-"+p.ID, s.view(p)))
	}
	return errors.Join(errs...)
}

// How often the server is asked how the verification stands. A shop has no
// need to: it is the timeline that should look alive.
const (
	lively = 250 * time.Millisecond
	calm   = time.Second
)

func (s *stage) poll(ctx context.Context) {
	for {
		pause := calm
		if v := s.counter.current(); v != nil && !v.left {
			pause = lively
		}
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-time.After(pause):
		}
		// The bot may have changed its menu, which no chat tells.
		if err := errors.Join(s.showPhones(), s.refresh(ctx)); err != nil && ctx.Err() == nil {
			s.complain(err)
		}
	}
}

// refresh shows how the sale and the links stand.
func (s *stage) refresh(ctx context.Context) error {
	s.showing.Lock()
	defer s.showing.Unlock()
	view, err := s.counter.view(ctx)
	if err != nil {
		return err
	}
	links := make(map[string]map[string]string, len(s.people))
	for _, p := range s.people {
		state, err := s.counter.shop.lookup(ctx, p.Phone)
		if err != nil {
			return err
		}
		links[p.ID] = linksOf(state)
	}
	return errors.Join(s.board.set("shop", view), s.board.set("parcel", s.parcel.view()), s.board.set("links", links))
}

// linksOf says in one word for each channel how the phone is linked: contact or
// sms, which is the proof, or inactive. Where it is not, the channel is missing.
func linksOf(state phoneState) map[string]string {
	words := map[string]string{}
	for _, l := range state.Links {
		switch {
		case l.Status == "active":
			words[l.Channel] = l.Proof
		case l.Status == "inactive" && words[l.Channel] == "":
			words[l.Channel] = l.Status
		}
	}
	return words
}

func (s *stage) complain(err error) { _, _ = io.WriteString(s.opts.Log, "demo: "+err.Error()+"\n") }
