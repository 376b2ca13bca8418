package otpcore

import (
	"context"
	"regexp"
	"time"
)

// Trial numbers make a test start end in a chosen way. Every other number
// behaves like TrialDelivered.
const (
	TrialDelivered = "+15005550001" // the first channel takes the message
	TrialBlocked   = "+15005550002" // the chat blocked the bot: next channel at once
	TrialUnlinked  = "+15005550003" // the phone has no chat: SMS, or waiting for a link
	TrialDead      = "+15005550004" // every channel refuses: the verification fails
	TrialThrottled = "+15005550005" // the chat asks to wait longer than the code lives: next channel
	TrialNoAnswer  = "+15005550006" // no answer is read: one repeat, then the next channel
	TrialPaused    = "+15005550007" // the start answers phone_paused
	TrialLocked    = "+15005550008" // the start answers phone_locked
)

// trialForm is the form of trial numbers. The ones that have no name yet are
// kept for more ways to end.
var trialForm = regexp.MustCompile(`^\+1500555[0-9]{4}$`)

// trials wraps the carriers with a built-in sender for test mode, so that a
// trial runs the real state machine and never leaves the process.
type trials struct{ Carriers }

// Way answers that every channel is there.
func (t trials) Way(business ID, mode Mode, ch Channel, region string) Way {
	if mode != Test {
		return t.Carriers.Way(business, mode, ch, region)
	}
	if ch == WhatsApp {
		return Way{Channel: ch, Reason: "Trials run over telegram and sms."}
	}
	return Way{Channel: ch, Capabilities: trialSender{ch}.Capabilities()}
}

// Sender returns the built-in sender for trials.
func (t trials) Sender(dlv *Delivery, region string) (Sender, error) {
	if dlv.Mode == Test {
		return trialSender{dlv.Channel}, nil
	}
	return t.Carriers.Sender(dlv, region)
}

type trialSender struct{ channel Channel }

// Capabilities are those of the real channel.
func (t trialSender) Capabilities() Capabilities {
	chat := t.channel.IsChat()
	return Capabilities{CanEdit: chat, CanButton: chat, FreeText: true}
}

// Send does what the number stands for.
func (t trialSender) Send(_ context.Context, o Outgoing) (Accepted, error) {
	refusal := func(class ErrorClass, text string) (Accepted, error) {
		return Accepted{}, &SendError{Class: class, Provider: "trial", Message: text}
	}
	chat := t.channel.IsChat()
	switch number := o.Phone.E164(); {
	case number == TrialDead:
		return refusal(ClassUnreachable, "The trial number cannot be reached.")
	case number == TrialBlocked && chat:
		return refusal(ClassBlocked, "The trial number has blocked the bot.")
	case number == TrialThrottled && chat:
		return Accepted{}, &SendError{Class: ClassThrottled, RetryAfter: time.Hour, Provider: "trial", Message: "The trial number is busy for an hour."}
	case number == TrialNoAnswer && chat:
		return refusal(ClassAmbiguous, "The trial number gave no answer.")
	}
	return Accepted{Provider: "trial", MessageID: "trial-" + string(o.DeliveryID)}, nil
}

// Edit succeeds: there is no message to change.
func (t trialSender) Edit(context.Context, string, Outgoing) error { return nil }

// trialStart refuses the starts that stand for a refusal.
func trialStart(phone Phone) error {
	switch phone.E164() {
	case TrialPaused:
		return limited("phone_paused", time.Hour, "This trial number stands for a user who asked not to get codes for a while.")
	case TrialLocked:
		return limited("phone_locked", 30*time.Minute, "This trial number stands for a phone with too many wrong codes.")
	}
	return nil
}

// trialLink is the link that every trial number has but the one that stands
// for a phone without.
func (d *desk) trialLink(at Place, sealed SealedPhone) *Link {
	phone, err := d.openPhone(at, sealed)
	if err != nil || phone.E164() == TrialUnlinked {
		return nil
	}
	return &Link{Status: LinkActive, Proof: ProofSMS}
}
