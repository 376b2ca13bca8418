package templates_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/templates"
)

var locales = []string{"en", "kk", "ru", "uz"}

// builtIn compiles the texts once for all tests.
var builtIn = sync.OnceValues(templates.New)

func mustRenderer(t testing.TB) *templates.Renderer {
	t.Helper()
	r, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// samples is one filled-in message of every template.
func samples() []otpcore.CodeText {
	at := time.Date(2026, 11, 22, 9, 29, 30, 0, time.UTC)
	base := otpcore.CodeText{
		Channel: otpcore.Telegram, Locale: "en", Brand: "Shop", Code: otpcore.NewCode("123456"),
		Verification: "vrf_01", Now: at, ValidUntil: at.Add(3 * time.Minute),
		Location: time.FixedZone("Asia/Almaty", 5*3600), Capabilities: otpcore.Capabilities{CanButton: true, CanEdit: true},
	}
	var all []otpcore.CodeText
	for _, c := range []struct {
		key             string
		params, context map[string]otpcore.Param
	}{
		{key: "login"},
		{key: "registration"},
		{key: "payment", context: map[string]otpcore.Param{"amount": money("4990.00", "KZT"), "payee": {Text: "Ivan Petrov"}}},
		{key: "order_confirm", params: map[string]otpcore.Param{"order": {Text: "A-1042"}, "total": money("1234567.50", "KZT")}},
		{key: "document_access", params: map[string]otpcore.Param{"document": {Text: "Blood test"}}},
	} {
		in := base
		in.Template, in.Params, in.Context = c.key, c.params, c.context
		all = append(all, in)
	}
	return all
}

func TestTemplatesDeclareWhatTheyNeed(t *testing.T) {
	r := mustRenderer(t)
	for _, in := range samples() {
		spec, ok := r.Template(in.Template)
		if !ok || spec.Key != in.Template {
			t.Fatalf("Template(%q) = %v, %v", in.Template, spec, ok)
		}
		wantProof := otpcore.ProofContact
		if in.Template == "payment" || in.Template == "document_access" {
			wantProof = otpcore.ProofSMS
		}
		if spec.Proof != wantProof {
			t.Errorf("%s needs proof %s, want %s", spec.Key, spec.Proof, wantProof)
		}
		if len(spec.Params) != len(in.Params) || len(spec.Context) != len(in.Context) {
			t.Errorf("%s: params %v and context %v", spec.Key, spec.Params, spec.Context)
		}
	}
	if spec, ok := r.Template("nonesuch"); ok {
		t.Errorf("Template(nonesuch) = %v", spec)
	}
}

func TestLocale(t *testing.T) {
	r := mustRenderer(t)
	for _, c := range []struct{ wanted, fallback, want string }{
		{"ru", "", "ru"},
		{"ru-RU", "en", "ru"},
		{"RU", "", "ru"},
		{"ru_KZ", "", "ru"},
		{"ru-Latn-RU", "", "ru"},
		{"en-GB", "ru", "en"},
		{"kk", "ru", "kk"},
		{"kk-KZ", "ru-KZ", "kk"},
		{"uz_Latn_UZ", "", "uz"},
		{"ky", "ru-KZ", "ru"},
		{"ky", "tg", "en"},
		{"", "", "en"},
		{"xx-YY", "", "en"},
		{"rus", "", "en"},
		{"../ru", "", "en"},
	} {
		if got := r.Locale(c.wanted, c.fallback); got != c.want {
			t.Errorf("Locale(%q, %q) = %q, want %q", c.wanted, c.fallback, got, c.want)
		}
	}
}

func TestHintNamesTheRouteAndNoMore(t *testing.T) {
	r := mustRenderer(t)
	name := map[otpcore.Channel]string{otpcore.Telegram: "Telegram", otpcore.WhatsApp: "WhatsApp", otpcore.SMS: "SMS"}
	for _, locale := range locales {
		for set := range 1 << len(otpcore.Channels) {
			var route []otpcore.Channel
			for i, ch := range otpcore.Channels {
				if set&(1<<i) != 0 {
					route = append([]otpcore.Channel{ch}, route...) // sms comes first
				}
			}
			hint := r.Hint(locale, route)
			if hint == "" {
				t.Errorf("%s %v: no hint", locale, route)
			}
			for i, ch := range otpcore.Channels {
				if strings.Contains(hint, name[ch]) != (set&(1<<i) != 0) {
					t.Errorf("%s %v: %s", locale, route, hint)
				}
			}
		}
	}
	if got := r.Hint("ru-KZ", []otpcore.Channel{otpcore.Telegram, otpcore.SMS}); !strings.Contains(got, "Код") {
		t.Errorf("Hint(ru-KZ) = %s", got)
	}
}

func TestHintFollowsTheOrder(t *testing.T) {
	r := mustRenderer(t)
	for _, locale := range locales {
		for first, route := range map[string][]otpcore.Channel{
			"Telegram": {otpcore.Telegram, otpcore.SMS},
			"WhatsApp": {otpcore.WhatsApp, otpcore.SMS},
			"SMS":      {otpcore.SMS, otpcore.Telegram, otpcore.WhatsApp},
		} {
			hint := r.Hint(locale, route)
			for _, later := range []string{"Telegram", "WhatsApp", "SMS"} {
				if at := strings.Index(hint, later); at >= 0 && at < strings.Index(hint, first) {
					t.Errorf("%s %v: %s", locale, route, hint)
				}
			}
		}
	}
}
