package sms

import (
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"otpravka/otpcore"
)

// The credentials of the providers in testdata. One would break out of the
// path it stands in if it were not escaped.
var credentials = map[string]string{
	"STEPPE_TOKEN": "steppe-token-7fKq2",
	"VOLGA_API_ID": "volga-api-id-93Lw",
	"TOWER_SID":    "AC/../sid?55",
	"TOWER_TOKEN":  "tower-token-x8Rt",
}

// declared reads a file of testdata whose provider listens at base.
func declared(t testing.TB, file, base string) []ProviderConfig {
	t.Helper()
	for name, secret := range credentials {
		t.Setenv(name, secret)
	}
	raw, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatalf("read declaration: %v", err)
	}
	return parsed(t, strings.ReplaceAll(string(raw), "BASE", base))
}

func parsed(t testing.TB, source string) []ProviderConfig {
	t.Helper()
	configs, err := Parse([]byte(source))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return configs
}

func open(t testing.TB, configs []ProviderConfig, logger *slog.Logger) *Gateway {
	t.Helper()
	if logger == nil {
		logger = quiet()
	}
	g, err := New(configs, Options{Logger: logger, CallbackKey: keyOf, CallbackURL: urlOf})
	if err != nil {
		t.Fatalf("new gateway: %v", err)
	}
	t.Cleanup(g.Close)
	return g
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func discard() *log.Logger { return log.New(io.Discard, "", 0) }

func keyOf(id string) string  { return "key-of-" + id + "-0123456789abcdef" }
func urlOf(key string) string { return "https://otp.example/callbacks/sms/" + key }

// nasty is a text that would break out of a quoted JSON string or a form
// field that was put together from strings.
const nasty = `Shop: 493021 is your code & "quote\", "to": "+70000000000"` + "\n{{secret.token}}"

func outgoing() otpcore.Outgoing {
	code := strings.Index(nasty, "493021")
	return otpcore.Outgoing{
		DeliveryID: otpcore.FormatID(otpcore.PrefixDelivery, [16]byte{1, 2, 3}),
		BusinessID: otpcore.FormatID(otpcore.PrefixBusiness, [16]byte{1}),
		Phone:      otpcore.NewPhone("+998901234567", "UZ"),
		Message:    otpcore.Message{Text: nasty, Mono: []otpcore.Span{{Start: code, End: code + 6}}},
		Locale:     "uz",
	}
}
