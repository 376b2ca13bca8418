package events_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"otpravka/webhook/events"
)

// The vector that the libraries of the Standard Webhooks are tested with.
func TestSignerKeepsThePublishedVector(t *testing.T) {
	signer, err := events.NewSigner("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	if err := signer.Sign(h, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"webhook-id":        "msg_p5jXN8AQM9LWM0D4loKWxJek",
		"webhook-timestamp": "1614265330",
		"webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// T29: what is signed is believed, and nothing that differs from it is.
func TestT29SignatureBindsIDTimeAndBody(t *testing.T) {
	secret := events.NewSecret()
	signer, err := events.NewSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"id":"evt_1"}`)
	sign := func(at time.Time) http.Header {
		h := http.Header{}
		if err := signer.Sign(h, "evt_1", at, body); err != nil {
			t.Fatal(err)
		}
		return h
	}
	if err := reference.Verify(body, sign(time.Now())); err != nil {
		t.Errorf("a good message: %v", err)
	}
	for name, spoil := range map[string]func(http.Header) []byte{
		"another body": func(http.Header) []byte { return append([]byte(" "), body...) },
		"another id":   func(h http.Header) []byte { h.Set("webhook-id", "evt_2"); return body },
		"another time": func(h http.Header) []byte {
			h.Set("webhook-timestamp", sign(time.Now().Add(-time.Second)).Get("webhook-timestamp"))
			return body
		},
	} {
		h := sign(time.Now())
		if err := reference.Verify(spoil(h), h); err == nil {
			t.Errorf("%s is believed", name)
		}
	}
	for _, off := range []time.Duration{-6 * time.Minute, 6 * time.Minute} {
		if err := reference.Verify(body, sign(time.Now().Add(off))); err == nil {
			t.Errorf("a message of %s from now is believed", off)
		}
	}
}

func TestSecretsHaveOneForm(t *testing.T) {
	one, two := events.NewSecret(), events.NewSecret()
	if one == two || !strings.HasPrefix(one, "whsec_") || len(one) != len("whsec_")+44 {
		t.Errorf("drawn secrets are %q and %q", one, two)
	}
	for _, bad := range []string{
		"", "whsec_", strings.TrimPrefix(one, "whsec_"), one + "!", one[:len(one)-1], "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS=",
		"whsec_" + strings.Repeat("AAAA", 22), "whsec_c2hvcnQ=",
	} {
		if _, err := events.NewSigner(bad); err != events.ErrSecret {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
