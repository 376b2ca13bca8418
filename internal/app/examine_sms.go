package app

import (
	"context"
	"crypto/rand"
	"fmt"
)

func (e *examination) sms(context.Context) []Finding {
	switch {
	case !e.declared:
		return nil
	case len(e.cfg.SMS) == 0:
		return line(Warn, "no provider is declared: a code that the chat cannot deliver is not delivered (docs/sms.md)")
	}
	// Declarations and their secrets need no master key: without one the addresses
	// are nobody's.
	key := func(string) string { return rand.Text() }
	if e.ring != nil {
		key = smsKeys(e.ring)
	}
	gateway, err := newGateway(e.cfg, key, e.baseURL)
	if err != nil {
		return line(Fail, "%v", err)
	}
	defer gateway.Close()
	var all []Finding
	for _, p := range gateway.Providers() {
		reports := "sends no reports"
		switch {
		case p.CallbackURL == "":
		case e.ring == nil:
			reports = "sends reports to an address that is made from the master key, once there is one"
		default:
			reports = "sends reports to " + p.CallbackURL
		}
		all = append(all, Finding{Grade: OK, Text: fmt.Sprintf("%s is declared and %s", p.ID, reports)})
	}
	return all
}
