package sms

import (
	"fmt"
	"net/http"

	"otpravka/otpcore"
)

// maxID bounds the ids of messages in bytes. Longer ones are none that a provider
// reports by, and no index of PostgreSQL takes them: their message could never be
// recorded as sent.
const maxID = 200

// judge tells the provider's yes from its no.
//
// An answer of good news whose body cannot be read is no refusal: the message
// may be on its way. It counts as accepted, without an id, where the status
// alone decides, and as ambiguous where the body would have.
func (p *provider) judge(a answer, delivery otpcore.ID, v values) (otpcore.Accepted, error) {
	good, readable := p.Success.HTTP.has(a.status), a.err == nil
	switch {
	case good && (readable || !p.Success.readsBody()) && p.Success.holds(a.doc, v):
		id, _ := p.MessageID.text(a.doc, v)
		if len(id) > maxID {
			id = "" // taken, and nothing more is known of it
		}
		return otpcore.Accepted{Provider: p.ID, MessageID: id, Cost: p.costOf(a.doc, v)}, nil
	case !readable && (good || a.status < 300):
		return otpcore.Accepted{}, ambiguous(p.ID, a.err)
	}
	class, cause := p.classify(a, v)
	if class == otpcore.ClassUnknown {
		p.log.Warn("sms refusal is not mapped", "delivery_id", delivery, "http_status", a.status, "answer", p.told(a.doc, v))
	}
	e := refusal(p.ID, class, cause)
	if class == otpcore.ClassThrottled {
		e.RetryAfter = a.retryAfter
	}
	return otpcore.Accepted{}, e
}

// classify finds the first rule that fits, and else goes by the status. The
// cause names the status and the rule, never the provider's own words.
func (p *provider) classify(a answer, v values) (otpcore.ErrorClass, error) {
	for _, rule := range p.Errors {
		if rule.fits(a.status, a.doc, v) {
			return rule.Class, fmt.Errorf("http status %d, error rule of line %d", a.status, rule.line)
		}
	}
	cause := fmt.Errorf("http status %d", a.status)
	switch {
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return otpcore.ClassAuth, cause
	case a.status == http.StatusTooManyRequests:
		return otpcore.ClassThrottled, cause
	case a.status == http.StatusRequestTimeout, a.status >= 500, a.status >= 300 && a.status < 400:
		return otpcore.ClassProviderDown, cause
	}
	return otpcore.ClassUnknown, cause
}
