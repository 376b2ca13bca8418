package app

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"otpravka/otpcore"
)

// endpoints tells of those in trouble, one line each, and of the others
// together: a business looks after its own.
func (e *examination) endpoints(context.Context) []Finding {
	if e.found == nil || len(e.found.Endpoints) == 0 {
		return nil
	}
	var all []Finding
	good, paused := 0, 0
	for _, p := range e.found.Endpoints {
		switch {
		case p.Status == otpcore.EndpointActive && p.FailingSince.IsZero():
			good++
		case p.Reason == otpcore.EndpointPaused:
			paused++
		default:
			all = append(all, Finding{Grade: Warn, Text: inTrouble(p)})
		}
	}
	if good+paused > 0 {
		text := fmt.Sprintf("%d active", good)
		if paused > 0 {
			text += fmt.Sprintf(", %d paused by their business", paused)
		}
		all = append(all, Finding{Grade: OK, Text: text})
	}
	return all
}

// inTrouble names the receiver by its host only: paths may hold secrets.
func inTrouble(p *otpcore.Endpoint) string {
	host := p.URL
	if u, err := url.Parse(p.URL); err == nil {
		host = u.Host
	}
	what := fmt.Sprintf("has taken no event since %s, and is disabled after five days: its deliveries say why", p.FailingSince.Format(time.RFC3339))
	switch p.Reason {
	case otpcore.EndpointGone:
		what = "answered 410 and is disabled"
	case otpcore.EndpointFailing:
		what = "took nothing for five days and is disabled"
	}
	return fmt.Sprintf("%s of %s (%s) %s", host, p.BusinessID, p.ID, what)
}
