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
	"business": "Shop", "phone": "+7701•••4567", "shared": "+7916•••4567", "expected": "+7701•••4567", "hours": "1",
	"until": "15:32", "bot": "shop_bot", "text": "Write to us:\nMonday to Friday", "verification": "vrf_01",
}

// replyKeys are the answers that the linking conversation relies on.
var replyKeys = []string{
	"already_over", "bot_bad_credentials", "bot_conflict", "bot_in_use", "greeting", "greeting_any", "help", "linked", "not_own_contact", "not_paused_kept",
	"not_started", "nothing_linked", "paused", "privacy", "replaced", "reported", "resumed", "stopped", "support", "support_none",
	"token_expired", "token_unknown", "token_used", "type_number_not_enough", "wrong_phone",
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
		for _, key := range []string{"greeting", "greeting_any", "wrong_phone", "not_own_contact", "type_number_not_enough"} {
			m := mustReply(t, key, locale)
			if m.Keyboard.SharePhone == "" || m.Keyboard.Remove {
				t.Errorf("%s: keyboard %+v", key, m.Keyboard)
			}
			if key != "wrong_phone" && !strings.Contains(m.Text, m.Keyboard.SharePhone) {
				t.Errorf("%s %s does not name the button %q: %s", key, locale, m.Keyboard.SharePhone, m.Text)
			}
		}
		for _, key := range []string{"linked", "stopped", "replaced"} {
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

func TestReplyWantsItsArgs(t *testing.T) {
	r := mustRenderer(t)
	for _, c := range []struct {
		key  string
		args map[string]string
		want string
	}{
		{"nonesuch", replyArgs, "unknown"},
		{"greeting", map[string]string{"business": "Shop"}, "phone is missing"},
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
	forbidden := []string{"reply with", "send the code", "send your code", "enter the code", "отправьте код", "пришлите код", "введите код", "ответьте"}
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
