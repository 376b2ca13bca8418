package telegram

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"otpravka/bot"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

func newTestSender(t testing.TB, base string) *sender {
	t.Helper()
	client, err := NewClient(base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &sender{client: client, token: goodToken, fell: func(*bot.Fall) {}}
}

func TestSenderContract(t *testing.T) {
	text := "Shop: 482913 is your code"
	coretest.TestSender(t, coretest.SenderHarness{
		New: func(t testing.TB, base string, _ *slog.Logger) otpcore.Sender { return newTestSender(t, base) },
		Outgoing: otpcore.Outgoing{
			DeliveryID: "dlv_1", Chat: "7", Phone: otpcore.NewPhone("+77011234567", "KZ"),
			Message: otpcore.Message{Text: text, Mono: []otpcore.Span{{Start: 6, End: 12}}},
		},
		Accept: func(w http.ResponseWriter, _ *http.Request) {
			writeAnswer(w, 200, `{"ok":true,"result":{"message_id":42,"date":1790000000,"chat":{"id":7,"type":"private"}}}`)
		},
		MessageID: "42",
		Refuse: func(w http.ResponseWriter, r coretest.Refusal) {
			parameters := ""
			if r.RetryAfter > 0 {
				parameters = fmt.Sprintf(`,"parameters":{"retry_after":%d}`, int(r.RetryAfter.Seconds()))
			}
			writeAnswer(w, r.Status, fmt.Sprintf(`{"ok":false,"error_code":%d,"description":%s%s}`, r.Status, encode(r.Text), parameters))
		},
		Credentials: []string{goodToken, token(goodToken).account(), strings.Split(goodToken, ":")[1]},
		Classes:     map[int]otpcore.ErrorClass{http.StatusForbidden: otpcore.ClassSenderNotAllowed},
	})
}

func writeAnswer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if status != http.StatusNotModified {
		_, _ = w.Write([]byte(body))
	}
}

func TestNewClient(t *testing.T) {
	for base, want := range map[string]bool{
		"": true, "https://api.telegram.org": true, "http://127.0.0.1:8081/": true, "https://proxy.example/tg%20api": true,
		"api.telegram.org": false, "ftp://example.com": false, "https://": false, "https://u:p@example.com": false,
		"https://example.com/?x=1": false, "https://example.com/#x": false, "http://bad host/": false,
	} {
		client, err := NewClient(base)
		if (err == nil) != want {
			t.Errorf("%q: error %v, want accepted %v", base, err, want)
		}
		if err == nil && strings.Count(fmt.Sprintf(client.endpoint, "T", "M"), "/botT/M") != 1 {
			t.Errorf("%q: endpoint is %s", base, client.endpoint)
		}
	}
}
