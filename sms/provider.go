package sms

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"time"

	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

// provider is a declaration with its secrets read and its callback address
// assigned.
type provider struct {
	declaration
	secrets  values
	key      string // of its callback address, or empty
	dlrURL   string
	segments func(text string) int // set where the price is per segment
	road     http.RoundTripper
	log      *slog.Logger
}

// maxAnswer bounds what is read of an answer. What an answer says about one
// message fits many times over.
const maxAnswer = 64 << 10

func newProvider(d declaration, road http.RoundTripper, log *slog.Logger) (*provider, error) {
	p := &provider{declaration: d, secrets: make(values), road: road, log: log.With("provider", d.ID)}
	for name, ref := range d.Secrets {
		secret, err := ref.read()
		if err != nil {
			return nil, fmt.Errorf("sms provider %s: %w", d.ID, err)
		}
		p.secrets["secret."+name] = secret
	}
	return p, nil
}

// send makes one call. It returns a *otpcore.SendError for every failure.
func (p *provider) send(ctx context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
	if end, ok := ctx.Deadline(); !ok || time.Until(end) > p.Rate.Timeout { // else the caller cuts it off before that
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.Rate.Timeout)
		defer cancel()
	}
	v := p.values(o)
	if v["to"] == "" {
		return otpcore.Accepted{}, refusal(p.ID, otpcore.ClassNoRoute, nil)
	}
	var seen sighting
	r, err := p.build(seen.trace(ctx), v)
	if err != nil {
		return otpcore.Accepted{}, refusal(p.ID, otpcore.ClassUnknown, err)
	}
	seen.guard(r)
	failpoint.Hit(failpoint.SMSBeforeWrite)
	resp, err := p.road.RoundTrip(r)
	failpoint.Hit(failpoint.SMSBeforeRead)
	switch {
	case err != nil && seen.possible():
		return otpcore.Accepted{}, ambiguous(p.ID, redact(err))
	case err != nil:
		return otpcore.Accepted{}, refusal(p.ID, otpcore.ClassProviderDown, redact(err))
	}
	defer resp.Body.Close()
	a := readAnswer(resp)
	failpoint.Hit(failpoint.SMSAfterRead)
	return p.judge(a, o.DeliveryID, v)
}

func (p *provider) values(o otpcore.Outgoing) values {
	v, number := make(values, len(p.secrets)+len(recipient)+2), spell(o.Phone)
	maps.Copy(v, p.secrets)
	v["to"] = number.in(p.NumberFormat)
	v["to_digits"], v["to_national"] = number.digits, number.national
	v["msg_id"] = string(o.DeliveryID)
	v["locale"] = o.Locale
	v[varText] = o.Message.Text
	v[varDLRURL] = p.dlrURL
	return v
}

// answer is what was read of a provider's answer.
type answer struct {
	status     int
	doc        any   // nil when err is set
	err        error // why the body could not be read
	retryAfter time.Duration
}

func readAnswer(resp *http.Response) answer {
	a := answer{status: resp.StatusCode, retryAfter: retryAfter(resp.Header.Get("Retry-After"))}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		a.err = redact(err)
	case len(body) > maxAnswer:
		a.err = fmt.Errorf("answer is longer than %d bytes", maxAnswer)
	default:
		a.doc, a.err = parseJSON(body)
	}
	return a
}

// retryAfter reads the header's seconds or date (RFC 9110 section 10.2.3). A
// wish of more than an hour is no use to a code and is cut.
func retryAfter(header string) time.Duration {
	if header == "" {
		return 0
	}
	var wish time.Duration
	if seconds, err := strconv.Atoi(header); err == nil {
		wish = time.Duration(min(seconds, 3600)) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wish = time.Until(at)
	}
	return min(max(wish, 0), time.Hour)
}
