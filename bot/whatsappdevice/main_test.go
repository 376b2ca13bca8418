//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"otpravka/bot"
	"otpravka/internal/sim/whatsappsim"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// wa is the one WhatsApp of this process: the root key that clients trust is
// global. Tests keep apart by numbers of their own.
var (
	wa      *whatsappsim.Server
	numbers atomic.Int64
)

// world closes the simulator after the tests, before goroutines are counted.
type world struct{ m *testing.M }

func (w world) Run() int {
	defer wa.Close()
	return w.m.Run()
}

func TestMain(m *testing.M) {
	wa = whatsappsim.New(whatsappsim.Options{FewKeys: true})
	if _, err := wa.Listen(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// The library's reader stays behind for ever where a frame comes in while the
	// client disconnects: nobody takes the frame any more.
	goleak.VerifyTestMain(world{m}, goleak.IgnoreTopFunction("go.mau.fi/whatsmeow/socket.(*FrameSocket).frameComplete"))
}

// soon bounds a wait; the race detector makes keys slow.
func soon(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 30*time.Second)
	tb.Cleanup(cancel)
	return ctx
}

func newPhone(name string, change ...func(*whatsappsim.PhoneOptions)) *whatsappsim.Phone {
	opts := whatsappsim.PhoneOptions{Number: fmt.Sprintf("+7701%07d", numbers.Add(1)), Name: name}
	for _, c := range change {
		c(&opts)
	}
	return wa.NewPhone(opts)
}

// desk is a bot's connector with everything around it.
type desk struct {
	testing.TB
	keys    *Keys
	bot     otpcore.Bot
	pace    time.Duration
	server  TestServer
	vault   otpcore.Vault
	log     *slog.Logger
	owner   *whatsappsim.Phone
	changed chan struct{} // closed and replaced with each change of what is below

	mu       sync.Mutex
	heard    []bot.Inbound
	refusals int // of inputs that are still to be refused
	receipts []otpcore.Receipt
	states   []string
	is       bot.Identity

	*Connector
	stop func() error
	done <-chan error
}

// newDesk opens a database for keys and runs a connector that is not linked.
func newDesk(tb testing.TB) *desk {
	tb.Helper()
	return newLogged(tb, slog.New(slog.DiscardHandler))
}

// newLogged is newDesk with a log.
func newLogged(tb testing.TB, log *slog.Logger) *desk {
	tb.Helper()
	return newOver(tb, InFile(filepath.Join(tb.TempDir(), "whatsapp.db")), log)
}

// newOver is newDesk over the keys.
func newOver(tb testing.TB, keys *Keys, log *slog.Logger) *desk {
	tb.Helper()
	d := &desk{
		TB: tb, keys: keys, changed: make(chan struct{}), log: log,
		bot:   otpcore.Bot{ID: otpcore.NewID(otpcore.PrefixBot, time.Now()), BusinessID: "biz_shop", Kind: otpcore.BotWhatsAppDevice},
		vault: coretest.NewVault(), pace: time.Millisecond, server: testServer(tb),
	}
	tb.Cleanup(func() { d.must(d.keys.Close()) })
	tb.Cleanup(func() { d.halt() })
	d.begin()
	return d
}

// newLinked is a desk whose device is linked to a new phone and online.
func newLinked(tb testing.TB) *desk {
	tb.Helper()
	d := newDesk(tb)
	d.link(newPhone("Shop"))
	return d
}

// begin runs a new connector over the same keys.
func (d *desk) begin() {
	f := NewFactory(Options{
		Keys: d.keys, Vault: d.vault, Receipts: d.accept, TestServer: d.server, Pace: d.pace,
		Log: d.log,
	})
	d.Connector = f.Connect(d.bot, "", home{d}).(*Connector)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		for {
			err := d.Run(ctx)
			if _, fell := errors.AsType[*bot.Fall](err); err == nil || fell {
				done <- err
				return
			}
			select { // as the fleet does
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	d.done = done
	d.stop = sync.OnceValue(func() error { cancel(); return <-done })
}

// halt lets the client answer what came in, and stops the connector.
func (d *desk) halt() error {
	if d.owner != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		d.must(d.owner.WaitSettled(ctx))
	}
	return d.stop()
}

func testServer(tb testing.TB) TestServer {
	s, err := ParseTestServer(wa.TestServer())
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// link scans the QR code with the phone and waits until the device is online.
func (d *desk) link(owner *whatsappsim.Phone) {
	d.Helper()
	d.until("pairing")
	shown, err := d.Pair(soon(d), otpcore.PairRequest{})
	d.must(err)
	d.must(owner.Scan(soon(d), shown.QR.Reveal()))
	d.until("connected")
	d.owner = owner
}

// change does something under the lock and tells those who wait.
func (d *desk) change(do func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	do()
	close(d.changed)
	d.changed = make(chan struct{})
}

// await waits until the condition, which is asked under the lock, holds.
func (d *desk) await(what string, holds func() bool) {
	d.Helper()
	ctx := soon(d)
	for {
		d.mu.Lock()
		ok, changed := holds(), d.changed
		d.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			d.Fatalf("%s never came: states %v", what, d.states)
		}
	}
}

// until waits for the state to be the present one.
func (d *desk) until(state string) {
	d.Helper()
	d.await("state "+state, func() bool { return len(d.states) > 0 && d.states[len(d.states)-1] == state })
}

// hears waits for the next input and takes it.
func (d *desk) hears() bot.Inbound {
	d.Helper()
	var in bot.Inbound
	d.await("input", func() bool {
		if len(d.heard) == 0 {
			return false
		}
		in, d.heard = d.heard[0], d.heard[1:]
		return true
	})
	return in
}

// receipt waits for word about a delivery.
func (d *desk) receipt(of otpcore.ID, status otpcore.DeliveryStatus) {
	d.Helper()
	d.await("receipt "+string(status), func() bool {
		for _, r := range d.receipts {
			if r.Reference == of && r.Status == status && r.BotID == d.bot.ID && r.Provider == provider && r.MessageID == messageID(of) {
				return true
			}
		}
		return false
	})
}

func (d *desk) accept(_ context.Context, rs []otpcore.Receipt) error {
	d.change(func() { d.receipts = append(d.receipts, rs...) })
	return nil
}

// home takes what the connector tells.
type home struct{ d *desk }

var errFull = errors.New("database full")

func (h home) Apply(_ context.Context, in bot.Inbound) (err error) {
	h.d.change(func() {
		if h.d.refusals > 0 {
			h.d.refusals--
			err = errFull
			return
		}
		h.d.heard = append(h.d.heard, in)
	})
	return err
}

func (home) Offset(context.Context) (int64, error) { return 0, nil }
func (h home) Connected(context.Context)           { h.note("connected") }
func (h home) Fell(fall *bot.Fall)                 { h.note(string(fall.State)) }
func (h home) Stands(_ context.Context, state otpcore.BotState, text string) {
	if text == "" {
		h.d.Errorf("state %s has no sentence", state)
	}
	h.note(string(state))
}
func (h home) Known(_ context.Context, is bot.Identity) { h.d.change(func() { h.d.is = is }) }

func (h home) note(state string) {
	h.d.change(func() { h.d.states = append(h.d.states, state) })
}

// to is a message to a phone.
func to(p *whatsappsim.Phone, text string) otpcore.Outgoing {
	return otpcore.Outgoing{
		DeliveryID: otpcore.NewID(otpcore.PrefixDelivery, time.Now()), Chat: p.Number() + "@s.whatsapp.net",
		Message: otpcore.Message{Text: text},
	}
}

// sends sends a message that has to be accepted.
func (d *desk) sends(o otpcore.Outgoing) {
	d.Helper()
	accepted, err := d.Send(soon(d), o)
	d.must(err)
	if accepted.Provider != provider || accepted.MessageID != messageID(o.DeliveryID) {
		d.Errorf("accepted as %+v", accepted)
	}
}

// refusal sends a message that has to be refused.
func (d *desk) refusal(o otpcore.Outgoing) *otpcore.SendError {
	d.Helper()
	_, err := d.Send(soon(d), o)
	e, ok := errors.AsType[*otpcore.SendError](err)
	if !ok {
		d.Fatalf("sent, or refused by %v", err)
	}
	return e
}

func (d *desk) shows(p *whatsappsim.Phone, text string) whatsappsim.Message {
	d.Helper()
	m, err := p.WaitMessage(soon(d), func(m whatsappsim.Message) bool { return m.Text == text })
	if err != nil {
		d.Fatalf("%s never showed %q: %v", p, text, err)
	}
	return m
}

func (d *desk) writes(from *whatsappsim.Phone, text string) {
	d.Helper()
	_, err := from.Write(d.owner, text)
	d.must(err)
}

// stopped waits for the connector to end by itself.
func (d *desk) stopped() error {
	d.Helper()
	select {
	case err := <-d.done:
		d.stop = func() error { return nil }
		return err
	case <-soon(d).Done():
		d.Fatal("the connector goes on")
		return nil
	}
}

func fallOf(err error) *bot.Fall {
	fall, _ := errors.AsType[*bot.Fall](err)
	return fall
}
