package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"otpravka/otpcore"
	"otpravka/webhook/events"
)

type listenCommand struct {
	URL     string   `env:"OTPRAVKA_URL" default:"http://localhost:8080" placeholder:"URL" help:"Address of the server (${default})."`
	Key     string   `env:"OTPRAVKA_KEY" placeholder:"KEY" help:"API key with the scope admin. Set OTPRAVKA_KEY rather than the flag: other users of this machine can read a command line."`
	Forward string   `placeholder:"URL" help:"Address of your app that gets each event as a signed POST."`
	Types   []string `placeholder:"TYPE" help:"Types to hear of, with commas between them; all unless given."`
	Since   string   `default:"latest" placeholder:"PLACE" help:"Where to begin: latest, beginning, or behind the event with this id (${default})."`
	JSON    bool     `name:"json" help:"Print events as JSON, one a line."`
	Secret  string   `placeholder:"whsec_…" help:"Signing secret of --forward; drawn and shown at the start unless given."`
}

// Run shows and forwards events until the process is told to stop.
func (c listenCommand) Run(env Env) error {
	key, err := apiKey(c.Key, otpcore.ScopeAdmin)
	if err != nil {
		return err
	}
	base, err := webAddress("--url or OTPRAVKA_URL", c.URL)
	if err != nil {
		return err
	}
	l := &listener{
		feed: newFeed(base, key, c.Types, c.Since), screen: &screen{out: env.Out, notices: env.Err, json: c.JSON},
	}
	l.server = &outage{peer: base, screen: l.screen, then: "trying again"}
	if c.Forward != "" {
		if l.receiver, err = c.receiver(l.screen); err != nil {
			return err
		}
	} else if c.Secret != "" {
		return errors.New("--secret signs what is forwarded: give --forward too")
	}
	return l.run(env.Context)
}

func (c listenCommand) receiver(s *screen) (*receiver, error) {
	address, err := webAddress("--forward", c.Forward)
	if err != nil {
		return nil, err
	}
	secret := orElse(c.Secret, events.NewSecret())
	signer, err := events.NewSigner(secret)
	if err != nil {
		return nil, fmt.Errorf("--secret does not fit: %w", err)
	}
	s.notice("forwarding to %s", address)
	if c.Secret == "" {
		s.notice("signing secret %s, for this run; --secret keeps one", secret)
	}
	return newReceiver(address, signer, s), nil
}

// apiKey reads the key with which a command calls the API.
func apiKey(text string, scope otpcore.Scope) (otpcore.KeyText, error) {
	key, ok := otpcore.ParseKey(text)
	switch {
	case text == "":
		return key, fmt.Errorf("set OTPRAVKA_KEY to an API key of the business with the scope %s", scope)
	case !ok:
		return key, errors.New("--key or OTPRAVKA_KEY is no API key: copy the whole otp_live_… or otp_test_… again")
	}
	return key, nil
}

// webAddress checks an address of HTTP and returns it without a slash at its
// end.
func webAddress(name, text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Fragment != "" {
		return "", fmt.Errorf("%s must be an address like http://localhost:8080", name)
	}
	return strings.TrimRight(text, "/"), nil
}

// pollWait is how long one request waits for an event.
const pollWait = 25 * time.Second

// listener carries events from the server to the screen and to the receiver,
// one after the other: an event is behind it once the receiver has it.
type listener struct {
	feed     *feed
	server   *outage
	receiver *receiver // nil: events are only shown
	screen   *screen
}

func (l *listener) run(ctx context.Context) error {
	defer l.feed.http.CloseIdleConnections()
	// The first request does not wait: it fixes the place that is listened
	// from, before anything can fail. Neither does the first one after trouble,
	// so that its end is seen at once.
	wait := time.Duration(0)
	for begun := false; ; {
		page, err := l.feed.ask(ctx, wait)
		switch {
		case ctx.Err() != nil:
			return l.end()
		case err != nil && permanent(err):
			return err
		case err != nil:
			if wait = 0; !l.server.wait(ctx, err) {
				return l.end()
			}
			continue
		}
		l.server.over()
		if !begun {
			l.screen.notice("listening to %s with %s", l.feed.base, l.feed.key)
			begun = true
		}
		for _, raw := range page.Items {
			if !l.handle(ctx, raw) {
				return l.end()
			}
		}
		l.feed.after, wait = page.NextAfter, pollWait
		if page.HasMore {
			wait = 0
		}
	}
}

// handle reports false when ctx ended before the receiver had the event.
func (l *listener) handle(ctx context.Context, raw []byte) bool {
	e, err := readEvent(raw)
	if err != nil {
		l.screen.notice("an event cannot be read and is left out: %v", err)
		return true
	}
	l.screen.show(e)
	if l.receiver != nil && !l.receiver.deliver(ctx, e) {
		return false
	}
	l.feed.after = e.ID
	return true
}

// end says where another run goes on.
func (l *listener) end() error {
	if strings.HasPrefix(l.feed.after, otpcore.PrefixEvent+"_") {
		l.screen.notice("stopped; --since %s goes on from here", l.feed.after)
	}
	return nil
}
