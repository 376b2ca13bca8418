package otpcore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// openLink asks for a link and returns it with its start token.
func (h *house) openLink(r otpcore.LinkRequest) (*otpcore.OpenLink, string) {
	h.t.Helper()
	r.Channel = tg
	l, err := h.Links.Open(h.t.Context(), h.by, r)
	if err != nil {
		h.t.Fatalf("open link: %v", err)
	}
	_, token, _ := strings.Cut(l.URL, "?start=")
	return l, token
}

func (h *house) linkOf(id otpcore.ID) *otpcore.OpenLink {
	h.t.Helper()
	l, err := h.Links.Get(h.t.Context(), h.by, id)
	if err != nil {
		h.t.Fatalf("link: %v", err)
	}
	return l
}

const stranger = "+77010000001"

func TestRequestedLinkIsUsedOnce(t *testing.T) {
	inHouse(t, func(h *house) {
		link, token := h.openLink(otpcore.LinkRequest{Phone: user})
		if inv := h.press("100", token); inv.Outcome != otpcore.InviteOpen || inv.Phone.E164() != user || inv.Business.Name != "Shop" {
			t.Errorf("invitation %+v", inv)
		}
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkPending || l.URL == "" {
			t.Errorf("pressing start alone made it %s", l.Status)
		}
		if a := h.share("100", user); a.Outcome != otpcore.AcceptLinked || a.Link.ID != link.ID {
			t.Errorf("acceptance %+v", a)
		}
		l := h.linkOf(link.ID)
		if l.Status != otpcore.LinkActive || l.Proof != otpcore.ProofContact || l.Phone.E164() != user || l.URL != "" {
			t.Errorf("link %+v", l)
		}
		if inv := h.press("200", token); inv.Outcome != otpcore.InviteUsed {
			t.Errorf("pressed again: %s", inv.Outcome)
		}
		if a := h.share("100", user); a.Outcome != otpcore.AcceptLinked || !a.Renewed || a.Link.ID != link.ID {
			t.Errorf("shared again: %+v", a)
		}
		if a := h.share("200", stranger); a.Outcome != otpcore.AcceptNoSession {
			t.Errorf("shared by a chat that only pressed: %s", a.Outcome)
		}
	})
}

func TestTwoChatsRaceForOneToken(t *testing.T) {
	inHouse(t, func(h *house) {
		_, token := h.openLink(otpcore.LinkRequest{})
		h.press("100", token)
		h.press("200", token)
		if a := h.share("100", user); a.Outcome != otpcore.AcceptLinked {
			t.Errorf("first: %s", a.Outcome)
		}
		if a := h.share("200", stranger); a.Outcome != otpcore.AcceptUsed {
			t.Errorf("second: %s", a.Outcome)
		}
	})
}

func TestWrongPhoneLinksNothing(t *testing.T) {
	inHouse(t, func(h *house) {
		link, token := h.openLink(otpcore.LinkRequest{Phone: user})
		h.press("100", token)
		if a := h.share("100", stranger); a.Outcome != otpcore.AcceptWrongPhone || a.Expected.E164() != user || a.Link != nil {
			t.Errorf("acceptance %+v", a)
		}
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkPending {
			t.Errorf("link is %s", l.Status)
		}
		if a := h.share("100", user); a.Outcome != otpcore.AcceptLinked {
			t.Errorf("the right phone after that: %s", a.Outcome)
		}
	})
}

func TestExpiredTokens(t *testing.T) {
	inHouse(t, func(h *house) {
		link, token := h.openLink(otpcore.LinkRequest{})
		s := h.begin(waiting)
		_, code, _ := strings.Cut(s.TelegramLink, "?start=")
		time.Sleep(10 * time.Minute)
		if inv := h.press("100", token); inv.Outcome != otpcore.InviteExpired {
			t.Errorf("link: %s", inv.Outcome)
		}
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkExpired || l.URL != "" {
			t.Errorf("link %+v", l)
		}
		time.Sleep(time.Millisecond)
		if inv := h.press("100", code); inv.Outcome != otpcore.InviteExpired {
			t.Errorf("verification: %s", inv.Outcome)
		}
	})
}

func TestUnknownTokens(t *testing.T) {
	inHouse(t, func(h *house) {
		_, token := h.openLink(otpcore.LinkRequest{})
		s := h.begin(waiting)
		_, code, _ := strings.Cut(s.TelegramLink, "?start=")
		forged := []byte(code)
		forged[5] ^= 1
		for _, payload := range []string{
			"x", strings.Repeat("A", 32), strings.Repeat("A", 44), strings.Repeat("-", 44), strings.Repeat("é", 22), string(forged),
			token[:31], code[:43], token + "A", strings.Repeat("A", 10_000),
		} {
			if inv := h.press("100", payload); inv.Outcome != otpcore.InviteUnknown {
				t.Errorf("%.50q: %s", payload, inv.Outcome)
			}
		}
		// Another business's bot knows none of them.
		h.by = h.business("Other", otpcore.NewID(otpcore.PrefixBot, time.Now()))
		for _, payload := range []string{token, code} {
			chat := h.chat("100")
			chat.Bot.ID = otpcore.NewID(otpcore.PrefixBot, time.Now())
			h.write(func(tx otpcore.Tx) error {
				inv, err := h.Linking.Open(tx, chat, payload)
				if inv.Outcome != otpcore.InviteUnknown {
					t.Errorf("another bot: %s", inv.Outcome)
				}
				return err
			})
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	inHouse(t, func(h *house) {
		if a := h.share("100", user); a.Outcome != otpcore.AcceptNoSession {
			t.Errorf("never pressed start: %s", a.Outcome)
		}
		h.press("100", "")
		time.Sleep(time.Hour)
		if a := h.share("100", user); a.Outcome != otpcore.AcceptNoSession {
			t.Errorf("an hour later: %s", a.Outcome)
		}
	})
}

func TestNewestProofReplacesTheOldChat(t *testing.T) {
	inHouse(t, func(h *house) {
		old := h.linkUser("100")
		h.press("200", "")
		a := h.share("200", user)
		if a.Outcome != otpcore.AcceptLinked || len(a.Replaced) != 1 || a.Replaced[0].Address != "100" {
			t.Errorf("acceptance %+v", a)
		}
		if l := h.linkOf(old.ID); l.Status != otpcore.LinkRevoked || l.EndReason != "replaced" {
			t.Errorf("old link is %s, %s", l.Status, l.EndReason)
		}
		h.begin()
		if sent := h.carriers.Of(tg).Await(1); sent[0].Chat != "200" {
			t.Errorf("the code went to %s", sent[0].Chat)
		}
	})
}

func TestOneChatHoldsOnePhone(t *testing.T) {
	inHouse(t, func(h *house) {
		old := h.linkUser("100")
		h.press("100", "")
		if a := h.share("100", stranger); a.Outcome != otpcore.AcceptLinked || len(a.Replaced) != 0 {
			t.Errorf("acceptance %+v", a)
		}
		if l := h.linkOf(old.ID); l.Status != otpcore.LinkRevoked {
			t.Errorf("the chat's old link is %s", l.Status)
		}
	})
}

// provenLink is a link whose phone has confirmed a code sent by SMS.
func (h *house) provenLink(address string) *otpcore.Link {
	h.t.Helper()
	link := h.linkUser(address)
	time.Sleep(time.Second)
	s := h.begin(func(r *otpcore.StartRequest) { r.Channels = []otpcore.Channel{sm} })
	sent := h.carriers.Of(sm).Await(1)
	h.check(s.Verification.ID, coretest.CodeIn(sent[0]))
	if l := h.linkOf(link.ID); l.Proof != otpcore.ProofSMS {
		h.t.Fatalf("proof is %s", l.Proof)
	}
	return link
}

func TestPaymentsAskForAnSMSProof(t *testing.T) {
	inHouse(t, func(h *house) {
		payment := func(r *otpcore.StartRequest) {
			r.Template = "payment"
			r.Context = map[string]otpcore.Param{"amount": {Money: &otpcore.Money{Amount: "4990", Currency: "KZT"}}, "payee": {Text: "Asel"}}
		}
		h.linkUser("100")
		s := h.begin(payment)
		h.expect(s.Verification.ID, "sms:sent")
		time.Sleep(time.Second)
		code := coretest.CodeIn(h.carriers.Of(sm).Await(1)[0])
		same := map[string]otpcore.Param{"amount": {Money: &otpcore.Money{Amount: "4990.0", Currency: "KZT"}}, "payee": {Text: "Asel"}}
		if r, err := h.Verifications.Check(h.t.Context(), h.by, s.Verification.ID, code, same, nil); err != nil || !r.Valid {
			t.Errorf("check: %+v, %v", r, err)
		}
	})
	inHouse(t, func(h *house) {
		h.provenLink("100")
		s := h.begin(func(r *otpcore.StartRequest) {
			r.Template = "payment"
			r.Context = map[string]otpcore.Param{"amount": {Money: &otpcore.Money{Amount: "1", Currency: "KZT"}}, "payee": {Text: "Asel"}}
		})
		h.expect(s.Verification.ID, "telegram:sent")
	})
}

// The messenger's word alone must not keep an SMS proof alive: the number may
// have changed hands since.
func TestRenewalStartsAgainAsContact(t *testing.T) {
	inHouse(t, func(h *house) {
		link := h.provenLink("100")
		h.away(80 * 24 * time.Hour)
		h.press("100", "")
		a := h.share("100", user)
		if a.Link.ID != link.ID || len(a.Replaced) != 0 {
			t.Errorf("acceptance %+v", a)
		}
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkActive || l.Proof != otpcore.ProofContact || !l.VerifiedAt.Equal(h.db.Now()) {
			t.Errorf("link %+v", l.Link)
		}
	})
}

func TestRenewalThroughARequestedLink(t *testing.T) {
	inHouse(t, func(h *house) {
		old := h.linkUser("100")
		time.Sleep(time.Second)
		s := h.begin()
		h.carriers.Of(tg).Await(1)
		h.write(func(tx otpcore.Tx) error { _, err := h.Linking.Mute(tx, h.chat("100"), true); return err })
		link, token := h.openLink(otpcore.LinkRequest{Phone: user})
		h.press("100", token)
		if a := h.share("100", user); a.Outcome != otpcore.AcceptLinked || a.CodeSent {
			t.Errorf("acceptance %+v: the chat has the code already", a)
		}
		if l := h.linkOf(old.ID); l.Status != otpcore.LinkRevoked || l.EndReason != "renewed" {
			t.Errorf("old link is %s, %s", l.Status, l.EndReason)
		}
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkActive {
			t.Errorf("new link is %s", l.Status)
		} else if !l.Muted {
			t.Error("the wish for no news of orders was lost")
		}
		// The message that came under the old link still obeys its chat.
		if r := h.notMe("100", s.Verification.ID); r.Outcome != otpcore.ReportDone {
			t.Errorf("report: %s", r.Outcome)
		}
	})
}

func TestOldLinksNoLongerCarry(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		h.away(90*24*time.Hour + time.Millisecond)
		s := h.begin()
		h.expect(s.Verification.ID, "sms:sent")
	})
}

func TestLinkRequests(t *testing.T) {
	inHouse(t, func(h *house) {
		hours := func(n time.Duration) *time.Duration { d := n * time.Hour; return &d }
		for code, r := range map[string]otpcore.LinkRequest{
			"ttl_out_of_range": {Channel: tg, TTL: hours(24*7 + 1)}, "channel_unknown": {Channel: sm}, "phone_invalid": {Channel: tg, Phone: "+1"},
		} {
			if _, err := h.Links.Open(h.t.Context(), h.by, r); otpcore.CodeOf(err) != code {
				t.Errorf("%v, want %s", err, code)
			}
		}
		r := otpcore.LinkRequest{Channel: tg, TTL: hours(24 * 7), Idempotency: &otpcore.IdempotencyKey{Key: "k"}}
		first, err := h.Links.Open(h.t.Context(), h.by, r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := h.Links.Open(h.t.Context(), h.by, r)
		if err != nil || again.ID != first.ID || again.URL != first.URL {
			t.Errorf("again: %+v, %v", again, err)
		}
		h.carriers.SetBot(tg, otpcore.NewID(otpcore.PrefixBot, time.Now()))
		if l := h.linkOf(first.ID); l.URL != "" {
			t.Errorf("the URL %s leads to a bot that does not know the token", l.URL)
		}
		for range 2 {
			if err := h.Links.Revoke(h.t.Context(), h.by, first.ID); err != nil {
				t.Fatal(err)
			}
		}
		if l := h.linkOf(first.ID); l.Status != otpcore.LinkRevoked {
			t.Errorf("link is %s", l.Status)
		}
		trial := otpcore.Caller{Business: h.by.Business, Mode: otpcore.Test}
		if _, err := h.Links.Open(h.t.Context(), trial, r); otpcore.CodeOf(err) != "wrong_mode" {
			t.Errorf("test key: %v", err)
		}
		other := h.business("Other", otpcore.NewID(otpcore.PrefixBot, time.Now()))
		if _, err := h.Links.Get(h.t.Context(), other, first.ID); !errors.Is(err, otpcore.ErrNotFound) {
			t.Errorf("another business: %v", err)
		}
		if err := h.Links.Revoke(h.t.Context(), other, first.ID); !errors.Is(err, otpcore.ErrNotFound) {
			t.Errorf("another business: %v", err)
		}
	})
}

func TestRevokedRequestLinksNothing(t *testing.T) {
	inHouse(t, func(h *house) {
		link, token := h.openLink(otpcore.LinkRequest{Phone: user})
		h.press("100", token)
		if err := h.Links.Revoke(h.t.Context(), h.by, link.ID); err != nil {
			t.Fatal(err)
		}
		if a := h.share("100", user); a.Outcome != otpcore.AcceptUsed || a.Link != nil {
			t.Errorf("acceptance %+v", a)
		}
		if l := h.linkOf(link.ID); l.Status != otpcore.LinkRevoked {
			t.Errorf("the revoked link is %s", l.Status)
		}
	})
}
