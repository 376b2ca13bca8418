package coretest

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"otpravka/otpcore"
)

// WireHarness tells TestWireSender how to speak with a sender that keeps a
// connection to its provider and so is not held by single HTTP answers.
type WireHarness struct {
	// New returns a sender that is connected. t.Cleanup closes what it leaves open.
	New func(t testing.TB, log *slog.Logger) otpcore.Sender
	// Outgoing is a message to somebody to whom nothing was sent before, whose phone
	// is named. Its code is marked in Message.Mono.
	Outgoing func() otpcore.Outgoing
	// Copies is how many messages the recipient sees, once what is on its way has
	// arrived.
	Copies func(o otpcore.Outgoing) int
	// Mute makes the provider take the next message to the recipient without a word.
	Mute func(o otpcore.Outgoing)
	// Refuse makes it refuse the next message to the recipient, for a reason that
	// does not pass.
	Refuse func(o otpcore.Outgoing)
	// Cut ends the sender's connection, for good.
	Cut func(s otpcore.Sender)
}

// TestWireSender holds such a sender to what otpcore.Sender promises.
func TestWireSender(t *testing.T, h WireHarness) {
	t.Helper()
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for _, part := range []struct {
		name string
		run  func(*wireTrial)
	}{
		{"accepted", wireAccepted},
		{"refused", wireRefused},
		{"nothing was written", wireNotWritten},
		{"written without an answer", wireNoAnswer},
		{"concurrent sends", wireConcurrent},
		{"edit", wireEdit},
	} {
		t.Run(part.name, func(t *testing.T) {
			w := &wireTrial{trial: trial{TB: t, logs: new(lockedBuffer)}, wire: h}
			w.sender = h.New(t, NewLog(w.logs))
			w.h.Outgoing = h.Outgoing()
			part.run(w)
			w.checkLeaks(nil)
		})
	}
}

// wireTrial is a trial whose provider is no HTTP server.
type wireTrial struct {
	trial
	wire WireHarness
}

// seen checks how many messages the recipient sees.
func (w *wireTrial) seen(o otpcore.Outgoing, want int) {
	w.Helper()
	if n := w.wire.Copies(o); n != want {
		w.Errorf("the recipient sees %d messages, want %d", n, want)
	}
}

func wireAccepted(w *wireTrial) {
	got := w.send(w.Context())
	if got.err != nil || got.accepted.MessageID == "" || got.accepted.Provider == "" {
		w.Fatalf("accepted as %+v, error %v", got.accepted, got.err)
	}
	w.seen(w.h.Outgoing, 1)
}

func wireRefused(w *wireTrial) {
	w.wire.Refuse(w.h.Outgoing)
	if e := w.refused(w.send(w.Context()).err); e.Class == otpcore.ClassAmbiguous || e.Temporary() {
		w.Errorf("class is %s, but the refusal is definite", e.Class)
	}
	w.seen(w.h.Outgoing, 0)
}

func wireNotWritten(w *wireTrial) {
	over, cancel := context.WithCancel(w.Context())
	cancel()
	checkDown(&w.trial, w.send(over))
	w.wire.Cut(w.sender)
	checkDown(&w.trial, w.send(w.Context()))
	w.seen(w.h.Outgoing, 0)
}

// wireNoAnswer also repeats the send, as the domain does once: where the sender
// vouches for that, the recipient sees one message.
func wireNoAnswer(w *wireTrial) {
	w.wire.Mute(w.h.Outgoing)
	ctx, cancel := context.WithTimeout(w.Context(), time.Second)
	defer cancel()
	checkAmbiguous(&w.trial, w.send(ctx))
	if got := w.send(w.Context()); got.err != nil {
		w.Errorf("the repeat: %v", got.err)
	}
	w.seen(w.h.Outgoing, 1)
}

func wireConcurrent(w *wireTrial) {
	const senders = 8
	messages := make([]otpcore.Outgoing, senders)
	ids := make([]string, senders)
	var group sync.WaitGroup
	for i := range messages {
		messages[i] = w.wire.Outgoing()
		group.Go(func() {
			accepted, err := w.sender.Send(w.Context(), messages[i])
			if err != nil {
				w.Errorf("send: %v", err)
			}
			ids[i] = accepted.MessageID
		})
	}
	group.Wait()
	distinct := make(map[string]bool)
	for i, o := range messages {
		w.seen(o, 1)
		distinct[ids[i]] = true
	}
	if len(distinct) != senders {
		w.Errorf("%d messages have %d ids", senders, len(distinct))
	}
}

func wireEdit(w *wireTrial) {
	got := w.send(w.Context())
	if got.err != nil {
		w.Fatal(got.err)
	}
	edit := w.h.Outgoing
	edit.DeliveryID = otpcore.NewID(otpcore.PrefixDelivery, time.Now())
	err := w.sender.Edit(w.Context(), got.accepted.MessageID, edit)
	if can := w.sender.Capabilities(); !can.CanEdit && !can.CanRevoke {
		if e := w.refused(err); e.Class != otpcore.ClassUnsupported {
			w.Errorf("class is %s, want unsupported", e.Class)
		}
	} else if err != nil {
		w.Errorf("edit: %v", err)
	}
	w.seen(w.h.Outgoing, 1)
}
