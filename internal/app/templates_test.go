package app_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/telegramsim"
)

// gate is a template that can be sent.
func gate(more fields) fields {
	f := fields{
		"name": "gate code", "params": []fields{{"name": "car", "type": "text", "required": true}}, "sms_segments": 2,
		"chat": "{{code}} opens the gate for {{car}}.", "sms": []string{"{{code}} opens the {{brand}} gate for {{car}}. Do not share it."},
	}
	maps.Copy(f, more)
	return f
}

func saving(key string, f fields) func(*shop, string) answer {
	return func(s *shop, _ string) answer { return s.ask("PUT", "/v1/templates/"+key+"/en", f) }
}

func provokeTemplateBusy(s *shop, _ string) answer {
	for i := range 50 {
		s.save("gate", "en", gate(fields{"name": fmt.Sprint("gate code ", i)}))
	}
	return saving("gate", gate(nil))(s, "")
}

func provokeTooManyTemplates(s *shop, _ string) answer {
	for i := range 100 {
		s.save(fmt.Sprint("gate", i), "en", gate(nil))
	}
	return saving("gate", gate(nil))(s, "")
}

type savedText struct {
	Key, Locale, Source, Chat, Author string
	Version                           int
	SMS                               []string `json:"sms"`
	Params                            []fields
	Removed                           bool
}

func (s *shop) save(key, locale string, f fields) savedText {
	s.Helper()
	var out savedText
	s.ask("PUT", "/v1/templates/"+key+"/"+locale, f).into(s, http.StatusOK, &out)
	return out
}

type previewed struct {
	Channels []struct {
		Channel, Text, Encoding string
		Buttons, Notes          []string
		Segments                int
	}
}

// TestABusinessSaysItsOwnText goes the way of an integrator: preview a draft,
// save it, send it in a chat and by SMS, change it, and go back.
func TestABusinessSaysItsOwnText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.addBot(61)
	anna := shop.link("+77018643001")
	var shown previewed
	params := fields{"car": "a blue bus"}
	shop.ask("POST", "/v1/templates/gate/en/preview", fields{"draft": gate(nil), "params": params}).into(shop, http.StatusOK, &shown)
	if a := shop.ask("GET", "/v1/templates/gate/en", nil); a.code != "template_unknown" {
		t.Fatalf("a preview was stored: %s", a.body)
	}
	made := shop.save("gate", "en", gate(fields{"version": 0}))
	if made.Version != 1 || made.Source != "own" || !strings.HasPrefix(made.Author, "key_") {
		t.Errorf("saved %+v", made)
	}
	start := fields{"phone": "+77018643001", "template": "gate", "locale": "en", "params": params, "code": "493021"}
	shop.begin(start)
	m, err := anna.WaitMessage(w.ctx(), shop.bot, telegramsim.HasText("opens the gate"))
	shop.must(err)
	first, _, _ := strings.Cut(shown.Channels[0].Text, "\n")
	if got, _, _ := strings.Cut(m.Text, "\n"); got != strings.Replace(first, "123456", "493021", 1) {
		t.Errorf("the chat shows %q, the preview %q", got, first)
	}
	start["channels"] = []string{"sms"}
	shop.begin(start)
	want := strings.Replace(shown.Channels[2].Text, "123456", "493021", 1)
	if sms := shop.waitSMS("+77018643001").Text; sms != want || shown.Channels[2].Encoding != "GSM-7" || shown.Channels[2].Segments != 1 {
		t.Errorf("by SMS %q, the preview %+v", sms, shown.Channels[2])
	}
	shop.save("gate", "en", gate(fields{"version": 1, "chat": "{{code}} lets {{car}} in."}))
	var back savedText
	shop.ask("POST", "/v1/templates/gate/en/restore", fields{"version": 1}, "Idempotency-Key", "back").into(shop, http.StatusOK, &back)
	if back.Version != 3 || back.Chat != made.Chat {
		t.Errorf("went back to %+v", back)
	}
	if a := shop.ask("DELETE", "/v1/templates/gate/en", nil); a.status != http.StatusNoContent {
		t.Errorf("delete: %s", a.body)
	}
	var kept struct{ Items []savedText }
	shop.ask("GET", "/v1/templates/gate/en/versions", nil).into(shop, http.StatusOK, &kept)
	if len(kept.Items) != 4 || !kept.Items[0].Removed || kept.Items[3].Version != 1 {
		t.Errorf("versions %+v", kept.Items)
	}
	if a := shop.ask("POST", "/v1/verifications", start); a.code != "template_unknown" {
		t.Errorf("a start of what was removed: %s", a.body)
	}
}

// TestBuiltInTextsAreOffered: what is built in can be read, listed and taken as
// a beginning.
func TestBuiltInTextsAreOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *app.Config) { cfg.CallsPerSecond = 1000 })
	shop := w.business("Shop")
	var list struct {
		Items []struct {
			Key, Proof string
			Context    []fields
			Texts      []struct{ Locale, Source string }
		}
	}
	shop.ask("GET", "/v1/templates", nil).into(shop, http.StatusOK, &list)
	if len(list.Items) != 5 {
		t.Fatalf("%d templates", len(list.Items))
	}
	for _, k := range list.Items {
		for _, text := range k.Texts {
			var f fields
			shop.ask("GET", "/v1/templates/"+k.Key+"/"+text.Locale, nil).into(shop, http.StatusOK, &f)
			for _, answered := range []string{"key", "locale", "source"} {
				delete(f, answered)
			}
			if made := shop.save(k.Key, text.Locale, f); made.Source != "own" {
				t.Errorf("%s %s: %+v", k.Key, text.Locale, made)
			}
		}
	}
	a := shop.ask("PUT", "/v1/templates/payment/en", fields{"chat": "{{code}} for {{payee}}", "sms": []string{"{{code}} {{brand}} {{amount}} do not share"}})
	if a.code != "text_invalid" || !strings.Contains(string(a.body), "{{amount}} is missing") || !strings.Contains(string(a.body), "/sms/0") {
		t.Errorf("a payment without its amount: %s", a.body)
	}
}

// TestT32TemplatesOfOthers: nobody sees, changes or sends what another business
// says.
func TestT32TemplatesOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, other := w.business("Owner"), w.business("Other")
	owner.save("gate", "en", gate(nil))
	for _, a := range []answer{
		other.ask("GET", "/v1/templates/gate/en", nil),
		other.ask("DELETE", "/v1/templates/gate/en", nil),
		other.ask("POST", "/v1/templates/gate/en/restore", fields{"version": 1}),
		other.ask("POST", "/v1/templates/gate/en/preview", fields{}),
		other.ask("POST", "/v1/verifications", fields{"phone": "+77018643002", "template": "gate", "params": fields{"car": "x"}}),
	} {
		if a.status != http.StatusNotFound || a.code != "template_unknown" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	var kept struct{ Items []savedText }
	other.ask("GET", "/v1/templates/gate/en/versions", nil).into(other, http.StatusOK, &kept)
	if len(kept.Items) != 0 {
		t.Errorf("another business's versions: %+v", kept.Items)
	}
}

// TestT32ValuesOfOwnTemplates sends thirty values that lead away, look like a
// code or hide something: each is refused before anything is stored.
func TestT32ValuesOfOwnTemplates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *app.Config) { cfg.CallsPerSecond = 1000 })
	shop := w.business("Shop")
	shop.save("gate", "en", gate(nil))
	for _, value := range []string{
		"https://evil.example", "http://x.kz", "hxxp://x.kz", "evil.com", "evil。com", "evil[.]com", "evil(.)com", "evil．com", "www.evil", "t.me/x",
		"ftp://x", "javascript:alert(1)", "tg://resolve", "tel:+7701", "mailto:a", "a@b", "@evil", "аpple.com", "xn--80ak6aa92e.com", "пример.рф",
		"code 1234", "1 2 3 4", "12-34", "١٢٣٤", "a\u202eb", "a\u2066b", "a\u200bb", "a\u200db", "z\u0335\u0335\u0335", "two\nlines",
	} {
		a := shop.ask("POST", "/v1/verifications", fields{"phone": "+77018643003", "template": "gate", "params": fields{"car": value}})
		if a.status != http.StatusUnprocessableEntity || a.code != "var_not_allowed" {
			t.Errorf("%q: %d %s", value, a.status, a.body)
		}
	}
}

// TestT31OwnTextsAreLiteral: what other programs would read as markup, as a
// template or as a command comes out of a business's text, and out of the values
// in it, as it went in: in the chat and through the provider's JSON.
func TestT31OwnTextsAreLiteral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	shop.addBot(62)
	anna := shop.link("+77018643006")
	const hostile = `<b>x</b> <a href=x> &lt; *y* _z_ [q](w) "quotes" \n %s%d ${code} {.Code} $(id) '; DROP`
	const value = `"<i>a</i>" \ {code} %s *b*`
	shop.save("gate", "en", gate(fields{
		"sms_segments": 4, "chat": "{{code}} " + hostile + " {{car}}", "sms": []string{"{{code}} {{brand}} " + hostile + " {{car}}. Do not share it."},
	}))
	start := fields{"phone": "+77018643006", "template": "gate", "locale": "en", "params": fields{"car": value}, "code": "493021"}
	shop.begin(start)
	m, err := anna.WaitMessage(w.ctx(), shop.bot, telegramsim.HasText("493021"))
	shop.must(err)
	if got, _, _ := strings.Cut(m.Text, "\n"); got != "493021 "+hostile+" "+value {
		t.Errorf("the chat shows %q", got)
	}
	start["channels"] = []string{"sms"}
	shop.begin(start)
	if got := shop.waitSMS("+77018643006").Text; got != "493021 Shop "+hostile+" "+value+". Do not share it." {
		t.Errorf("by SMS %q", got)
	}
}

// TestT33LinesForPhones: the settings add the lines by which browsers and apps
// find the code, to SMS only.
func TestT33LinesForPhones(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	for field, refused := range map[string]fields{
		"/sms_origin":   {"sms_origin": "evil.example"},
		"/sms_app_hash": {"sms_app_hash": "FA+9qCX9VS"},
	} {
		if a := shop.ask("PATCH", "/v1/settings", refused); a.code != "invalid_value" || !strings.Contains(string(a.body), field) {
			t.Errorf("%v: %s", refused, a.body)
		}
	}
	var set struct {
		SMSOrigin  string `json:"sms_origin"`
		SMSAppHash string `json:"sms_app_hash"`
	}
	shop.ask("PATCH", "/v1/settings", fields{"return_hosts": []string{"shop.kz"}, "sms_origin": "shop.kz", "sms_app_hash": "FA+9qCX9VSu"}).into(shop, http.StatusOK, &set)
	if set.SMSOrigin != "shop.kz" || set.SMSAppHash != "FA+9qCX9VSu" {
		t.Errorf("settings %+v", set)
	}
	if a := shop.ask("PATCH", "/v1/settings", fields{"return_hosts": []string{}}); a.code != "invalid_value" {
		t.Errorf("a host that codes are bound to was taken off the list: %s", a.body)
	}
	shop.begin(fields{"phone": "+77018643004", "locale": "en", "code": "493021"})
	if sms := shop.waitSMS("+77018643004").Text; !strings.HasSuffix(sms, "ask for it.\nFA+9qCX9VSu\n@shop.kz #493021") {
		t.Errorf("%q", sms)
	}
	shop.ask("PATCH", "/v1/settings", fields{"sms_origin": "", "sms_app_hash": ""}).into(shop, http.StatusOK, &set)
	shop.begin(fields{"phone": "+77018643005", "locale": "en", "code": "493021"})
	if sms := shop.waitSMS("+77018643005").Text; !strings.HasSuffix(sms, "ask for it.") {
		t.Errorf("%q", sms)
	}
}

// TestLanguagesOfAKeyAreBounded: a text may be in any language, and a key in
// thirty.
func TestLanguagesOfAKeyAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop := w.business("Shop")
	languages := strings.Fields("af am ar az be bg bn bs ca cs cy da de el es et eu fa fi fr ga gl gu he hi hr hu hy id is it")
	for _, l := range languages[:30] {
		shop.save("gate", l, gate(fields{"warning": "Do not share"}))
	}
	if a := shop.ask("PUT", "/v1/templates/gate/"+languages[30], gate(fields{"warning": "Do not share"})); a.code != "too_many_templates" {
		t.Errorf("the 31st language: %d %s", a.status, a.body)
	}
	shop.save("gate", "af", gate(fields{"warning": "Do not share", "chat": "{{code}} opens {{car}}'s gate."}))
	var list struct {
		Items []struct {
			Key   string
			Texts []struct{ Locale string }
		}
	}
	shop.ask("GET", "/v1/templates", nil).into(shop, http.StatusOK, &list)
	for _, k := range list.Items {
		if k.Key == "gate" && len(k.Texts) != 30 {
			t.Errorf("%d texts are listed", len(k.Texts))
		}
	}
}
