//go:build !nowhatsmeow

package whatsappdevice

import (
	"strconv"
	"testing"

	"go.mau.fi/whatsmeow/store"

	"otpravka/internal/sim/fault"
)

// announced is the revision with which the account logged in last.
func (d *desk) announced() string {
	logins := wa.Calls("login")
	for i := range logins {
		if c := logins[len(logins)-1-i]; c.Target == d.owner.Number() {
			return c.Params["revision"]
		}
	}
	return ""
}

// TestVersionIsAskedFor: the one that the library was made for ages, so devices
// say that they are what WhatsApp names, and ask again when that is refused.
func TestVersionIsAskedFor(t *testing.T) {
	built := store.GetWAVersion()[2]
	first, second := built+1, built+2
	t.Cleanup(func() { wa.SetRevision(0) })
	wa.SetRevision(first)
	d := newLinked(t)
	if got := d.announced(); got != strconv.Itoa(int(first)) {
		t.Errorf("announced %s, want %d", got, first)
	}
	wa.SetRevision(second)
	wa.Fail(fault.Rule{Method: "login", Target: d.owner.Number(), Status: 405})
	d.change(func() { d.states = nil })
	wa.Cut()
	d.until("connected")
	if got := d.announced(); got != strconv.Itoa(int(second)) {
		t.Errorf("announced %s, want %d", got, second)
	}

	age, err := CheckVersion(t.Context(), testServer(t))
	if err != nil || age.Behind != 2 || age.Latest != "2.3000."+strconv.Itoa(int(second)) {
		t.Errorf("age is %+v, %v", age, err)
	}
	wa.SetRevision(0)
	if _, err := CheckVersion(t.Context(), testServer(t)); err != errNoVersion {
		t.Errorf("nobody tells: %v", err)
	}
}
