package whatsappcloud

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/whatsappcloudsim"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

func TestSenderContract(t *testing.T) {
	coretest.TestSender(t, coretest.SenderHarness{
		New: func(t testing.TB, base string, log *slog.Logger) otpcore.Sender {
			client, err := NewClient(base, "")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			f := NewFactory(client, Options{Log: log})
			return f.Connect(otpcore.Bot{ID: "bot_a", State: otpcore.BotConnected}, credential(nil), &desk{changed: make(chan struct{})})
		},
		Outgoing: withCode("482913"),
		Accept: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"messaging_product":"whatsapp","messages":[{"id":"wamid.42","message_status":"accepted"}]}`))
		},
		MessageID: "wamid.42",
		Refuse: func(w http.ResponseWriter, r coretest.Refusal) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(r.Status)
			text, err := json.Marshal(r.Text)
			if err == nil && r.Status != http.StatusNotModified {
				_, _ = fmt.Fprintf(w, `{"error":{"message":%s,"type":"OAuthException","code":999999,"error_data":{"details":%s}}}`, text, text)
			}
		},
		Credentials: []string{goodToken, secret},
	})
}

func TestCodeGoesOutTwiceInTheNearestLanguage(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil).ready()
	accepted, err := n.Send(t.Context(), withCode("048213"))
	n.must(err)
	got := n.graph.Messages(annas)
	if len(got) != 1 || got[0].Code != "048213" || got[0].Language != "ru" || got[0].Template != "otpravka_code" ||
		got[0].Reference != "dlv_01kpx3q8e5f1ttgq0g7m9y2c4d" || accepted.MessageID != got[0].ID || accepted.Provider != "whatsapp_cloud" {
		t.Fatalf("accepted as %+v, the phone has %+v", accepted, got)
	}
	o := withCode("048213")
	o.Locale = "de"
	_, err = n.Send(t.Context(), o)
	n.must(err)
	if got := n.graph.Messages(annas); got[1].Language != "en" {
		t.Errorf("an unknown language becomes %q", got[1].Language)
	}
	if call := n.graph.Calls("messages")[0]; call.Header.Get("Authorization") != "Bearer "+goodToken || call.Params["id"] != shop.PhoneNumberID {
		t.Errorf("call is %+v", call)
	}
}

func TestCodesThatNoTemplateCarriesAreNotSent(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil).ready()
	for name, o := range map[string]otpcore.Outgoing{
		"long":      withCode(strings.Repeat("1", 16)),
		"none":      {Phone: otpcore.NewPhone(annas, "KZ"), Message: otpcore.Message{Text: "Your order is on its way"}},
		"beyond":    {Phone: otpcore.NewPhone(annas, "KZ"), Message: otpcore.Message{Text: "4829", Mono: []otpcore.Span{{Start: 0, End: 9}}}},
		"no number": {Message: withCode("482913").Message},
	} {
		if _, err := n.Send(t.Context(), o); refusal(t, err).Class != otpcore.ClassContentRejected {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := n.graph.Calls("messages"); len(got) != 0 {
		t.Errorf("%d calls", len(got))
	}
}

func TestChatsGetTextsWithButtonsWhileTheirWindowIsOpen(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil).ready()
	id := otpcore.NewID(otpcore.PrefixVerification, time.Now())
	o := withCode("482913")
	o.Chat = "77011234567"
	o.Message.Buttons = [][]otpcore.Button{
		{{Label: "Copy", Copy: "482913"}},
		{{Label: "No, that was not me at all", Action: otpcore.Action{Verb: otpcore.ActNotMe, ID: id}}},
		{{Label: "Back", URL: "https://shop.example/"}},
	}
	_, err := n.Send(t.Context(), o)
	if e := refusal(t, err); e.Class != otpcore.ClassSenderNotAllowed {
		t.Errorf("outside of the window: %v", e)
	}
	_, _ = n.graph.Says(t.Context(), shop.PhoneNumberID, annas, "hi") // nobody has entered an address; the window opens
	_, err = n.Send(t.Context(), o)
	n.must(err)
	got := n.graph.Messages(annas)[0]
	if got.Text != "482913 is your code\nBack: https://shop.example/" || got.Buttons["No, that was not me…"] != "notme:"+string(id) {
		t.Errorf("the phone has %+v", got)
	}
	if err := n.Edit(t.Context(), got.ID, o); refusal(t, err).Class != otpcore.ClassUnsupported {
		t.Errorf("edit: %v", err)
	}
}

func TestNewsGoesIntoAClosedChatInApprovedWords(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil).ready()
	o := otpcore.Outgoing{
		Chat: "77011234567", Locale: "ru", OpenUntil: time.Now().Add(-time.Second),
		Message: otpcore.Message{
			Text:    "Book House\nЗаказ №1042 в пути\n\t2 ×  Старик и море\n\nКод для курьера: 4821",
			Buttons: [][]otpcore.Button{{{Label: "Копировать", Copy: "4821"}}, {{Label: "Где заказ", URL: "https://shop.example/1042"}}},
		},
	}
	_, err := n.Send(t.Context(), o)
	n.must(err)
	got := n.graph.Messages(annas)[0]
	const want = "Новости о вашем заказе: Book House · Заказ №1042 в пути · 2 × Старик и море · Код для курьера: 4821 · " +
		"Где заказ: https://shop.example/1042 Если есть вопрос, ответьте на это сообщение."
	if got.Text != want || got.Template != "otpravka_order" || got.Language != "ru" {
		t.Errorf("the phone has %+v", got)
	}
	// What is too long keeps its beginning, and its end with the code.
	o.Message.Text = "Book House\n" + strings.Repeat("Старик и море\n", 100) + "\nКод для курьера: 4821"
	_, err = n.Send(t.Context(), o)
	n.must(err)
	if got := n.graph.Messages(annas)[1].Text; !strings.Contains(got, ": Book House · Старик") || !strings.Contains(got, "Код для курьера: 4821 · Где заказ") {
		t.Errorf("the phone has %s", got)
	}
	// While the window is open the same goes out as it is.
	_, _ = n.graph.Says(t.Context(), shop.PhoneNumberID, annas, "hi")
	o.OpenUntil = time.Now().Add(time.Hour)
	_, err = n.Send(t.Context(), o)
	n.must(err)
	if got := n.graph.Messages(annas)[2]; got.Type != "text" || !strings.HasPrefix(got.Text, "Book House\n") {
		t.Errorf("the phone has %+v", got)
	}
}

func TestErrorsOfMeta(t *testing.T) {
	for code, want := range map[int]otpcore.ErrorClass{
		190: otpcore.ClassAuth, 10: otpcore.ClassAuth, 200: otpcore.ClassAuth, 131026: otpcore.ClassNotOnChannel,
		131047: otpcore.ClassSenderNotAllowed, 131048: otpcore.ClassThrottled, 131049: otpcore.ClassUnreachable,
		131021: otpcore.ClassBadNumber, 131056: otpcore.ClassThrottled, 130429: otpcore.ClassThrottled, 80007: otpcore.ClassThrottled, 130472: otpcore.ClassUnreachable,
		130497: otpcore.ClassNoRoute, 131031: otpcore.ClassSenderNotAllowed, 368: otpcore.ClassSenderNotAllowed,
		131042: otpcore.ClassNoFunds, 131062: otpcore.ClassBadNumber, 132000: otpcore.ClassContentRejected,
		132001: otpcore.ClassTemplateMissing, 132015: otpcore.ClassTemplateMissing, 100: otpcore.ClassContentRejected,
		131000: otpcore.ClassProviderDown, 131016: otpcore.ClassProviderDown, 777: otpcore.ClassUnknown,
	} {
		n := newNumber(t, whatsappcloudsim.Options{}, nil)
		n.graph.Fail(fault.Rule{Method: "messages", Status: 400, Description: strconv.Itoa(code)})
		_, err := n.Send(t.Context(), withCode("482913"))
		e := refusal(t, err)
		if e.Class != want {
			t.Errorf("%d: %v, want %s", code, err, want)
		}
		falls := map[int]otpcore.BotState{
			190: otpcore.BotBadCredentials, 10: otpcore.BotBadCredentials, 200: otpcore.BotBadCredentials,
			131031: otpcore.BotRestricted, 368: otpcore.BotRestricted, 131042: otpcore.BotRestricted,
		}
		if state := falls[code]; state == "" && n.desk.fell != nil || state != "" && (n.desk.fell == nil || n.desk.fell.State != state) {
			t.Errorf("%d: the bot fell: %v", code, n.desk.fell)
		}
		if code == 131056 && e.RetryAfter != 6*time.Second {
			t.Errorf("pair limit: retry after %s", e.RetryAfter)
		}
		if text := fmt.Sprint(err, n.desk.fell, n.logs.String()); strings.Contains(text, goodToken) || strings.Contains(text, annas[1:]) || strings.Contains(text, "482913") {
			t.Errorf("%d: a secret in %s", code, text)
		}
	}
}

func TestSpamLimitPausesTheNumber(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil).ready()
	n.graph.Fail(fault.Rule{Method: "messages", Status: 400, Description: "131048"})
	for range 2 {
		_, err := n.Send(t.Context(), withCode("482913"))
		if e := refusal(t, err); e.Class != otpcore.ClassThrottled || e.RetryAfter < 9*time.Minute {
			t.Errorf("%v, retry after %s", err, e.RetryAfter)
		}
	}
	if got := n.graph.Calls("messages"); len(got) != 1 {
		t.Errorf("%d calls", len(got))
	}
	n.desk.until(t, "the state", func() bool { return n.desk.states[len(n.desk.states)-1] == string(otpcore.BotLimited) })
	n.pausedUntil.Store(time.Now().UnixMilli())
	n.lookAgain()
	n.desk.until(t, "its end", func() bool { return n.desk.states[len(n.desk.states)-1] == "connected" })
}

// TestRefusalsOfOneTemplateAskSeldom: Meta allows some hundred questions about texts an
// hour, and a business sends as many codes a minute.
func TestRefusalsOfOneTemplateAskSeldom(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil).ready()
	before := len(n.graph.Calls("message_templates"))
	n.graph.Fail(fault.Rule{Method: "messages", Times: fault.Always, Status: 400, Description: "132001"})
	for range 200 {
		if _, err := n.Send(t.Context(), withCode("482913")); refusal(t, err).Class != otpcore.ClassTemplateMissing {
			t.Fatal(err)
		}
	}
	n.desk.until(t, "the look", func() bool { return len(n.desk.states) > 1 })
	if asked := len(n.graph.Calls("message_templates")) - before; asked > 10 {
		t.Errorf("Meta was asked %d times", asked)
	}
}
