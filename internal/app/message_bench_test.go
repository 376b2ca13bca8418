package app

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"testing"
	"time"

	"otpravka/bot"
	"otpravka/internal/keyring"
	"otpravka/internal/metrics"
	"otpravka/internal/phone"
	"otpravka/otpcore"
	"otpravka/sms"
	"otpravka/templates"
)

// benchCore is the domain with its real neighbours, but for the database.
func benchCore(b *testing.B) (*otpcore.Core, *oneCase, otpcore.Caller) {
	b.Helper()
	ring, err := keyring.Parse(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32)))
	if err != nil {
		b.Fatal(err)
	}
	texts, err := templates.New()
	if err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	providers, err := sms.Parse([]byte(`sms_providers:
  - id: yes
    number_format: e164
    request: {method: POST, url: "` + yes(b) + `/send", headers: {X-Client: otpravka}, body: {type: json, fields: {to: "{{to}}", text: "{{text}}", ref: "{{msg_id}}"}}}
    success: {http: [200-299], all: [{path: "$.status", equals: accepted}]}
    message_id: "$.id"
    price: {amount: "18.50", currency: KZT}
`))
	if err != nil {
		b.Fatal(err)
	}
	gateway, err := newGateway(Config{SMS: providers, Log: log}, smsKeys(ring), "https://otp.example")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(gateway.Close)
	ledger := &oneCase{now: time.Now(), boot: otpcore.NewID(otpcore.PrefixBoot, time.Now()), recorded: make(chan error, 1)}
	ledger.business = otpcore.Business{ID: otpcore.NewID(otpcore.PrefixBusiness, ledger.now), Name: "Shop", Settings: otpcore.Settings{
		Countries: []string{"KZ"}, DefaultCountry: "KZ", Locale: "ru", TimeZone: "Asia/Almaty",
	}}
	core := otpcore.New(otpcore.Config{
		Ledger: ledger, Reader: ledger, Vault: ring, Carriers: &carriers{fleet: bot.NewFleet(bot.FleetConfig{Log: log}), sms: gateway}, Renderer: texts, Phones: phone.Parser{},
		Rules: otpcore.DefaultRules(), Boot: ledger.boot, Logger: log,
	})
	counted := metrics.New(log)
	ledger.committed = func(c *otpcore.Case) {
		counted.Committed(c)
		core.Committed(c)
	}
	return core, ledger, otpcore.Caller{Business: &ledger.business, Mode: otpcore.Live}
}

func benchStart(b *testing.B, core *otpcore.Core, by otpcore.Caller) {
	b.Helper()
	r := otpcore.StartRequest{Phone: "+77011234567", Channels: []otpcore.Channel{otpcore.SMS}}
	if _, err := core.Verifications.Start(b.Context(), by, r); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMessage is what a message costs beside the database: from the commit of
// its start to the record of the provider's answer.
func BenchmarkMessage(b *testing.B) {
	core, ledger, by := benchCore(b)
	benchStart(b, core, by)
	b.ReportAllocs()
	for b.Loop() {
		ledger.committed(ledger.started)
		if err := <-ledger.recorded; err != nil {
			b.Fatal(err)
		}
	}
	core.Dispatcher.Close(b.Context())
}

// BenchmarkDecisions is what a start and a check of a wrong code cost beside the
// database.
func BenchmarkDecisions(b *testing.B) {
	core, ledger, by := benchCore(b)
	b.ReportAllocs()
	for b.Loop() {
		benchStart(b, core, by)
		if _, err := core.Verifications.Check(b.Context(), by, ledger.started.Verification.ID, "000000", nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}
