//go:build !nowhatsmeow

package whatsappdevice

import (
	"strings"
	"testing"
	"time"
)

// age moves what is stored of the phone's signs, and of messages that asked for one,
// into the past.
func (d *desk) age(signed, asked time.Duration) {
	d.Helper()
	for query, ago := range map[string]time.Duration{
		`UPDATE otpravka_phones SET signed_at = $1`: signed, `UPDATE otpravka_sent SET sent_at = $1`: asked,
	} {
		_, err := d.keys.db.Exec(query, time.Now().Add(-ago).UnixMilli())
		d.must(err)
	}
}

// TestSilentPhoneIsWarnedOf: the owner has two days to open WhatsApp on the phone.
func TestSilentPhoneIsWarnedOf(t *testing.T) {
	const day = 24 * time.Hour
	d := newLinked(t)
	anna := newPhone("Anna")
	d.owner.SwitchOff()
	d.sends(to(anna, "hello"))
	since := func() time.Time {
		t.Helper()
		at, err := d.keys.silentSince(t.Context(), d.bot.ID, time.Now())
		d.must(err)
		return at
	}
	for _, tt := range []struct {
		name          string
		signed, asked time.Duration
		silent        bool
	}{
		{"a sign today", time.Hour, 0, false},
		{"eleven days", 11 * day, 10 * day, false},
		{"twelve days", 12*day + time.Hour, 10 * day, true},
		{"twelve days, nobody asked", 12*day + time.Hour, 13 * day, false},
		{"twelve days, asked just now", 12*day + time.Hour, time.Hour, false},
	} {
		d.age(tt.signed, tt.asked)
		if got := since(); got.IsZero() == tt.silent {
			t.Errorf("%s: silent since %v", tt.name, got)
		}
	}
	d.age(13*day, 2*day)
	d.look(t.Context(), d.live.Load(), time.Now())
	d.until("phone_silent")
	if text := silentPhoneText(since()); !strings.Contains(text, "Open WhatsApp on it") {
		t.Errorf("says %q", text)
	}
	d.sends(to(anna, "the device still works"))
	d.shows(anna, "the device still works")
	d.signed.Store(0) // the sign of the pairing is younger than an hour
	d.states = nil
	d.owner.SwitchOn() // and confirms what the device has sent in its name
	d.until("connected")
	if got := since(); !got.IsZero() {
		t.Errorf("after a sign: silent since %v", got)
	}
}
