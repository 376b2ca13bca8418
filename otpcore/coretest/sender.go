package coretest

import (
	"context"
	"fmt"
	"sync"

	"otpravka/otpcore"
)

// SendFunc answers one Send. It is called without any lock held and may look
// at the outgoing message.
type SendFunc func(ctx context.Context, o otpcore.Outgoing) (otpcore.Accepted, error)

// Edited is one call of Edit.
type Edited struct {
	MessageID string
	Outgoing  otpcore.Outgoing
}

// Sender records messages in memory in place of passing them on. Unless told
// otherwise it accepts everything and numbers its messages "m1", "m2", …
type Sender struct {
	provider  string
	caps      otpcore.Capabilities
	confirmed []string

	mu      sync.Mutex
	script  []SendFunc
	always  SendFunc
	editErr error
	sent    []otpcore.Outgoing
	edits   []Edited
	gate    chan struct{} // nil while open
	changed chan struct{} // closed and replaced with every recorded call
}

var _ otpcore.Sender = (*Sender)(nil)

// NewSender returns a sender that calls itself provider.
func NewSender(provider string, caps otpcore.Capabilities) *Sender {
	return &Sender{provider: provider, caps: caps, changed: make(chan struct{})}
}

// Capabilities returns what NewSender or SetCapabilities was given.
func (s *Sender) Capabilities() otpcore.Capabilities {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.caps
}

// SetCapabilities changes what the sender says it can do.
func (s *Sender) SetCapabilities(caps otpcore.Capabilities) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.caps = caps
}

// Send records the message, waits while the sender is held, and answers by the
// next scripted function.
func (s *Sender) Send(ctx context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
	answer, gate := s.record(o)
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return otpcore.Accepted{}, s.lost(ctx)
		}
	}
	return answer(ctx, o)
}

func (s *Sender) record(o otpcore.Outgoing) (SendFunc, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, o)
	s.signal()
	if len(s.script) > 0 {
		answer := s.script[0]
		s.script = s.script[1:]
		return answer, s.gate
	}
	if s.always != nil {
		return s.always, s.gate
	}
	accepted := otpcore.Accepted{Provider: s.provider, MessageID: fmt.Sprintf("m%d", len(s.sent))}
	return func(context.Context, otpcore.Outgoing) (otpcore.Accepted, error) { return accepted, nil }, s.gate
}

func (s *Sender) signal() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Sender) lost(ctx context.Context) *otpcore.SendError {
	return &otpcore.SendError{
		Class: otpcore.ClassAmbiguous, Provider: s.provider,
		Message: "The provider did not answer in time.", Err: ctx.Err(),
	}
}

// Edit records the edit. A sender that can neither edit nor revoke answers
// unsupported.
func (s *Sender) Edit(_ context.Context, messageID string, o otpcore.Outgoing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.caps.CanEdit && !s.caps.CanRevoke {
		return &otpcore.SendError{
			Class: otpcore.ClassUnsupported, Provider: s.provider,
			Message: "This channel cannot change a sent message.",
		}
	}
	s.edits = append(s.edits, Edited{MessageID: messageID, Outgoing: o})
	s.signal()
	return s.editErr
}

// Confirm records the code that was typed.
func (s *Sender) Confirm(_ context.Context, messageID string, code otpcore.Code) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.confirmed = append(s.confirmed, messageID+" "+code.Reveal())
	s.signal()
	return nil
}

// AwaitConfirmed returns what was confirmed, each as a message's id and its
// code, once there are at least n.
func (s *Sender) AwaitConfirmed(n int) []string {
	s.wait(func() bool { return len(s.confirmed) >= n })
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.confirmed...)
}

// Script queues answers, one for each of the next sends. Sends beyond the
// queue are answered as before.
func (s *Sender) Script(answers ...SendFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, answers...)
}

// Always answers every send beyond the script; nil accepts again.
func (s *Sender) Always(answer SendFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = answer
}

// FailEdits answers every edit with err; nil accepts again.
func (s *Sender) FailEdits(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.editErr = err
}

// Hold keeps sends waiting after they are recorded, until release is called or
// their context ends. Releasing twice does no harm.
func (s *Sender) Hold() (release func()) {
	gate := make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = gate
	return sync.OnceFunc(func() {
		close(gate)
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.gate == gate {
			s.gate = nil
		}
	})
}

// Sent returns the messages so far, in the order of the calls.
func (s *Sender) Sent() []otpcore.Outgoing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]otpcore.Outgoing(nil), s.sent...)
}

// Edits returns the edits so far, in the order of the calls.
func (s *Sender) Edits() []Edited {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Edited(nil), s.edits...)
}

// Await returns the messages once there are at least n. It has no time limit
// of its own, because in a synctest bubble a limit would move the clock.
func (s *Sender) Await(n int) []otpcore.Outgoing {
	s.wait(func() bool { return len(s.sent) >= n })
	return s.Sent()
}

// AwaitEdits returns the edits once there are at least n.
func (s *Sender) AwaitEdits(n int) []Edited {
	s.wait(func() bool { return len(s.edits) >= n })
	return s.Edits()
}

func (s *Sender) wait(done func() bool) {
	for {
		s.mu.Lock()
		ok, changed := done(), s.changed
		s.mu.Unlock()
		if ok {
			return
		}
		<-changed
	}
}

// Accept answers with the message id.
func Accept(provider, messageID string) SendFunc {
	return func(context.Context, otpcore.Outgoing) (otpcore.Accepted, error) {
		return otpcore.Accepted{Provider: provider, MessageID: messageID}, nil
	}
}

// Refuse answers with the error.
func Refuse(e *otpcore.SendError) SendFunc {
	return func(context.Context, otpcore.Outgoing) (otpcore.Accepted, error) {
		return otpcore.Accepted{}, e
	}
}

// RefuseClass answers with an error of the class and a sentence about it.
func RefuseClass(class otpcore.ErrorClass) SendFunc {
	return Refuse(&otpcore.SendError{Class: class, Provider: "fake", Message: "The provider answered " + string(class) + "."})
}
