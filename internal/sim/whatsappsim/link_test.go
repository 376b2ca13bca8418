//go:build !nowhatsmeow

package whatsappsim_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/types/events"

	"otpravka/internal/sim/whatsappsim"
)

func TestLinkByQR(t *testing.T) {
	shop, anna := newPhone("Shop"), newPhone("Anna")
	d := newDesk(t)
	d.connect()
	codes := wait[*events.QR](d).Codes
	if len(codes) != 6 {
		t.Fatalf("%d codes", len(codes))
	}
	if err := shop.Scan(soon(t), "2@unknown,AAAA,AAAA,AAAA"); !errors.Is(err, whatsappsim.ErrBadCode) {
		t.Errorf("unknown code: %v", err)
	}
	if err := shop.Scan(soon(t), "https://wa.me/settings/linked_devices#"+codes[1]+",1"); err != nil {
		t.Fatal(err)
	}
	if got := wait[*events.PairSuccess](d); got.ID.User != shop.Number() || got.LID.User != shop.LID() || got.BusinessName != "Shop" {
		t.Errorf("paired %v, %v, %q", got.ID, got.LID, got.BusinessName)
	}
	wait[*events.Connected](d)
	if !shop.Online() || !slices.Equal(shop.Devices(), []int{1}) {
		t.Errorf("devices %v, online %t", shop.Devices(), shop.Online())
	}

	// The same device logs in from its database.
	d.Disconnect()
	again := openDesk(t, d.path)
	again.connect()
	wait[*events.Connected](again)
	again.say(anna, "after a restart")
	shows(t, anna, "after a restart")
}

func TestLinkByCode(t *testing.T) {
	shop := newPhone("Shop")
	d := newDesk(t)
	d.connect()
	wait[*events.QR](d)
	code, err := d.PairPhone(soon(t), shop.Number(), true, whatsmeow.PairClientChrome, "Chrome (Linux)")
	if err != nil {
		t.Fatal(err)
	}
	if err := shop.TypeCode(soon(t), code); err != nil {
		t.Fatal(err)
	}
	wait[*events.Connected](d)
	if got := d.Store.ID.User; got != shop.Number() {
		t.Errorf("linked to %s", got)
	}
}

func TestWrongCode(t *testing.T) {
	shop := newPhone("Shop")
	d := newDesk(t)
	d.connect()
	wait[*events.QR](d)
	if _, err := d.PairPhone(soon(t), shop.Number(), true, whatsmeow.PairClientChrome, "Chrome (Linux)"); err != nil {
		t.Fatal(err)
	}
	if err := shop.TypeCode(soon(t), "ABCD-EFGH"); !errors.Is(err, whatsappsim.ErrBadCode) {
		t.Errorf("wrong code: %v", err)
	}
	if len(shop.Devices()) != 0 || d.Store.ID != nil {
		t.Error("linked by a wrong code")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newPhone("Nobody").TypeCode(gone, "ABCD-EFGH"); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody asks: %v", err)
	}
}

func TestDeviceUnlinksItself(t *testing.T) {
	shop := newPhone("Shop")
	d := newLinked(t, shop)
	if err := d.Logout(soon(t)); err != nil {
		t.Fatal(err)
	}
	if len(shop.Devices()) != 0 {
		t.Errorf("devices %v", shop.Devices())
	}
}

func TestPhoneUnlinks(t *testing.T) {
	shop := newPhone("Shop")
	d := newLinked(t, shop)
	shop.Unlink()
	if got := wait[*events.LoggedOut](d); got.OnConnect {
		t.Errorf("logged out on connect: %v", got.Reason)
	}
	if len(shop.Devices()) != 0 {
		t.Errorf("devices %v", shop.Devices())
	}
}

func TestReplaced(t *testing.T) {
	shop := newPhone("Shop")
	first := newLinked(t, shop)
	second := openDesk(t, first.path)
	second.connect()
	wait[*events.Connected](second)
	wait[*events.StreamReplaced](first)
	if !shop.Online() {
		t.Error("the newer connection is gone too")
	}
}
