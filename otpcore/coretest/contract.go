package coretest

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"otpravka/otpcore"
)

// SenderHarness tells TestSender how to speak with one kind of sender.
type SenderHarness struct {
	// New returns a fresh sender whose provider listens at base, a URL without
	// trailing slash. Its own time limits must not end a call within a few
	// seconds, and t.Cleanup must close what it leaves open.
	New func(t testing.TB, base string, log *slog.Logger) otpcore.Sender

	// Outgoing is a message that the sender can carry. Its code is marked in
	// Message.Mono; it has a Phone or a Chat, whatever the channel needs.
	Outgoing otpcore.Outgoing

	// Accept answers one request like the provider that takes a message, and
	// MessageID is what the sender makes of the answer. It also answers calls
	// that are no sends, if the sender makes some.
	Accept    http.HandlerFunc
	MessageID string

	// Refuse answers one request with the provider's own error format.
	Refuse func(w http.ResponseWriter, refusal Refusal)

	// Credentials are what New gave the sender and what must not leak.
	Credentials []string

	// Classes names the class of an error status where it is not the common
	// one: auth for 401 and 403, throttled for 429, provider_down for 5xx. A
	// status that is missing from both may have any class that tells of a
	// definite refusal.
	Classes map[int]otpcore.ErrorClass
}

// Refusal is an error answer that the contract asks of a provider.
type Refusal struct {
	Status     int
	Text       string        // for people, wherever the format has a place for it
	RetryAfter time.Duration // with 429; zero: the provider does not say
}

// TestSender holds a sender to what otpcore.Sender promises, over real HTTP
// with a provider that misbehaves in every way networks and providers do.
func TestSender(t *testing.T, h SenderHarness) {
	t.Helper()
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, part := range []struct {
		name string
		run  func(*testing.T, SenderHarness)
	}{
		{"accepted", testAccepted},
		{"every status", testStatuses},
		{"throttled", testThrottled},
		{"unreadable answers", testUnreadable},
		{"nothing was written", testNotWritten},
		{"written without an answer", testNoAnswer},
		{"no repeat on a used connection", testNoRepeat},
		{"echo leaks nothing", testEcho},
		{"concurrent sends", testConcurrent},
		{"edit", testEdit},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, h) })
	}
}
