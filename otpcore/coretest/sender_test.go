package coretest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"otpravka/otpcore"
)

func TestSenderFollowsItsScript(t *testing.T) {
	s := NewSender("fake", otpcore.Capabilities{})
	s.Script(RefuseClass(otpcore.ClassBlocked), Accept("other", "x1"))
	if _, err := s.Send(t.Context(), otpcore.Outgoing{}); classOf(err) != otpcore.ClassBlocked {
		t.Errorf("first send: %v", err)
	}
	for i, want := range []string{"x1", "m3"} {
		if got, err := s.Send(t.Context(), otpcore.Outgoing{}); err != nil || got.MessageID != want {
			t.Errorf("send %d: id %q, %v, want %q", i+2, got.MessageID, err, want)
		}
	}
	s.Always(RefuseClass(otpcore.ClassAuth))
	if _, err := s.Send(t.Context(), otpcore.Outgoing{}); classOf(err) != otpcore.ClassAuth {
		t.Errorf("send after Always: %v", err)
	}
	if err := s.Edit(t.Context(), "x1", otpcore.Outgoing{}); classOf(err) != otpcore.ClassUnsupported {
		t.Errorf("edit without CanEdit: %v", err)
	}
}

func TestSenderHoldsUntilReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSender("fake", otpcore.Capabilities{})
		release := s.Hold()
		done := make(chan error, 2)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _, err := s.Send(ctx, otpcore.Outgoing{DeliveryID: "dlv_1"}); done <- err }()
		if got := s.Await(1); got[0].DeliveryID != "dlv_1" {
			t.Errorf("recorded %v", got[0].DeliveryID)
		}
		cancel()
		if err := <-done; classOf(err) != otpcore.ClassAmbiguous {
			t.Errorf("held send of a canceled context: %v", err)
		}
		go func() { _, err := s.Send(t.Context(), otpcore.Outgoing{}); done <- err }()
		synctest.Wait()
		select {
		case err := <-done:
			t.Errorf("held send returned: %v", err)
		default:
		}
		release()
		if err := <-done; err != nil {
			t.Errorf("released send: %v", err)
		}
	})
}

func TestCarriersSwitchChannels(t *testing.T) {
	c := NewCarriers(otpcore.SMS)
	if way := c.Way("", otpcore.Live, otpcore.Telegram, "KZ"); way.Reason == "" {
		t.Error("telegram is on")
	}
	if way := c.Way("", otpcore.Live, otpcore.SMS, "KZ"); way.Reason != "" || !way.Capabilities.Receipts {
		t.Errorf("sms way is %+v", way)
	}
	if _, err := c.Sender(&otpcore.Delivery{Channel: otpcore.Telegram}, "KZ"); classOf(err) != otpcore.ClassUnsupported {
		t.Errorf("sender of a channel that is off: %v", err)
	}
	c.TurnOn(otpcore.Telegram)
	if s, err := c.Sender(&otpcore.Delivery{Channel: otpcore.Telegram}, "KZ"); err != nil || s != c.Of(otpcore.Telegram) {
		t.Errorf("telegram sender is %v, %v", s, err)
	}
}

func classOf(err error) otpcore.ErrorClass {
	if e, ok := errors.AsType[*otpcore.SendError](err); ok {
		return e.Class
	}
	return ""
}
