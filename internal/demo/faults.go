package demo

import (
	"sync"
	"time"

	"otpravka/internal/sim/fault"
)

// trouble is something that a visitor may break, to watch what the server
// does about it.
type trouble struct {
	ID   string
	Name string
	Hint string
	set  func(*world) []*fault.Fault
}

// slowness is long enough to be seen and shorter than the server's time-out,
// so that the message still arrives.
const slowness = 6 * time.Second

var troubles = append([]trouble{
	{"sms_down", "SMS provider is down", "It answers every request with HTTP 503.", func(w *world) []*fault.Fault {
		return []*fault.Fault{w.sms.Fail(fault.Rule{Status: 503, Times: fault.Always})}
	}},
	{"telegram_slow", "Telegram is slow", "Each message takes 6 seconds.", func(w *world) []*fault.Fault {
		return w.failMessages(fault.Rule{Delay: slowness, Times: fault.Always})
	}},
	{"telegram_down", "Telegram is down", "It answers every message with HTTP 502.", func(w *world) []*fault.Fault {
		return w.failMessages(fault.Rule{Status: 502, Times: fault.Always})
	}},
	{"shop_down", "The shop’s endpoint is down", "It answers every event with HTTP 503.", func(w *world) []*fault.Fault {
		return []*fault.Fault{w.receiver.Fail(fault.Rule{Status: 503, Times: fault.Always})}
	}},
}, whatsAppTroubles...)

func (w *world) failMessages(rule fault.Rule) []*fault.Fault {
	var set []*fault.Fault
	for _, method := range []string{"sendMessage", "editMessageText"} {
		rule.Method = method
		set = append(set, w.telegram.Fail(rule))
	}
	return set
}

// switches are the troubles that are on.
type switches struct {
	mu sync.Mutex
	on map[string][]*fault.Fault
}

// turn switches a trouble; one that is not known changes nothing.
func (s *switches) turn(w *world, id string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.on[id] {
		f.Lift()
	}
	delete(s.on, id)
	for _, t := range troubles {
		if t.ID != id || !on {
			continue
		}
		if s.on == nil {
			s.on = make(map[string][]*fault.Fault)
		}
		s.on[id] = t.set(w)
	}
}

// view tells which troubles are on.
func (s *switches) view() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	on := make(map[string]bool, len(troubles))
	for _, t := range troubles {
		on[t.ID] = s.on[t.ID] != nil
	}
	return on
}
