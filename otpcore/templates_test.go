package otpcore_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"otpravka/otpcore"
)

// ownText is a text that says what it is given.
func ownText(says string) otpcore.TemplateText {
	return otpcore.TemplateText{Name: "gate code", Chat: says, SMS: []string{says}}
}

func (h *house) change(key, locale, says string) otpcore.TemplateChange {
	return otpcore.TemplateChange{Key: key, Locale: locale, Text: ownText(says), Author: "key_1"}
}

func (h *house) save(c otpcore.TemplateChange) *otpcore.Template {
	h.t.Helper()
	made, err := h.Templates.Save(h.t.Context(), h.by, c)
	if err != nil {
		h.t.Fatalf("save %s %s: %v", c.Key, c.Locale, err)
	}
	h.reread()
	return made
}

// reread gives later calls the business as the next request finds it.
func (h *house) reread() {
	h.t.Helper()
	b, err := h.Businesses.Get(h.t.Context(), h.by.Business.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	h.by.Business = b
}

func named(template, locale string) func(*otpcore.StartRequest) {
	return func(r *otpcore.StartRequest) { r.Template, r.Locale = template, locale }
}

func (h *house) lastSaid(n int) string {
	h.t.Helper()
	return h.carriers.Of(tg).Await(n)[n-1].Message.Text
}

func TestAVerificationKeepsTheTextsItBeganWith(t *testing.T) {
	inHouse(t, func(h *house) {
		h.save(h.change("gate", "en", "first"))
		h.save(h.change("gate", "ru", "первый"))
		open := h.begin(waiting, named("gate", "en"))
		bury := h.crash()
		defer bury()
		h.save(h.change("gate", "en", "second"))
		if err := h.Templates.Remove(h.t.Context(), h.by, otpcore.TemplateChange{Key: "gate", Locale: "ru"}); err != nil {
			t.Fatal(err)
		}
		h.reread()
		h.linkUser("100")
		if got := h.lastSaid(1); !strings.HasPrefix(got, "first: ") {
			t.Errorf("after a crash and a new text the message says %q", got)
		}
		h.speak("100", "ru") // the chat asks for the other locale of the same version
		time.Sleep(31 * time.Second)
		if _, err := h.Verifications.Resend(h.t.Context(), h.by, open.Verification.ID, tg, nil); err != nil {
			t.Fatal(err)
		}
		if got := h.lastSaid(2); !strings.HasPrefix(got, "первый: ") {
			t.Errorf("after a removal the message says %q", got)
		}
		h.speak("100", "en")
		h.begin(named("gate", "en"))
		if got := h.lastSaid(3); !strings.HasPrefix(got, "second: ") {
			t.Errorf("a new start says %q", got)
		}
		if v := h.view(open.Verification.ID).Verification; v.TemplateVersion != 2 {
			t.Errorf("the start holds version %d", v.TemplateVersion)
		}
	})
}

func TestVersionsAreListedAndRestored(t *testing.T) {
	inHouse(t, func(h *house) {
		ctx := h.t.Context()
		h.save(h.change("gate", "en", "one"))
		h.save(h.change("gate", "ru", "раз"))
		h.save(h.change("gate", "en", "two"))
		list, err := h.Templates.Versions(ctx, h.by, "gate", "en")
		if err != nil || len(list) != 2 || list[0].Version != 3 || list[1].Version != 1 || list[1].Author != "key_1" || list[1].Text.Chat != "one" {
			t.Fatalf("versions %+v, %v", list, err)
		}
		key := &otpcore.IdempotencyKey{Key: "k", Fingerprint: [32]byte{1}}
		again := otpcore.TemplateChange{Key: "gate", Locale: "en", Author: "key_2", Idempotency: key}
		for range 2 { // a repeat makes no further version
			made, err := h.Templates.Restore(ctx, h.by, again, 1)
			if err != nil || made.Version != 4 || made.Text.Chat != "one" || made.Author != "key_2" {
				t.Fatalf("restored %+v, %v", made, err)
			}
		}
		h.reread()
		if got, err := h.Templates.Get(ctx, h.by, "gate", "en"); err != nil || got.Text.Chat != "one" || got.Version != 4 {
			t.Errorf("in force is %+v, %v", got, err)
		}
		for _, version := range []int{2, 9} { // another locale's, and none
			if _, err := h.Templates.Restore(ctx, h.by, otpcore.TemplateChange{Key: "gate", Locale: "en"}, version); otpcore.KindOf(err) != otpcore.KindNotFound {
				t.Errorf("restore %d: %v", version, err)
			}
		}
	})
}

func TestNobodyOverwritesUnreadChanges(t *testing.T) {
	inHouse(t, func(h *house) {
		c, zero, one := h.change("gate", "en", "one"), 0, 1
		c.Version = &zero
		h.save(c)
		if made := h.save(c); made.Version != 1 { // the answer was lost, the request repeated
			t.Errorf("a repeat made version %d", made.Version)
		}
		c.Text.Chat = "somebody else's"
		if _, err := h.Templates.Save(h.t.Context(), h.by, c); otpcore.CodeOf(err) != "template_changed" {
			t.Errorf("a second creation: %v", err)
		}
		c.Version, c.Text.Chat = &one, "two"
		h.save(c)
		c.Text.Chat = "three"
		if _, err := h.Templates.Save(h.t.Context(), h.by, c); otpcore.CodeOf(err) != "template_changed" {
			t.Errorf("a change of what was changed meanwhile: %v", err)
		}
		c.Version = &one
		if err := h.Templates.Remove(h.t.Context(), h.by, c); otpcore.CodeOf(err) != "template_changed" {
			t.Errorf("a removal of what was changed meanwhile: %v", err)
		}
	})
}

// TestTheSameTextIsNoNewVersion: scripts save the same texts again and again.
func TestTheSameTextIsNoNewVersion(t *testing.T) {
	inHouse(t, func(h *house) {
		c := h.change("gate", "en", "one\r\ntwo")
		for range 60 {
			if made := h.save(c); made.Version != 1 || made.Text.Chat != "one\ntwo" {
				t.Fatalf("%+v", made)
			}
		}
		if err := h.Templates.Remove(h.t.Context(), h.by, c); err != nil {
			t.Fatal(err)
		}
		h.reread()
		if made := h.save(c); made.Version != 3 {
			t.Errorf("after a removal %+v", made)
		}
	})
}

func TestABuiltInTemplateStaysWhatItIs(t *testing.T) {
	inHouse(t, func(h *house) {
		ctx := h.t.Context()
		for name, change := range map[string]func(*otpcore.TemplateText){
			"less proof":    func(t *otpcore.TemplateText) { t.Proof = otpcore.ProofContact },
			"other params":  func(t *otpcore.TemplateText) { t.Params = []otpcore.ParamSpec{{Name: "x", Type: "text"}} },
			"other context": func(t *otpcore.TemplateText) { t.Context = []otpcore.ParamSpec{{Name: "amount", Type: "text"}} },
		} {
			c := h.change("payment", "en", "pay")
			change(&c.Text)
			if _, err := h.Templates.Save(ctx, h.by, c); otpcore.CodeOf(err) != "text_invalid" {
				t.Errorf("%s: %v", name, err)
			}
		}
		made := h.save(h.change("payment", "en", "pay"))
		if made.Text.Proof != otpcore.ProofSMS || len(made.Text.Context) != 2 {
			t.Errorf("saved as %+v", made.Text)
		}
		_, err := h.Verifications.Start(ctx, h.by, otpcore.StartRequest{Phone: user, Template: "payment"})
		if otpcore.CodeOf(err) != "param_missing" {
			t.Errorf("a payment without context: %v", err)
		}
		if err := h.Templates.Remove(ctx, h.by, otpcore.TemplateChange{Key: "payment", Locale: "en"}); err != nil {
			t.Fatal(err)
		}
		h.reread()
		if got, err := h.Templates.Get(ctx, h.by, "payment", "en"); err != nil || got.Version != 0 || got.Text.Chat != "built in" {
			t.Errorf("after the removal %+v, %v", got, err)
		}
	})
}

func TestProofIsOnlyMadeStricter(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		c := h.change("login", "ru", "строго")
		c.Text.Proof = otpcore.ProofSMS
		h.save(c)
		s := h.begin(named("login", "en")) // another locale: the strictest counts
		if s.Verification.LinkProof != otpcore.ProofSMS {
			t.Errorf("the link's proof is %s", s.Verification.LinkProof)
		}
		if n := len(h.carriers.Of(tg).Sent()); n != 0 {
			t.Errorf("%d messages in a chat that no SMS has proven", n)
		}
	})
}

// TestLocalesAgree: a start speaks of all locales at once.
func TestLocalesAgree(t *testing.T) {
	inHouse(t, func(h *house) {
		first := h.change("gate", "en", "one")
		first.Text.Params = []otpcore.ParamSpec{{Name: "car", Type: "text"}}
		first.Text.Context = []otpcore.ParamSpec{{Name: "sum", Type: "money"}}
		h.save(first)
		for name, change := range map[string]func(*otpcore.TemplateText){
			"another type":          func(t *otpcore.TemplateText) { t.Params = []otpcore.ParamSpec{{Name: "car", Type: "name"}} },
			"bound to less":         func(t *otpcore.TemplateText) { t.Context = nil },
			"bound to another name": func(t *otpcore.TemplateText) { t.Context = []otpcore.ParamSpec{{Name: "total", Type: "money"}} },
			"the other list": func(t *otpcore.TemplateText) {
				t.Params, t.Context = nil, append(t.Context, otpcore.ParamSpec{Name: "car", Type: "text"})
			},
		} {
			c := h.change("gate", "ru", "раз")
			c.Text.Params, c.Text.Context = slices.Clone(first.Text.Params), slices.Clone(first.Text.Context)
			change(&c.Text)
			_, err := h.Templates.Save(h.t.Context(), h.by, c)
			e, ok := errors.AsType[*otpcore.Error](err)
			if !ok || !slices.ContainsFunc(e.Errors, func(f otpcore.FieldError) bool { return f.Code == "values_differ" }) {
				t.Errorf("%s: %v", name, err)
			}
		}
		other := h.change("gate", "ru", "раз")
		other.Text.Context = first.Text.Context // its own params
		h.save(other)
	})
}

// TestNoTextLeadsToAHostThatIsGone: a host stays on the list for as long as a
// text in force leads there.
func TestNoTextLeadsToAHostThatIsGone(t *testing.T) {
	inHouse(t, func(h *house) {
		h.allow("shop.example.com", "other.example.com")
		h.reread()
		h.save(h.change("gate", "en", "see https://shop.example.com/gate"))
		set := func(hosts ...string) error {
			_, err := h.Businesses.Change(h.t.Context(), h.by.Business.ID, func(_ *string, s *otpcore.Settings) { s.ReturnHosts = hosts })
			return err
		}
		err := set("other.example.com")
		if e, ok := errors.AsType[*otpcore.Error](err); !ok || e.Field != "/return_hosts" || !strings.Contains(e.Detail, "gate in en") {
			t.Errorf("the host that a text leads to: %v", err)
		}
		if err := set("shop.example.com"); err != nil {
			t.Errorf("a host that no text leads to: %v", err)
		}
		h.save(h.change("gate", "en", "nowhere"))
		if err := set(); err != nil {
			t.Errorf("after the text was changed: %v", err)
		}
	})
}

func TestStartsOfOwnTemplatesCheckTheirValues(t *testing.T) {
	inHouse(t, func(h *house) {
		ctx := h.t.Context()
		c := h.change("gate", "en", "one")
		c.Text.Params = []otpcore.ParamSpec{{Name: "car", Type: "text", Required: true}, {Name: "guests", Type: "count"}}
		h.save(c)
		other := h.change("gate", "ru", "раз")
		other.Text.Params = []otpcore.ParamSpec{{Name: "guests", Type: "count", Required: true}}
		h.save(other)
		other.Text.Params[0].Type = "text"
		if _, err := h.Templates.Save(ctx, h.by, other); otpcore.CodeOf(err) != "text_invalid" {
			t.Errorf("one value of two types: %v", err)
		}
		for _, tt := range []struct {
			params map[string]otpcore.Param
			want   string
		}{
			{nil, "param_missing"},
			{map[string]otpcore.Param{"car": {Text: "blue"}}, "param_missing"}, // the chat may speak Russian
			{map[string]otpcore.Param{"car": {Text: "blue"}, "guests": {Text: "many"}}, "param_type"},
			{map[string]otpcore.Param{"car": {Text: "blue"}, "guests": {Text: "2"}, "x": {Text: "y"}}, "param_unknown"},
			{map[string]otpcore.Param{"car": {Text: "evil.com"}, "guests": {Text: "2"}}, "var_not_allowed"},
			{map[string]otpcore.Param{"car": {Text: "blue"}, "guests": {Text: "2"}}, ""},
		} {
			_, err := h.Verifications.Start(ctx, h.by, otpcore.StartRequest{Phone: user, Template: "gate", Params: tt.params})
			if otpcore.CodeOf(err) != tt.want {
				t.Errorf("%v: %v, want %q", tt.params, err, tt.want)
			}
		}
		foreign := h.business("Other", "bot_other")
		if _, err := h.Verifications.Start(ctx, foreign, otpcore.StartRequest{Phone: user, Template: "gate"}); otpcore.CodeOf(err) != "template_unknown" {
			t.Errorf("a template of another business: %v", err)
		}
	})
}

// TestTheNearestLocaleOfAnOwnKey: a key of one's own may have few locales.
func TestTheNearestLocaleOfAnOwnKey(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		h.save(h.change("gate", "ru", "раз"))
		n := 0
		for _, locale := range []string{"ru", "kk", "en", "xx"} {
			h.begin(named("gate", locale), func(r *otpcore.StartRequest) { r.Channels = []otpcore.Channel{tg} })
			if n++; !strings.HasPrefix(h.lastSaid(n), "раз: ") {
				t.Errorf("%s: %q", locale, h.lastSaid(n))
			}
			time.Sleep(20 * time.Minute)
		}
	})
}

func TestEveryFaultOfATextIsNamed(t *testing.T) {
	inHouse(t, func(h *house) {
		for code, change := range map[string]func(*otpcore.TemplateText){
			"proof_unknown":         func(t *otpcore.TemplateText) { t.Proof = "none" },
			"segments_out_of_range": func(t *otpcore.TemplateText) { t.Segments = 5 },
			"name_missing":          func(t *otpcore.TemplateText) { t.Name = " " },
			"text_missing":          func(t *otpcore.TemplateText) { t.Chat = " \n" },
			"too_long":              func(t *otpcore.TemplateText) { t.Chat = strings.Repeat("a", 12289) },
			"name_invalid":          func(t *otpcore.TemplateText) { t.Params = []otpcore.ParamSpec{{Name: "A", Type: "text"}} },
			"name_reserved":         func(t *otpcore.TemplateText) { t.Params = []otpcore.ParamSpec{{Name: "code", Type: "text"}} },
			"name_reserved ":        func(t *otpcore.TemplateText) { t.Params = []otpcore.ParamSpec{{Name: "until", Type: "date"}} },
			"type_unknown":          func(t *otpcore.TemplateText) { t.Params = []otpcore.ParamSpec{{Name: "a", Type: "html"}} },
			"name_twice": func(t *otpcore.TemplateText) {
				t.Params = []otpcore.ParamSpec{{Name: "a", Type: "text"}}
				t.Context = t.Params
			},
			"too_many_values": func(t *otpcore.TemplateText) {
				for i := range 9 {
					t.Params = append(t.Params, otpcore.ParamSpec{Name: fmt.Sprintf("p%d", i), Type: "text"})
				}
			},
			"fault": func(t *otpcore.TemplateText) { t.Chat = "a fault that the renderer finds" },
		} {
			c := h.change("gate", "en", "one")
			change(&c.Text)
			_, err := h.Templates.Save(h.t.Context(), h.by, c)
			e, ok := errors.AsType[*otpcore.Error](err)
			if !ok || e.Code != "text_invalid" || len(e.Errors) != 1 || e.Errors[0].Code != strings.TrimSpace(code) {
				t.Errorf("%s: %+v", code, err)
			}
		}
		for _, at := range []otpcore.TemplateChange{h.change("Gate", "en", "x"), h.change("gate", "xx", "x"), h.change("../a", "en", "x")} {
			if _, err := h.Templates.Save(h.t.Context(), h.by, at); otpcore.CodeOf(err) != "template_unknown" {
				t.Errorf("%s %s: %v", at.Key, at.Locale, err)
			}
		}
	})
}

// TestVersionsAreBounded: fifty are kept, and none goes while a message may
// still be made of it.
func TestVersionsAreBounded(t *testing.T) {
	inHouse(t, func(h *house) {
		ctx := h.t.Context()
		for i := range 50 {
			h.save(h.change("gate", "en", fmt.Sprint("text ", i)))
		}
		_, err := h.Templates.Save(ctx, h.by, h.change("gate", "en", "one more"))
		if e, ok := errors.AsType[*otpcore.Error](err); !ok || e.Code != "template_busy" || e.RetryAfter != time.Hour {
			t.Fatalf("the 51st within an hour: %v", err)
		}
		h.save(h.change("gate", "ru", "ещё")) // another locale is another text
		time.Sleep(time.Hour)
		h.save(h.change("gate", "en", "one more"))
		list, err := h.Templates.Versions(ctx, h.by, "gate", "en")
		if err != nil || len(list) != 50 || list[0].Text.Chat != "one more" || list[49].Version != 2 {
			t.Errorf("%d versions, %v", len(list), err)
		}
	})
}

func TestKeysAreBounded(t *testing.T) {
	inHouse(t, func(h *house) {
		ctx := h.t.Context()
		for i := range 100 {
			h.save(h.change(fmt.Sprint("key", i), "en", "text"))
		}
		if _, err := h.Templates.Save(ctx, h.by, h.change("more", "en", "text")); otpcore.CodeOf(err) != "too_many_templates" {
			t.Errorf("the 101st key: %v", err)
		}
		for i := range 100 { // as many again, one at a time
			if err := h.Templates.Remove(ctx, h.by, otpcore.TemplateChange{Key: "key0", Locale: "en"}); i == 0 && err != nil {
				t.Fatal(err)
			}
			h.reread()
			key := fmt.Sprint("more", i)
			h.save(h.change(key, "en", "text"))
			if i < 99 {
				if err := h.Templates.Remove(ctx, h.by, otpcore.TemplateChange{Key: key, Locale: "en"}); err != nil {
					t.Fatal(err)
				}
				h.reread()
			}
		}
		if err := h.Templates.Remove(ctx, h.by, otpcore.TemplateChange{Key: "more99", Locale: "en"}); err != nil {
			t.Fatal(err)
		}
		h.reread()
		if _, err := h.Templates.Save(ctx, h.by, h.change("last", "en", "text")); otpcore.CodeOf(err) != "template_busy" {
			t.Errorf("a key too many within an hour: %v", err)
		}
		time.Sleep(time.Hour)
		h.save(h.change("last", "en", "text"))
		if list, err := h.Templates.Versions(ctx, h.by, "key0", "en"); err != nil || len(list) != 0 {
			t.Errorf("the key that was out of force for longest: %d versions, %v", len(list), err)
		}
		all, err := h.Templates.List(ctx, h.by)
		if err != nil || len(all) != 100+3 || !slices.IsSortedFunc(all, func(a, b otpcore.TemplateKey) int { return strings.Compare(a.Key, b.Key) }) {
			t.Errorf("%d keys, %v", len(all), err)
		}
	})
}

// TestNumbersOfVersionsNeverComeBack: a key whose versions were dropped goes on
// behind its last one, so that nobody is shown what an old number stood for.
func TestNumbersOfVersionsNeverComeBack(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		turn := func(key, says string) { // in force and out again
			h.save(h.change(key, "en", says))
			if err := h.Templates.Remove(h.t.Context(), h.by, otpcore.TemplateChange{Key: key, Locale: "en"}); err != nil {
				t.Fatal(err)
			}
			h.reread()
		}
		h.save(h.change("gate", "en", "the old words"))
		h.begin(named("gate", "en"))
		if said := h.lastSaid(1); !strings.Contains(said, "the old words") {
			t.Fatalf("said %q", said)
		}
		turn("gate", "older words")
		for i := range 199 {
			turn(fmt.Sprint("key", i), "text")
		}
		time.Sleep(time.Hour)
		turn("last", "text") // takes the place of gate
		if list, err := h.Templates.Versions(h.t.Context(), h.by, "gate", "en"); err != nil || len(list) != 0 {
			t.Fatalf("%d versions of what was dropped, %v", len(list), err)
		}
		if made := h.save(h.change("gate", "en", "the new words")); made.Version != 4 {
			t.Errorf("the key goes on with version %d, want 4: three are gone", made.Version)
		}
		h.begin(named("gate", "en"))
		if said := h.lastSaid(2); !strings.Contains(said, "the new words") {
			t.Errorf("said %q", said)
		}
	})
}

func TestPreviewStoresNothing(t *testing.T) {
	inHouse(t, func(h *house) {
		ctx := h.t.Context()
		draft := ownText("draft")
		draft.Params = []otpcore.ParamSpec{{Name: "total", Type: "money"}, {Name: "day", Type: "date"}, {Name: "who", Type: "name"}}
		r := otpcore.PreviewRequest{Key: "gate", Locale: "en", Draft: &draft, Params: map[string]otpcore.Param{"who": {Text: "Asel"}}}
		got, err := h.Templates.Preview(ctx, h.by, r, time.Now())
		if err != nil || len(got) != 3 || got[2].Channel != sm || got[2].Size == nil || got[0].Size != nil {
			t.Fatalf("%+v, %v", got, err)
		}
		for _, p := range got {
			if !strings.Contains(p.Message.Text, "123456") || !strings.Contains(p.Message.Text, "Asel") || !strings.Contains(p.Message.Text, "4990.00 USD") {
				t.Errorf("%s: %q", p.Channel, p.Message.Text)
			}
		}
		r.Params = map[string]otpcore.Param{"who": {Text: "evil.com"}}
		if _, err := h.Templates.Preview(ctx, h.by, r, time.Now()); otpcore.CodeOf(err) != "var_not_allowed" {
			t.Errorf("a value that no start accepts: %v", err)
		}
		draft.Chat = "fault"
		_, err = h.Templates.Preview(ctx, h.by, r, time.Now())
		if e, ok := errors.AsType[*otpcore.Error](err); !ok || e.Code != "text_invalid" || e.Field != "/draft/chat" || e.Errors[0].Field != "/draft/chat" {
			t.Errorf("a faulty draft: %+v", err)
		}
		r.Draft = nil
		if _, err := h.Templates.Preview(ctx, h.by, r, time.Now()); otpcore.CodeOf(err) != "template_unknown" {
			t.Errorf("nothing was saved, and yet: %v", err)
		}
		if list, err := h.Templates.Versions(ctx, h.by, "gate", "en"); err != nil || len(list) != 0 {
			t.Errorf("a preview left %d versions, %v", len(list), err)
		}
	})
}

// TestLanguagesWithoutBuiltInTexts: a business may write in them, beside what is
// built in and alone, and says how it asks not to share a code.
func TestLanguagesWithoutBuiltInTexts(t *testing.T) {
	inHouse(t, func(h *house) {
		ctx := h.t.Context()
		if _, err := h.Templates.Save(ctx, h.by, h.change("gate", "de", "Schranke")); otpcore.CodeOf(err) != "text_invalid" {
			t.Errorf("without a warning: %v", err)
		}
		warned := func(key, locale, says string) otpcore.TemplateChange {
			c := h.change(key, locale, says)
			c.Text.Warning = "Nicht weitergeben"
			return c
		}
		if _, err := h.Templates.Save(ctx, h.by, warned("gate", "en", "gate")); otpcore.CodeOf(err) != "text_invalid" {
			t.Errorf("with a warning that is known: %v", err)
		}
		if _, err := h.Templates.Save(ctx, h.by, warned("gate", "xx", "gate")); otpcore.CodeOf(err) != "template_unknown" {
			t.Errorf("in no language: %v", err)
		}
		h.save(warned("gate", "de", "Schranke"))
		h.save(h.change("gate", "ru", "шлагбаум"))
		h.save(warned("login", "de", "Anmeldung"))
		h.linkUser("100")
		for n, c := range []struct{ key, locale, chosen, want string }{
			{"gate", "de-AT", "", "Schranke"},
			{"gate", "ru", "", "шлагбаум"},
			{"login", "de", "", "Anmeldung"},
			{"login", "ru", "", "is your login code"}, // built in
			{"gate", "de", "ru", "шлагбаум"},          // what the chat chose goes before what the start says
			{"login", "de", "kk", "is your login code"},
			{"gate", "de", "kk", "Schranke"}, // nothing in Kazakh
		} {
			if c.chosen != "" {
				h.speak("100", c.chosen)
			}
			s := h.begin(named(c.key, c.locale))
			if got := h.lastSaid(n + 1); !strings.Contains(got, c.want) {
				t.Errorf("%s in %s, chosen %q: %q", c.key, c.locale, c.chosen, got)
			}
			if _, err := h.Verifications.Cancel(ctx, h.by, s.Verification.ID, nil); err != nil {
				t.Fatal(err)
			}
			if n == 3 {
				time.Sleep(25 * time.Hour) // a phone may be asked five times a day
			}
			time.Sleep(20 * time.Minute)
		}
		all, err := h.Templates.List(ctx, h.by)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range all {
			if k.Key == "login" && !slices.Equal(k.Locales, []string{"de", "en", "kk", "ru", "uz"}) || k.Key == "gate" && !slices.Equal(k.Locales, []string{"de", "ru"}) {
				t.Errorf("%s has texts in %q", k.Key, k.Locales)
			}
		}
	})
}
