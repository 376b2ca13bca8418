package otpcore_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// speak chooses a language in a chat; spoken reads the choice back.
func (h *house) speak(address, locale string) {
	h.t.Helper()
	h.write(func(tx otpcore.Tx) error { return h.Linking.Speak(tx, h.chat(address), locale) })
}

func (h *house) spoken(address string) (chosen string) {
	h.t.Helper()
	h.write(func(tx otpcore.Tx) (err error) {
		chosen, err = h.Linking.Language(tx, h.chat(address))
		return err
	})
	return chosen
}

func TestCodesAreWrittenInTheChosenLanguage(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		asked := func(r *otpcore.StartRequest) { r.Locale = "ru"; r.Channels = []otpcore.Channel{tg, sm} }
		h.begin(asked)
		synctest.Wait() // two codes that leave together may come in any order
		h.speak("100", "kk")
		h.begin(asked)
		sent := h.carriers.Of(tg).Await(2)
		for i, want := range []string{"[ru]", "[kk]"} {
			if text := sent[i].Message.Text; !strings.HasSuffix(text, want) {
				t.Errorf("code %d: %q, want %s", i, text, want)
			}
		}
		synctest.Wait()
		time.Sleep(50 * time.Second) // the SMS follows
		if text := h.carriers.Of(sm).Await(1)[0].Message.Text; !strings.Contains(text, "[ru]") {
			t.Errorf("SMS %q: only the chat was asked for its language", text)
		}
		edits := h.carriers.Of(tg).AwaitEdits(2)
		if !slices.ContainsFunc(edits, func(e coretest.Edited) bool { return strings.Contains(e.Outgoing.Message.Text, "[kk]; an SMS") }) {
			t.Errorf("edits %+v", edits)
		}
	})
}

func TestLanguageIsRememberedThroughTheConversation(t *testing.T) {
	inHouse(t, func(h *house) {
		if got := h.spoken("100"); got != "" {
			t.Fatalf("an unknown chat speaks %q", got)
		}
		h.speak("100", "uz") // before anything: the chat may share its number by that
		if got := h.spoken("100"); got != "uz" {
			t.Fatalf("before linking: %q", got)
		}
		a := h.share("100", user)
		if a.Outcome != otpcore.AcceptLinked || a.Link.Language != "uz" {
			t.Fatalf("acceptance %+v, language %q", a, a.Link.Language)
		}
		h.speak("100", "kk")
		if got := h.spoken("100"); got != "kk" {
			t.Errorf("after linking: %q", got)
		}
		h.write(func(tx otpcore.Tx) error { _, err := h.Linking.Stop(tx, h.chat("100")); return err })
		if got := h.spoken("100"); got != "kk" {
			t.Errorf("after stopping: %q", got)
		}
		if got := h.spoken("200"); got != "" {
			t.Errorf("another chat speaks %q", got)
		}
		// A chat that loses the phone hears of it in its own language.
		h.press("100", "")
		h.share("100", user)
		h.speak("100", "kk")
		h.press("200", "")
		if a := h.share("200", user); len(a.Replaced) != 1 || a.Replaced[0].Locale != "kk" {
			t.Errorf("replaced %+v", a.Replaced)
		}
	})
}

// An erased link tells nothing of its person: not whom it led where, nor in
// which language, nor when they were last seen.
func TestErasedLinkTellsNothing(t *testing.T) {
	made := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := otpcore.Link{
		ID: "lnk_1", BusinessID: "biz_1", BotID: "bot_1", Channel: tg, Proof: otpcore.ProofSMS, Status: otpcore.LinkRevoked, EndReason: "forgotten",
		Phone: otpcore.SealedPhone{Index: otpcore.Index{1}, Sealed: []byte{1}, Region: "KZ"}, Chat: otpcore.Chat{Index: otpcore.Index{2}, Sealed: []byte{2}},
		TokenHash: []byte{3}, Locale: "kk", Language: "uz", ReturnURL: "https://shop.example.com/anna", ActedAt: made, CreatedAt: made,
	}
	l.Erase()
	want := otpcore.Link{
		ID: "lnk_1", BusinessID: "biz_1", BotID: "bot_1", Channel: tg, Proof: otpcore.ProofSMS, Status: otpcore.LinkRevoked, EndReason: "forgotten",
		Phone: otpcore.SealedPhone{Region: "KZ"}, CreatedAt: made,
	}
	if !reflect.DeepEqual(l, want) {
		t.Errorf("left: %+v", l)
	}
}
