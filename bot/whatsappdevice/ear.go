//go:build !nowhatsmeow

package whatsappdevice

import waLog "go.mau.fi/whatsmeow/util/log"

// passkeyRequest is the notification by which WhatsApp asks for a passkey. The
// version of the library that this package stands on does not know it and says so in
// its log; newer ones tell of it as an event, PairPasskeyRequest.
const passkeyRequest = "passkey_prologue_request"

// passkeyAsked is what comes of it on the session's events.
type passkeyAsked struct{}

// ear is what the library logs to. It keeps nothing, since the library quotes phone
// numbers, and hears of the one notification.
type ear struct{ heard func() }

var _ waLog.Logger = ear{}

// Debugf gets the types of notifications that nobody handles.
func (e ear) Debugf(_ string, args ...any) {
	if len(args) == 1 && args[0] == passkeyRequest {
		e.heard()
	}
}

// Infof drops the line.
func (ear) Infof(string, ...any) {}

// Warnf drops the line.
func (ear) Warnf(string, ...any) {}

// Errorf drops the line.
func (ear) Errorf(string, ...any) {}

// Sub drops what parts of the library say.
func (ear) Sub(string) waLog.Logger { return waLog.Noop }
