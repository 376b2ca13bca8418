package telegramgateway

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"otpravka/bot"
	"otpravka/internal/sim/telegramgatewaysim"
	"otpravka/otpcore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	goodToken = "AAEVFAAAjlGLoQsLVIzbrhTsYzC2TTW6RZVyiGkWPPiOWA"
	annas     = "+77011234567"
)

// account is a connector with a simulated Gateway and the reports that came to
// it.
type account struct {
	testing.TB
	gw      *telegramgatewaysim.Server
	factory *Factory
	*Connector
	fell *bot.Fall
}

// fixed is a clock that stands still.
type fixed time.Time

func (f fixed) Now() time.Time { return time.Time(f) }

var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func newAccount(t testing.TB, callbackURL string) *account {
	t.Helper()
	a := &account{TB: t, gw: telegramgatewaysim.New(telegramgatewaysim.Options{Now: func() time.Time { return now }})}
	base, err := a.gw.Listen()
	a.must(err)
	t.Cleanup(a.gw.Close)
	a.gw.AddAccount(goodToken, 1)
	client, err := NewClient(base)
	a.must(err)
	t.Cleanup(client.Close)
	a.factory = NewFactory(client, Options{
		Clock:       fixed(now),
		CallbackKey: func(id otpcore.ID) string { return "key-of-" + string(id) },
		CallbackURL: func(key string) string {
			if callbackURL == "" {
				return ""
			}
			return callbackURL + key
		},
	})
	a.Connector = a.connect("bot_a", goodToken)
	return a
}

func (a *account) connect(id otpcore.ID, token string) *Connector {
	return a.factory.Connect(otpcore.Bot{ID: id, Kind: otpcore.BotTelegramGateway}, token, home{a}).(*Connector)
}

func (a *account) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// home takes what a connector tells.
type home struct{ a *account }

func (home) Apply(context.Context, bot.Inbound) error         { return nil }
func (home) Offset(context.Context) (int64, error)            { return 0, nil }
func (home) Connected(context.Context)                        {}
func (home) Known(context.Context, bot.Identity)              {}
func (home) Stands(context.Context, otpcore.BotState, string) {}
func (h home) Fell(fall *bot.Fall)                            { h.a.fell = fall }
func (a *account) send(o otpcore.Outgoing) otpcore.Accepted {
	a.Helper()
	accepted, err := a.Send(a.Context(), o)
	a.must(err)
	return accepted
}

// withCode is a message to Anna with the code in it.
func withCode(code string) otpcore.Outgoing {
	return otpcore.Outgoing{
		DeliveryID: "dlv_01kpx3q8e5f1ttgq0g7m9y2c4d", Phone: otpcore.NewPhone(annas, "KZ"), Useful: 45 * time.Second,
		Message: otpcore.Message{Text: "Shop: " + code + " is your code", Mono: []otpcore.Span{{Start: 6, End: 6 + len(code)}}},
	}
}
