package templates_test

import (
	"slices"
	"strings"
	"testing"

	"otpravka/otpcore"
	"otpravka/templates"
)

// replyArgs holds a value for every arg of every answer.
var replyArgs = map[string]string{
	"business": "Shop", "phone": "+7 701 •••67", "shared": "+7 777 •••12", "expected": "+7 701 •••67", "hours": "1",
	"former": "+7 777 •••12", "url": "https://shop.example.com/login", "bot": "shop_bot", "host": "localhost", "token": "biz_01kpx3q8e5f1ttgq0g7m9y2c4d",
	"until": "15:32", "text": "Write to us:\nMonday to Friday", "verification": "vrf_01",
}

// replyKeys are the answers that the linking conversation relies on.
var replyKeys = []string{
	"about_which", "already_over", "bot_bad_credentials", "bot_conflict", "bot_in_use", "bot_limited", "bot_logged_out", "bot_outdated", "bot_phone_silent", "bot_replaced", "bot_restricted", "bot_templates_refused", "greeting", "greeting_any", "help", "language",
	"language_chosen", "linked", "moved_away", "muted", "not_own_contact", "not_paused_kept", "not_started", "nothing_linked", "number_changed",
	"number_unknown", "opener",
	"paused", "privacy", "renew", "renewed", "replaced", "reported", "reported_plain", "resumed", "stop_which", "stopped", "stopped_plain", "support", "support_none",
	"token_expired", "token_unknown", "token_used", "type_number_not_enough", "unmuted", "way_back", "webhook_failing", "webhook_gone", "which", "wrong_phone",
}

func mustReply(t testing.TB, key, locale string) otpcore.Message {
	t.Helper()
	m, err := mustRenderer(t).Reply(key, locale, replyArgs)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryReplyIsKnownToTheTests(t *testing.T) {
	if got := templates.ReplyKeys(); !slices.Equal(got, replyKeys) {
		t.Errorf("the table has %q, the tests know %q", got, replyKeys)
	}
}

func TestReplyKeyboardsAndButtons(t *testing.T) {
	for _, locale := range locales {
		for _, key := range []string{"greeting", "greeting_any", "wrong_phone", "not_own_contact", "type_number_not_enough", "renew"} {
			m := mustReply(t, key, locale)
			if m.Keyboard.SharePhone == "" || m.Keyboard.Remove {
				t.Errorf("%s: keyboard %+v", key, m.Keyboard)
			}
			if key != "wrong_phone" && !strings.Contains(m.Text, m.Keyboard.SharePhone) {
				t.Errorf("%s %s does not name the button %q: %s", key, locale, m.Keyboard.SharePhone, m.Text)
			}
		}
		for _, key := range []string{"linked", "renewed", "number_changed", "stopped", "replaced"} {
			if m := mustReply(t, key, locale); !m.Keyboard.Remove || m.Keyboard.SharePhone != "" {
				t.Errorf("%s: keyboard %+v", key, m.Keyboard)
			}
		}
		for key, verbs := range map[string][]otpcore.ActionVerb{
			"reported": {otpcore.ActPause, otpcore.ActNoStop}, "paused": {otpcore.ActResume}, "resumed": nil,
		} {
			m := mustReply(t, key, locale)
			if len(m.Buttons) != len(verbs) {
				t.Fatalf("%s: buttons %+v", key, m.Buttons)
			}
			for i, verb := range verbs {
				if b := m.Buttons[i][0]; b.Action != (otpcore.Action{Verb: verb, ID: "vrf_01"}) || b.Label == "" {
					t.Errorf("%s: button %+v", key, b)
				}
			}
		}
	}
}

func TestReplyOffersEveryLanguageInItsOwnWords(t *testing.T) {
	for _, locale := range locales {
		var got []string
		for _, row := range mustReply(t, "language", locale).Buttons {
			if row[0].Action.Verb != otpcore.ActSpeak || row[0].Action.ID != "" {
				t.Errorf("button %+v", row[0])
			}
			got = append(got, row[0].Action.Locale+" "+row[0].Label)
		}
		if want := []string{"en English", "kk Қазақша", "ru Русский", "uz O'zbekcha"}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
}

func TestWayBackLeadsToTheAddress(t *testing.T) {
	for locale, label := range map[string]string{
		"en": "Back to Shop", "ru": "Вернуться в Shop", "kk": "Shop бетіне оралу", "uz": "Shop sahifasiga qaytish",
	} {
		want := otpcore.Button{Label: label, URL: replyArgs["url"]}
		if m := mustReply(t, "way_back", locale); len(m.Buttons) != 1 || m.Buttons[0][0] != want {
			t.Errorf("%s: %+v", locale, m.Buttons)
		}
		in := samples()[0]
		in.Locale, in.ReturnURL = locale, want.URL
		for _, in.Wanted = range []otpcore.Wanted{"", otpcore.WantAlsoSMS} {
			if m := mustCode(t, in); len(m.Buttons) != 3 || m.Buttons[2][0] != want || m.Buttons[0][0].Copy == "" {
				t.Errorf("%s %s: %+v", locale, in.Wanted, m.Buttons)
			}
		}
		in.Wanted = otpcore.WantUsed
		if m := mustCode(t, in); len(m.Buttons) != 0 {
			t.Errorf("%s: an ended message has buttons: %+v", locale, m.Buttons)
		}
	}
}

func TestReplyWantsItsArgs(t *testing.T) {
	r := mustRenderer(t)
	for _, c := range []struct {
		key  string
		args map[string]string
		want string
	}{
		{"nonesuch", replyArgs, "unknown"},
		{"greeting", map[string]string{"business": "Shop"}, "phone is missing"},
		{"way_back", map[string]string{"business": "Shop"}, "url is missing"},
		{"reported", map[string]string{"hours": "1"}, "verification is missing"},
		{"linked", nil, "business is missing"},
	} {
		if m, err := r.Reply(c.key, "en", c.args); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Reply(%s) = %q, %v, want %q", c.key, m.Text, err, c.want)
		}
	}
}

func TestReplyValuesStayLiteral(t *testing.T) {
	m, err := mustRenderer(t).Reply("support", "en", map[string]string{"business": "{{text}}\nShop", "text": "<b>1</b>\r\n{{business}}\x00\u202e"})
	if err != nil || m.Text != "{{text}} Shop: <b>1</b>\n{{business}} " {
		t.Errorf("support = %q, %v", m.Text, err)
	}
}

// TestRepliesNeverAskForACode holds the rule of the messenger's terms: a bot
// may not ask people to send it codes.
func TestRepliesNeverAskForACode(t *testing.T) {
	forbidden := []string{"reply with", "send the code", "send your code", "enter the code", "отправьте код", "пришлите код", "введите код", "ответьте", "кодты жіберіңіз", "кодты енгізіңіз", "kodni yuboring", "kodni kiriting"}
	for _, locale := range locales {
		for _, key := range replyKeys {
			text := strings.ToLower(mustReply(t, key, locale).Text)
			for _, words := range forbidden {
				if strings.Contains(text, words) {
					t.Errorf("%s %s asks for a code: %s", key, locale, text)
				}
			}
		}
	}
}
