package whatsappcloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"otpravka/bot"
	"otpravka/internal/sim/whatsappcloudsim"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	goodToken = "EAAGm0PX4ZCpsBAKZCexampleexampleexampleexample"
	secret    = "0123456789abcdef0123456789abcdef"
	annas     = "+77011234567"
)

var shop = whatsappcloudsim.Account{
	Token: goodToken, AppSecret: secret, PhoneNumberID: "106540352242922", AccountID: "102290129340398",
	Display: "+7 777 000 00 01", Name: "Book House",
}

func credential(change func(*otpcore.CloudAccount)) string {
	a := otpcore.CloudAccount{Token: shop.Token, AppSecret: shop.AppSecret, PhoneNumberID: shop.PhoneNumberID, AccountID: shop.AccountID}
	if change != nil {
		change(&a)
	}
	raw, err := json.Marshal(a)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// desk takes what a connector hands in.
type desk struct {
	mu       sync.Mutex
	states   []string
	fell     *bot.Fall
	inbounds []bot.Inbound
	receipts []otpcore.Receipt
	trouble  error // of storing
	changed  chan struct{}
}

func (d *desk) note(fn func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn()
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *desk) Apply(_ context.Context, in bot.Inbound) error {
	if d.trouble != nil {
		return d.trouble
	}
	d.note(func() { d.inbounds = append(d.inbounds, in) })
	return nil
}
func (d *desk) Offset(context.Context) (int64, error) { return 0, nil }
func (d *desk) Known(context.Context, bot.Identity)   {}
func (d *desk) Connected(context.Context) {
	d.note(func() { d.states = append(d.states, "connected") })
}
func (d *desk) Fell(f *bot.Fall) { d.note(func() { d.fell = f }) }
func (d *desk) Stands(_ context.Context, s otpcore.BotState, _ string) {
	d.note(func() { d.states = append(d.states, string(s)) })
}

func (d *desk) Accept(_ context.Context, receipts []otpcore.Receipt) error {
	if d.trouble != nil {
		return d.trouble
	}
	d.note(func() { d.receipts = append(d.receipts, receipts...) })
	return nil
}

// until waits for what the desk has to hear of.
func (d *desk) until(t testing.TB, what string, is func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		d.mu.Lock()
		done, changed := is(), d.changed
		d.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("no sign of %s", what)
		}
	}
}

// number is a connector at a simulated Cloud API.
type number struct {
	testing.TB
	*Connector
	desk    *desk
	graph   *whatsappcloudsim.Server
	factory *Factory
	set     atomic.Pointer[Settings]
	logs    *bytes.Buffer
}

func newNumber(t testing.TB, opts whatsappcloudsim.Options, change func(*otpcore.CloudAccount)) *number {
	t.Helper()
	n := &number{TB: t, graph: whatsappcloudsim.New(opts), desk: &desk{changed: make(chan struct{})}, logs: new(bytes.Buffer)}
	n.falls(45 * time.Second)
	base, err := n.graph.Listen()
	n.must(err)
	t.Cleanup(n.graph.Close)
	n.graph.AddAccount(shop)
	client, err := NewClient(base, "")
	n.must(err)
	t.Cleanup(client.Close)
	n.factory = NewFactory(client, Options{
		CallbackKey: func(account string) string { return "key-of-" + account },
		VerifyToken: func(account string) string { return "word-of-" + account },
		CallbackURL: func(key string) string { return "https://otp.example/callbacks/whatsapp/" + key },
		Receipts:    n.desk,
		Settings: func(context.Context, otpcore.ID) (Settings, error) {
			return *n.set.Load(), nil
		},
		Price: func(category, to string) otpcore.Money {
			if category != "authentication" || to != annas {
				return otpcore.Money{}
			}
			return otpcore.Money{Amount: "0.0189", Currency: "USD"}
		},
		Log: slog.New(slog.NewTextHandler(n.logs, coretest.Coarse())),
	})
	n.Connector = n.factory.Connect(otpcore.Bot{ID: "bot_a"}, credential(change), n.desk).(*Connector)
	return n
}

// falls sets when SMS takes over.
func (n *number) falls(after time.Duration) {
	n.set.Store(&Settings{TTL: 3 * time.Minute, FallbackAfter: after})
}

// run lets the connector run until the test ends.
func (n *number) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	n.Cleanup(func() {
		cancel()
		<-done
	})
}

func (n *number) must(err error) {
	n.Helper()
	if err != nil {
		n.Fatal(err)
	}
}

// ready runs the connector until its templates are there.
func (n *number) ready() *number {
	n.Helper()
	n.run()
	n.desk.until(n, "the templates", func() bool { return len(n.desk.states) > 0 })
	return n
}

func withCode(code string) otpcore.Outgoing {
	return otpcore.Outgoing{
		DeliveryID: "dlv_01kpx3q8e5f1ttgq0g7m9y2c4d", BotID: "bot_a", Phone: otpcore.NewPhone(annas, "KZ"), Locale: "ru",
		Message: otpcore.Message{Text: code + " is your code", Mono: []otpcore.Span{{Start: 0, End: len(code)}}},
	}
}

func refusal(t testing.TB, err error) *otpcore.SendError {
	t.Helper()
	e, ok := errors.AsType[*otpcore.SendError](err)
	if !ok {
		t.Fatalf("error is %v", err)
	}
	return e
}
