//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mau.fi/whatsmeow/types/events"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/whatsappsim"
	"otpravka/otpcore"
)

func TestPairByQR(t *testing.T) {
	d := newDesk(t)
	d.until("pairing")
	if e := d.refusal(to(newPhone("Anna"), "hello")); e.Class != otpcore.ClassProviderDown {
		t.Errorf("a device that is not linked sends: %v", e)
	}
	shop := newPhone("Book House")
	shown, err := d.Pair(soon(t), otpcore.PairRequest{})
	d.must(err)
	if shown.Status != otpcore.PairingWaiting || shown.QR.IsZero() || !shown.Letters.IsZero() || shown.ExpiresAt.IsZero() || shown.Detail == "" {
		t.Fatalf("shown is %+v", shown)
	}
	d.must(shop.Scan(soon(t), shown.QR.Reveal()))
	d.until("connected")
	if now, _ := d.Pairing(); now.Status != otpcore.PairingDone || !now.QR.IsZero() {
		t.Errorf("after it is shown %+v", now)
	}
	d.owner = shop
	if d.is.Username != shop.Number() || d.is.Name != "Book House" {
		t.Errorf("the account is known as %+v", d.is)
	}
	if _, err := d.Pair(soon(t), otpcore.PairRequest{}); otpcore.CodeOf(err) != "already_paired" {
		t.Errorf("pairing a linked device: %v", err)
	}
}

func TestPairByLetters(t *testing.T) {
	d := newDesk(t)
	d.until("pairing")
	shop := newPhone("Shop")
	shown, err := d.Pair(soon(t), otpcore.PairRequest{Phone: otpcore.NewPhone("+"+shop.Number(), "KZ")})
	d.must(err)
	if shown.Status != otpcore.PairingWaiting || shown.Letters.IsZero() || !shown.QR.IsZero() {
		t.Fatalf("shown is %+v", shown)
	}
	d.must(shop.TypeCode(soon(t), shown.Letters.Reveal()))
	d.until("connected")
	d.owner = shop
}

// TestAccountThatWantsAPasskey is told at once, by either way of linking, and
// another number can be linked in its place.
func TestAccountThatWantsAPasskey(t *testing.T) {
	d := newDesk(t)
	d.until("pairing")
	shop := newPhone("Shop")
	shop.DemandPasskey(true)
	shown, err := d.Pair(soon(t), otpcore.PairRequest{})
	d.must(err)
	if err := shop.Scan(soon(t), shown.QR.Reveal()); !errors.Is(err, whatsappsim.ErrPasskey) {
		t.Fatalf("linked all the same: %v", err)
	}
	d.until("passkey_required")
	if now, _ := d.Pairing(); now.Status != otpcore.PairingPasskey || !strings.Contains(now.Detail, "passkey") || !now.QR.IsZero() {
		t.Errorf("shown is %+v", now)
	}
	shown, err = d.Pair(soon(t), otpcore.PairRequest{Phone: otpcore.NewPhone("+"+shop.Number(), "KZ")})
	d.must(err)
	if err := shop.TypeCode(soon(t), shown.Letters.Reveal()); !errors.Is(err, whatsappsim.ErrPasskey) {
		t.Fatalf("linked all the same: %v", err)
	}
	for now, changed := d.Pairing(); now.Status != otpcore.PairingPasskey; now, changed = d.Pairing() {
		<-changed
	}
	d.must(d.halt())
	d.states = nil
	d.begin()
	d.until("passkey_required") // it is not forgotten over a restart
	other := newPhone("Other")
	shown, err = d.Pair(soon(t), otpcore.PairRequest{})
	d.must(err)
	d.must(other.Scan(soon(t), shown.QR.Reveal()))
	d.until("connected")
	d.owner = other
}

func TestAnotherOrderBeginsAnew(t *testing.T) {
	d := newDesk(t)
	d.until("pairing")
	first, err := d.Pair(soon(t), otpcore.PairRequest{})
	d.must(err)
	second, err := d.Pair(soon(t), otpcore.PairRequest{})
	d.must(err)
	if first.QR.Reveal() == second.QR.Reveal() {
		t.Fatal("both show the same code")
	}
	shop := newPhone("Shop")
	d.must(shop.Scan(soon(t), second.QR.Reveal()))
	d.until("connected")
	d.owner = shop
}

// TestNoOtherOrderOnceThePhoneAgreed: the phone lists the device by then. To begin
// anew would leave it there, with keys that nobody uses.
func TestNoOtherOrderOnceThePhoneAgreed(t *testing.T) {
	d := newDesk(t)
	d.until("pairing")
	shop := newPhone("Shop")
	wa.Fail(fault.Rule{Method: "linked", Target: shop.Number(), Delay: 3 * time.Second})
	shown, err := d.Pair(soon(t), otpcore.PairRequest{})
	d.must(err)
	scanned, within := make(chan error, 1), soon(t)
	go func() { scanned <- shop.Scan(within, shown.QR.Reveal()) }()
	for now, changed := d.Pairing(); now.Status != otpcore.PairingLinking; now, changed = d.Pairing() {
		<-changed
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if again, err := d.Pair(ctx, otpcore.PairRequest{}); err == nil {
		t.Errorf("begun anew: %+v", again)
	}
	d.must(<-scanned)
	d.until("connected")
	d.owner = shop
	if n := len(shop.Devices()); n != 1 {
		t.Errorf("the phone lists %d devices", n)
	}
}

// TestPairingEndsWhereTheDeviceIsNotLetIn: whoever watches it must not wait for ever.
func TestPairingEndsWhereTheDeviceIsNotLetIn(t *testing.T) {
	d := newDesk(t)
	d.until("pairing")
	shop := newPhone("Shop")
	wa.Fail(fault.Rule{Method: "login", Target: shop.Number(), Status: 401})
	shown, err := d.Pair(soon(t), otpcore.PairRequest{})
	d.must(err)
	d.must(shop.Scan(soon(t), shown.QR.Reveal()))
	d.until("logged_out")
	if now, _ := d.Pairing(); now.Status != otpcore.PairingFailed || now.Detail == "" {
		t.Errorf("shown is %+v", now)
	}
}

// TestPairingEndsWithItsRun: a code of a connection that is gone links nothing.
func TestPairingEndsWithItsRun(t *testing.T) {
	d := newDesk(t)
	d.until("pairing")
	_, err := d.Pair(soon(t), otpcore.PairRequest{})
	d.must(err)
	d.must(d.halt()) // as when the lease is lost
	if now, _ := d.Pairing(); now.Status.Running() || !now.QR.IsZero() {
		t.Errorf("shown is %+v", now)
	}
}

func TestDeviceComesBackAfterARestart(t *testing.T) {
	d := newLinked(t)
	d.must(d.halt())
	d.must(d.owner.WaitOffline(soon(t)))
	d.states = nil
	d.begin()
	d.until("connected")
	if slices.Contains(d.states, "pairing") {
		t.Errorf("states are %v", d.states)
	}
	anna := newPhone("Anna")
	d.sends(to(anna, "back again"))
	d.shows(anna, "back again")
}

func TestRemovedBotLeavesNothing(t *testing.T) {
	d := newLinked(t)
	anna := newPhone("Anna")
	d.writes(anna, "hello, shop")
	d.hears()
	d.sends(to(anna, "482913"))
	d.must(d.halt())
	d.must(d.Forget(soon(t)))
	if n := d.owner.Devices(); len(n) != 0 {
		t.Errorf("the phone shows devices %v", n)
	}
	rows, err := d.keys.db.QueryContext(t.Context(), "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%version'")
	d.must(err)
	var tables []string
	for rows.Next() {
		var table string
		d.must(rows.Scan(&table))
		tables = append(tables, table)
	}
	d.must(errors.Join(rows.Err(), rows.Close()))
	if len(tables) < 15 {
		t.Fatalf("tables are %v", tables)
	}
	for _, table := range tables {
		var n int
		d.must(d.keys.db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
		if n != 0 {
			t.Errorf("%s has %d rows", table, n)
		}
	}
}

// A connection that breaks after the phone has agreed takes nothing back: the
// phone lists the device, and forgetting it would leave it there for ever.
func TestBreakAfterThePhoneAgreedKeepsTheDevice(t *testing.T) {
	breaks := map[string]any{
		"stream error": &events.StreamError{Code: "503"}, "disconnected": &events.Disconnected{},
		"login refused": &events.ConnectFailure{Reason: events.ConnectFailureServiceUnavailable}, "silence": nil,
	}
	for name, event := range breaks {
		t.Run(name, func(t *testing.T) {
			c := new(Connector)
			c.pairing.init("bot_1")
			w := &wizard{c: c, timer: time.NewTimer(time.Hour)}
			defer w.timer.Stop()
			if done, err := w.follow(t.Context(), &events.PairSuccess{}); done || err != nil {
				t.Fatalf("after the phone has agreed: done %v, %v", done, err)
			}
			done := event == nil && !w.next()
			if event != nil {
				done, _ = w.follow(t.Context(), event)
			}
			if now, _ := c.Pairing(); !done || w.failed || now.Status != otpcore.PairingLinking {
				t.Errorf("done %v, taken back %v, shown %+v", done, w.failed, now)
			}
		})
	}
}
