package bot

import (
	"sync"
	"time"
)

// floods keeps a chat that writes without end from keeping the database, and
// the bot's share of the network's pace, busy. People never write so fast; what
// a chat sends beyond it is forgotten unread, and the network is not asked to
// send it again. The zero value is ready.
type floods struct {
	mu    sync.Mutex
	chats map[string]*allowance
	swept time.Time
	told  time.Time // when somebody was told last
}

// allowance is how much a chat may still send.
type allowance struct {
	left float64
	at   time.Time
}

// A chat may do twenty things at once, and one every two seconds for ever.
const (
	floodBurst = 20
	floodEvery = 2 * time.Second
	floodRest  = floodBurst * floodEvery // after it a chat has its whole burst again
)

// admit reports whether the update is to be handled. What the network tells of
// its own accord always is: that somebody blocked the bot, or that the account is
// somebody else's now, who must not keep the link by writing a lot. A chat is
// judged by when the person wrote: after an outage, what was written in hours
// comes at once.
func (f *floods) admit(in Inbound, now time.Time) bool {
	switch in.Kind {
	case Blocked, Unblocked, Moved:
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sweep(now)
	at := now
	if !in.At.IsZero() && in.At.Before(now) {
		at = in.At
	}
	a := f.chats[in.Chat]
	if a == nil {
		a = &allowance{left: floodBurst, at: at}
		f.chats[in.Chat] = a
	}
	if rest := at.Sub(a.at); rest > 0 {
		a.left, a.at = min(floodBurst, a.left+float64(rest)/float64(floodEvery)), at
	}
	if a.left < 1 {
		return false
	}
	a.left--
	return true
}

// news reports whether to tell of a flood: once a minute at most.
func (f *floods) news(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.told) < time.Minute {
		return false
	}
	f.told = now
	return true
}

// sweep forgets the chats that have their whole burst again.
func (f *floods) sweep(now time.Time) {
	if f.chats == nil {
		f.chats, f.swept = make(map[string]*allowance), now
	}
	if now.Sub(f.swept) < floodRest {
		return
	}
	f.swept = now
	for chat, a := range f.chats {
		if now.Sub(a.at) >= floodRest {
			delete(f.chats, chat)
		}
	}
}
