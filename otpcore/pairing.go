package otpcore

import (
	"fmt"
	"log/slog"
	"time"
)

// PairingStatus is how far the linking of a device to a phone has come.
type PairingStatus string

// The states of a pairing.
const (
	PairingNone     PairingStatus = "none"     // nobody is at it
	PairingStarting PairingStatus = "starting" // the chat network was asked for a code
	PairingWaiting  PairingStatus = "waiting"  // a code is shown
	PairingLinking  PairingStatus = "linking"  // the phone has agreed
	PairingDone     PairingStatus = "paired"
	PairingExpired  PairingStatus = "expired"          // nobody came in time
	PairingPasskey  PairingStatus = "passkey_required" // the account wants what only the chat network's own programs have
	PairingFailed   PairingStatus = "failed"
)

// Running reports whether more is to come by itself.
func (s PairingStatus) Running() bool {
	return s == PairingStarting || s == PairingWaiting || s == PairingLinking
}

// Pairing is what somebody who links a device to a phone is shown.
type Pairing struct {
	BotID     ID
	Status    PairingStatus
	Detail    string        // one sentence: what to do, or what went wrong
	QR        PairingSecret // text of the code to scan; replaced by another when it expires
	Letters   PairingSecret // to type into the phone, where a number was named
	ExpiresAt time.Time     // of the code that is shown
}

// PairRequest asks to link a device.
type PairRequest struct {
	Phone Phone // zero: by QR code; else by letters that are typed into this phone
}

// PairingSecret is a code that links whoever has it to the account. It prints as
// dots; it lies behind a pointer for the reason that Code does.
type PairingSecret struct{ text *string }

// NewPairingSecret wraps a code.
func NewPairingSecret(text string) PairingSecret { return PairingSecret{&text} }

// Reveal returns the code, for the one who links the device.
func (s PairingSecret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is none.
func (s PairingSecret) IsZero() bool { return s.Reveal() == "" }

// Format hides the code under every verb.
func (s PairingSecret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("•••")) }

// LogValue hides the code in structured logs.
func (s PairingSecret) LogValue() slog.Value { return slog.StringValue("•••") }
