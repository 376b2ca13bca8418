package demo

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestEveryEventHasASentence reads the events that the domain knows from its
// source: a new one must not show as a bare word.
func TestEveryEventHasASentence(t *testing.T) {
	words := words(t, "../../otpcore/event.go", "EventType")
	told := 0
	for _, word := range words {
		if strings.HasPrefix(word, "link.") || strings.HasPrefix(word, "bot.") || strings.HasPrefix(word, "webhook.") || strings.HasPrefix(word, "order.") {
			continue // not of a verification
		}
		told++
		lines := timeline(verification{Route: []string{"telegram", "sms"}, Timeline: []entry{
			{Type: word, Data: map[string]string{"channel": "telegram"}},
		}}, nil)
		if what := lines[0].What; what == word || !strings.HasSuffix(what, ".") {
			t.Errorf("%s is told as %q", word, what)
		}
	}
	if told < 15 {
		t.Fatalf("only %d events were found", told)
	}
}

// words returns the values of the string constants of a type.
func words(t *testing.T, path, typ string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == typ {
			word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, word)
		}
		return true
	})
	return found
}

func TestTimelineTellsWhy(t *testing.T) {
	begun := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	v := verification{CreatedAt: begun, Route: []string{"telegram", "sms"}}
	v.Deliveries = []delivery{{ID: "dlv_a", Channel: "telegram"}, {ID: "dlv_b", Channel: "sms"}, {ID: "dlv_c", Channel: "sms"}}
	for i := range v.Deliveries[1:] {
		v.Deliveries[i+1].Cost = &money{"12.50", "KZT"}
	}
	for _, tt := range []struct {
		entry
		want string
	}{
		{entry{Type: "verification.started", Data: map[string]string{"template": "payment"}}, "The route is Telegram, then SMS."},
		{entry{Type: "note.delivery_skipped", Data: map[string]string{"channel": "telegram", "reason": "link_unproven"}}, "This message needs a chat"},
		{entry{Type: "note.delivery_queued", Data: map[string]string{"channel": "telegram", "cause": "start"}}, "It comes first on the route"},
		{entry{Type: "note.delivery_queued", Data: map[string]string{"channel": "sms", "cause": "start"}}, "It is the next one on the route."},
		{entry{Type: "note.delivery_queued", Data: map[string]string{"channel": "sms", "cause": "timeout"}}, "Nobody has confirmed it in time."},
		{entry{Type: "note.delivery_queued", Data: map[string]string{"channel": "sms", "cause": "undeliverable"}}, "at once"},
		{entry{Type: "note.delivery_queued", Data: map[string]string{"channel": "sms", "cause": "resend"}}, "Attempts are not given back."},
		{entry{Type: "delivery.sent", DeliveryID: "dlv_a", Data: map[string]string{"channel": "telegram"}}, "Telegram has accepted the message, for free."},
		{entry{Type: "delivery.sent", DeliveryID: "dlv_b", Data: map[string]string{"channel": "sms"}}, "The SMS provider has accepted the message, for 12.50 KZT."},
		{entry{Type: "delivery.failed", Data: map[string]string{"channel": "sms", "message": "No such number."}}, "No such number."},
		{entry{Type: "note.delivery_retry", Data: map[string]string{"channel": "sms", "class": "provider_down", "in": "3s"}}, "The SMS provider is tried again in 3 s."},
		{entry{Type: "note.check_failed"}, "Attempt 1 is used up."},
		{entry{Type: "note.check_failed"}, "Attempt 2 is used up."},
		{entry{Type: "verification.approved"}, "It cost the shop 25.00 KZT."},
	} {
		v.Timeline = append(v.Timeline, tt.entry)
		lines := timeline(v, nil)
		if l := lines[len(lines)-1]; !strings.Contains(l.What+" "+l.Why, tt.want) {
			t.Errorf("%s %v is told as %q, %q; want %q", tt.Type, tt.Data, l.What, l.Why, tt.want)
		}
	}
	abroad := verification{Route: []string{"telegram"}, Timeline: []entry{{Type: "note.delivery_waiting_link", Data: map[string]string{"channel": "telegram"}}}}
	if l := timeline(abroad, nil)[0]; !strings.Contains(l.Why, "sends no SMS") {
		t.Errorf("a wait without an SMS behind it is told as %q", l.Why)
	}
}

// The route alone does not say by what a code was sent: a channel may be skipped.
func TestTriedNamesTheChannelsThatWereAsked(t *testing.T) {
	v := verification{Route: []string{"telegram", "whatsapp", "sms"}, Deliveries: []delivery{
		{Channel: "telegram", Status: "skipped"},
		{Channel: "whatsapp", Status: "failed", Try: 2},
		{Channel: "sms", Status: "failed", Try: 1},
		{Channel: "sms", Status: "failed", Try: 1},
	}}
	if got := names(tried(v), ", "); got != "WhatsApp, SMS" {
		t.Errorf("tried were %q", got)
	}
	if got := names(tried(verification{Route: v.Route}), ", "); got != "" {
		t.Errorf("nothing was sent, and tried were %q", got)
	}
}

func TestToneIsKnownToThePage(t *testing.T) {
	for _, word := range words(t, "../../otpcore/event.go", "EventType") {
		l := timeline(verification{Route: []string{"sms"}, Timeline: []entry{{Type: word}}}, nil)[0]
		if !slices.Contains([]string{"plain", "wait", "good", "bad"}, l.Tone) {
			t.Errorf("%s has the tone %q", word, l.Tone)
		}
	}
}
