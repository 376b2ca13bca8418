package otpcore_test

import (
	"errors"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

func TestRefusedStarts(t *testing.T) {
	seconds := func(n int) *time.Duration { d := time.Duration(n) * time.Second; return &d }
	amount := otpcore.Param{Money: &otpcore.Money{Amount: "1", Currency: "KZT"}}
	for _, tt := range []struct {
		code string
		r    otpcore.StartRequest
	}{
		{"phone_invalid", otpcore.StartRequest{Phone: "+12"}},
		{"ttl_out_of_range", otpcore.StartRequest{TTL: seconds(0)}},
		{"ttl_out_of_range", otpcore.StartRequest{TTL: seconds(29)}},
		{"ttl_out_of_range", otpcore.StartRequest{TTL: seconds(601)}},
		{"fallback_after_out_of_range", otpcore.StartRequest{FallbackAfter: seconds(-1)}},
		{"fallback_after_out_of_range", otpcore.StartRequest{FallbackAfter: seconds(0)}},
		{"fallback_after_out_of_range", otpcore.StartRequest{FallbackAfter: seconds(9)}},
		{"fallback_after_out_of_range", otpcore.StartRequest{FallbackAfter: seconds(301)}},
		{"fallback_after_out_of_range", otpcore.StartRequest{TTL: seconds(60), FallbackAfter: seconds(61)}},
		{"channel_unknown", otpcore.StartRequest{Channels: []otpcore.Channel{"pigeon"}}},
		{"channel_twice", otpcore.StartRequest{Channels: []otpcore.Channel{sm, tg, sm}}},
		{"when_unlinked_invalid", otpcore.StartRequest{WhenUnlinked: "later"}},
		{"fallback_on_invalid", otpcore.StartRequest{FallbackOn: "never"}},
		{"locale_invalid", otpcore.StartRequest{Locale: "../../etc"}},
		{"locale_invalid", otpcore.StartRequest{Locale: "ru\x00"}},
		{"template_unknown", otpcore.StartRequest{Template: "tmpl_of_another"}},
		{"param_unknown", otpcore.StartRequest{Params: map[string]otpcore.Param{"x": {Text: "y"}}}},
		{"param_missing", otpcore.StartRequest{Template: "payment"}},
		{"param_in_context", otpcore.StartRequest{Template: "payment", Params: map[string]otpcore.Param{"amount": amount}, Context: map[string]otpcore.Param{"amount": amount, "payee": {Text: "Asel"}}}},
		{"code_guessable", otpcore.StartRequest{Code: "111111"}},
		{"pan_detected", otpcore.StartRequest{Metadata: map[string]string{"k": "4111111111111111"}}},
		{"no_channel", otpcore.StartRequest{Phone: "+79161234567", Channels: []otpcore.Channel{sm}}}, // not a country of the shop
	} {
		t.Run(tt.code, func(t *testing.T) {
			inHouse(t, func(h *house) {
				if tt.r.Phone == "" {
					tt.r.Phone = user
				}
				_, err := h.Verifications.Start(h.t.Context(), h.by, tt.r)
				if otpcore.CodeOf(err) != tt.code {
					t.Errorf("start: %v", err)
				}
				if n := len(h.carriers.Of(sm).Sent()); n != 0 {
					t.Errorf("%d messages left", n)
				}
			})
		})
	}
}

func TestNoChannelTellsWhyForEach(t *testing.T) {
	inHouse(t, func(h *house) {
		h.carriers.TurnOff(tg, "No bot is registered.")
		h.carriers.TurnOff(wa, "No number is registered.")
		_, err := h.Verifications.Start(h.t.Context(), h.by, otpcore.StartRequest{Phone: "+79161234567"})
		e, ok := errors.AsType[*otpcore.Error](err)
		if !ok || e.Code != "no_channel" || len(e.Errors) != 3 || e.Errors[0].Detail != "No bot is registered." {
			t.Errorf("%+v", e)
		}
	})
}

// T19: whether the phone is linked shows nowhere in the answer.
func TestT19AnswerDoesNotTellWhetherThePhoneIsLinked(t *testing.T) {
	inHouse(t, func(h *house) {
		stranger := h.begin(waiting)
		h.linkUser("100")
		linked := h.begin(waiting)
		for _, s := range []*otpcore.Started{stranger, linked} {
			v := s.Verification
			if v.Status != otpcore.Pending || v.Sends != 1 || v.Attempts != 0 || v.FallbackAt.Sub(v.CreatedAt) != 45*time.Second ||
				v.ExpiresAt.Sub(v.CreatedAt) != 180*time.Second || v.ResendAt.Sub(v.CreatedAt) != 30*time.Second ||
				s.Hint != stranger.Hint || s.TelegramLink == "" || s.TestCode.Len() != 0 {
				t.Errorf("%+v", s)
			}
		}
	})
}

func TestT41StartsOncePerKey(t *testing.T) {
	inHouse(t, func(h *house) {
		once := func(r *otpcore.StartRequest) {
			r.Idempotency = &otpcore.IdempotencyKey{Key: "k", Fingerprint: [32]byte{1}}
		}
		first := h.begin(once)
		code := coretest.CodeIn(h.carriers.Of(sm).Await(1)[0])
		h.check(first.Verification.ID, code)
		again := h.begin(once)
		if again.Verification.ID != first.Verification.ID || again.Verification.Status != otpcore.Pending || !again.Verification.EndedAt.IsZero() ||
			again.Verification.FallbackAt != first.Verification.FallbackAt || again.Verification.ExpiresAt != first.Verification.ExpiresAt || again.Verification.ApprovedBy != "" {
			t.Errorf("again: %+v", again.Verification)
		}
		if n := len(h.carriers.Of(sm).Sent()); n != 1 {
			t.Errorf("%d messages left", n)
		}
		_, err := h.Verifications.Start(h.t.Context(), h.by, otpcore.StartRequest{
			Phone: user, Idempotency: &otpcore.IdempotencyKey{Key: "k", Fingerprint: [32]byte{2}},
		})
		if otpcore.CodeOf(err) != "key_reused" {
			t.Errorf("another request under the key: %v", err)
		}
	})
}

// T41: a key stands for its start for 24 hours, however often it is repeated.
func TestT41KeysOfStartsLiveADay(t *testing.T) {
	inHouse(t, func(h *house) {
		once := func(r *otpcore.StartRequest) {
			r.Idempotency = &otpcore.IdempotencyKey{Key: "k", Fingerprint: [32]byte{1}}
		}
		first := h.begin(once)
		end := first.Verification.CreatedAt.Add(24 * time.Hour)
		time.Sleep(end.Add(-time.Minute).Sub(h.db.Now()))
		if again := h.begin(once); again.Verification.ID != first.Verification.ID {
			t.Errorf("after 23 h 59 min the start of %s was repeated as %s", first.Verification.ID, again.Verification.ID)
		}
		time.Sleep(end.Sub(h.db.Now()))
		if later := h.begin(once); later.Verification.ID == first.Verification.ID {
			t.Error("after 24 hours the key still stands for its first start")
		}
	})
}

func TestT42LostAnswerOfACheck(t *testing.T) {
	inHouse(t, func(h *house) {
		s := h.begin()
		code := coretest.CodeIn(h.carriers.Of(sm).Await(1)[0])
		check := func(key string) otpcore.CheckResult {
			r, err := h.Verifications.Check(h.t.Context(), h.by, s.Verification.ID, code, nil, &otpcore.IdempotencyKey{Key: key})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if first, again := check("a"), check("a"); !first.Valid || again != first {
			t.Errorf("first %+v, again %+v", first, again)
		}
		if other := check("b"); other.Valid || other.Reason != otpcore.ReasonAlreadyUsed {
			t.Errorf("other key: %+v", other)
		}
	})
}

func TestForeignVerificationsAreNotFound(t *testing.T) {
	inHouse(t, func(h *house) {
		s := h.begin()
		other := h.business("Other", otpcore.NewID(otpcore.PrefixBot, time.Now()))
		trial := otpcore.Caller{Business: h.by.Business, Mode: otpcore.Test}
		for _, by := range []otpcore.Caller{other, trial} {
			_, check := h.Verifications.Check(h.t.Context(), by, s.Verification.ID, "123456", nil, nil)
			_, resend := h.Verifications.Resend(h.t.Context(), by, s.Verification.ID, "", nil)
			_, cancel := h.Verifications.Cancel(h.t.Context(), by, s.Verification.ID, nil)
			_, get := h.Verifications.Get(h.t.Context(), by, s.Verification.ID)
			for _, err := range []error{check, resend, cancel, get} {
				if !errors.Is(err, otpcore.ErrNotFound) {
					t.Errorf("%s in %s mode: %v", by.Business.Name, by.Mode, err)
				}
			}
		}
	})
}

func TestCancel(t *testing.T) {
	inHouse(t, func(h *house) {
		s := h.begin()
		h.expect(s.Verification.ID, "sms:sent")
		for range 2 {
			c, err := h.Verifications.Cancel(h.t.Context(), h.by, s.Verification.ID, nil)
			if err != nil || c.Verification.Status != otpcore.Canceled || c.Verification.EndReason != otpcore.EndByBusiness {
				t.Errorf("%+v, %v", c.Verification, err)
			}
		}
		s = h.begin()
		code := coretest.CodeIn(h.carriers.Of(sm).Await(2)[1])
		h.check(s.Verification.ID, code)
		if _, err := h.Verifications.Cancel(h.t.Context(), h.by, s.Verification.ID, nil); otpcore.CodeOf(err) != "verification_ended" {
			t.Errorf("approved: %v", err)
		}
	})
}

func TestOwnCodeIsSentAndApproved(t *testing.T) {
	inHouse(t, func(h *house) {
		s := h.begin(func(r *otpcore.StartRequest) { r.Code = "A7K29B" })
		if code := coretest.CodeIn(h.carriers.Of(sm).Await(1)[0]); code != "A7K29B" {
			t.Errorf("sent %s", code)
		}
		if v := h.view(s.Verification.ID).Verification; v.MaxAttempts != 3 || v.Seed != nil {
			t.Errorf("%+v", v)
		}
		if r := h.check(s.Verification.ID, "a7k-29b"); !r.Valid {
			t.Errorf("check: %+v", r)
		}
		if v := h.view(s.Verification.ID).Verification; v.OwnCode != nil {
			t.Error("the code rests in the ended row")
		}
	})
}

func TestTrials(t *testing.T) {
	for number, want := range map[string]string{
		otpcore.TrialDelivered: "telegram:sent", "+77011234567": "telegram:sent", otpcore.TrialBlocked: "telegram:failed sms:sent",
		otpcore.TrialUnlinked: "sms:sent", otpcore.TrialDead: "telegram:failed sms:failed", otpcore.TrialThrottled: "telegram:failed sms:sent",
		otpcore.TrialNoAnswer: "telegram:unknown sms:sent",
	} {
		inHouse(t, func(h *house) {
			h.by.Mode = otpcore.Test
			s, err := h.Verifications.Start(h.t.Context(), h.by, otpcore.StartRequest{Phone: number})
			if err != nil {
				t.Fatal(err)
			}
			h.expect(s.Verification.ID, want)
			v := h.view(s.Verification.ID).Verification
			if number == otpcore.TrialDead {
				if v.Status != otpcore.Failed {
					t.Errorf("%s: verification is %s", number, v.Status)
				}
				return
			}
			if r := h.check(s.Verification.ID, s.TestCode.Reveal()); !r.Valid {
				t.Errorf("%s: check %+v", number, r)
			}
			if len(h.carriers.Of(tg).Sent())+len(h.carriers.Of(sm).Sent()) != 0 {
				t.Errorf("%s: a trial left the process", number)
			}
		})
	}
}

// A program that a test key runs sends what its users type.
func TestTrialsReadPhonesLikeLiveStarts(t *testing.T) {
	inHouse(t, func(h *house) {
		h.by.Mode = otpcore.Test
		for _, tt := range []struct{ raw, country, e164, code string }{
			{"8 701 555 01 23", "KZ", "+77015550123", ""},
			{"+7 (916) 123-45-67", "", "+79161234567", ""}, // not a country of the shop
			{"+15005550042", "KZ", "+15005550042", ""},
			{"8701", "", "", "phone_invalid"},
			{"+8801234567", "", "", "region_not_allowed"},
		} {
			s, err := h.Verifications.Start(h.t.Context(), h.by, otpcore.StartRequest{Phone: tt.raw, Country: tt.country})
			if otpcore.CodeOf(err) != tt.code {
				t.Errorf("%s: %v, want %q", tt.raw, err, tt.code)
			}
			if tt.code != "" || err != nil {
				continue
			}
			if got := h.view(s.Verification.ID).Phone.E164(); got != tt.e164 {
				t.Errorf("%s: %s, want %s", tt.raw, got, tt.e164)
			}
		}
	})
}

func TestTrialsThatStandForARefusal(t *testing.T) {
	inHouse(t, func(h *house) {
		h.by.Mode = otpcore.Test
		for number, code := range map[string]string{otpcore.TrialPaused: "phone_paused", otpcore.TrialLocked: "phone_locked", "8701": "phone_invalid"} {
			if _, err := h.Verifications.Start(h.t.Context(), h.by, otpcore.StartRequest{Phone: number}); otpcore.CodeOf(err) != code {
				t.Errorf("%s: %v", number, err)
			}
		}
	})
}
