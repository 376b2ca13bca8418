package demo

import (
	"time"

	"otpravka/internal/sim/receiversim"
)

// received is an event as the shop's endpoint got it.
type received struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Type     string    `json:"type"`
	Phone    string    `json:"phone"` // masked, as it came; empty: it is about none
	Word     string    `json:"word"`  // the channel, or why
	Signed   bool      `json:"signed"`
	Repeated bool      `json:"repeated"`
}

// receivedShown is how many events the page shows: the newest ones.
const receivedShown = 40

func (s *stage) received() []received {
	all := s.receiver.Events()
	all = all[max(0, len(all)-receivedShown):]
	out := make([]received, 0, len(all))
	for _, e := range all {
		out = append(out, received{
			ID: e.ID, At: e.Time, Type: e.Type, Phone: e.Data["phone"], Word: wordOf(e), Signed: e.Signers > 0, Repeated: e.Repeated,
		})
	}
	return out
}

// wordOf picks the word that tells most about an event.
func wordOf(e receiversim.Event) string {
	for _, name := range []string{"reason", "class", "channel", "state", "template"} {
		if word := e.Data[name]; word != "" {
			return word
		}
	}
	return ""
}
