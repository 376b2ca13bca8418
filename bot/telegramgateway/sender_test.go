package telegramgateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"otpravka/bot"
	"otpravka/internal/sim/fault"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

func TestSenderContract(t *testing.T) {
	coretest.TestSender(t, coretest.SenderHarness{
		New: func(t testing.TB, base string, _ *slog.Logger) otpcore.Sender {
			client, err := NewClient(base)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			return &sender{client: client, token: goodToken, fell: func(*bot.Fall) {}}
		},
		Outgoing: withCode("482913"),
		Accept: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"ok":true,"result":{"request_id":"r42","request_cost":0.01,"delivery_status":{"status":"sent"}}}`))
		},
		MessageID: "r42",
		Refuse: func(w http.ResponseWriter, r coretest.Refusal) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(r.Status)
			text, err := json.Marshal(r.Text)
			if err == nil && r.Status != http.StatusNotModified {
				_, _ = fmt.Fprintf(w, `{"ok":false,"error":%s}`, text)
			}
		},
		Credentials: []string{goodToken},
	})
}

func TestSendSaysWhatTheGatewayNeeds(t *testing.T) {
	a := newAccount(t, "https://otp.example/callbacks/")
	accepted := a.send(withCode("0482"))
	if accepted.Provider != "telegram_gateway" || accepted.MessageID == "" ||
		accepted.Cost != (otpcore.Cost{Money: otpcore.Money{Amount: "0.01", Currency: "USD"}}) {
		t.Errorf("accepted as %+v", accepted)
	}
	call := a.gw.Calls("sendVerificationMessage")[0]
	for name, want := range map[string]string{
		"phone_number": annas, "code": "0482", "ttl": "45", "payload": "dlv_01kpx3q8e5f1ttgq0g7m9y2c4d",
		"callback_url": "https://otp.example/callbacks/key-of-bot_a",
	} {
		if got := call.Params[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if len(call.Params) != 5 {
		t.Errorf("fields are %v", call.Params)
	}
	if got := call.Header.Get("Authorization"); got != "Bearer "+goodToken {
		t.Errorf("authorized by %q", got)
	}
	if n := len(a.gw.Calls("checkSendAbility")); n != 0 {
		t.Errorf("%d numbers were probed", n)
	}
}

func TestWithoutACallbackAddressNothingIsPromised(t *testing.T) {
	a := newAccount(t, "")
	a.send(withCode("482913"))
	if _, asked := a.gw.Calls("sendVerificationMessage")[0].Params["callback_url"]; asked || a.Capabilities().Receipts {
		t.Error("reports are asked for, or promised")
	}
	if can := a.Capabilities(); !can.CanRevoke || can.CanEdit || can.CanButton || can.FreeText || can.CodeDigits != 8 {
		t.Errorf("capabilities are %+v", can)
	}
}

func TestTTLStaysWithinBounds(t *testing.T) {
	for useful, want := range map[time.Duration]int{
		0: 0, time.Second: 30, 30 * time.Second: 30, 45500 * time.Millisecond: 45, 600 * time.Second: 600, 2 * time.Hour: 3600,
	} {
		if got := seconds(useful); got != want {
			t.Errorf("%s: %d, want %d", useful, got, want)
		}
	}
}

func TestCodesThatTheGatewayCannotCarryAreNotSent(t *testing.T) {
	a := newAccount(t, "")
	for name, o := range map[string]otpcore.Outgoing{
		"short": withCode("482"), "long": withCode("482913570"), "letters": withCode("48A913"), "signs": withCode("٤٨٢٩"),
		"none":       {Phone: otpcore.NewPhone(annas, "KZ"), Message: otpcore.Message{Text: "Your order is on its way 482913"}},
		"beyond":     {Phone: otpcore.NewPhone(annas, "KZ"), Message: otpcore.Message{Text: "4829", Mono: []otpcore.Span{{Start: 0, End: 9}}}},
		"no number":  {Message: withCode("482913").Message},
		"turned end": {Phone: otpcore.NewPhone(annas, "KZ"), Message: otpcore.Message{Text: "482913", Mono: []otpcore.Span{{Start: 5, End: 1}}}},
	} {
		_, err := a.Send(t.Context(), o)
		if e, ok := errors.AsType[*otpcore.SendError](err); !ok || e.Class != otpcore.ClassContentRejected {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(a.gw.Calls("")); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestRefusalsOfTheGateway(t *testing.T) {
	for name, want := range map[string]otpcore.ErrorClass{
		"BALANCE_NOT_ENOUGH": otpcore.ClassNoFunds, "PHONE_NUMBER_INVALID": otpcore.ClassBadNumber,
		"PHONE_NUMBER_NOT_FOUND": otpcore.ClassUnreachable, "CODE_INVALID": otpcore.ClassContentRejected,
		"ACCESS_TOKEN_INVALID": otpcore.ClassAuth, "SENDER_NOT_VERIFIED": otpcore.ClassSenderNotAllowed,
		"FLOOD_WAIT_17": otpcore.ClassThrottled, "SOMETHING_NEW " + annas: otpcore.ClassUnknown,
	} {
		a := newAccount(t, "")
		a.gw.Fail(fault.Rule{Status: 200, Description: name})
		_, err := a.Send(t.Context(), withCode("482913"))
		e, ok := errors.AsType[*otpcore.SendError](err)
		if !ok || e.Class != want || strings.Contains(err.Error(), annas) {
			t.Errorf("%s: %v, want %s", name, err, want)
			continue
		}
		if want == otpcore.ClassThrottled && e.RetryAfter != 17*time.Second {
			t.Errorf("retry after %s", e.RetryAfter)
		}
		if fell := a.fell != nil; fell != (want == otpcore.ClassAuth) {
			t.Errorf("%s: the bot fell: %v", name, fell)
		}
	}
}

func TestPhonesAndPurses(t *testing.T) {
	a := newAccount(t, "")
	a.gw.Leave(annas)
	_, err := a.Send(t.Context(), withCode("482913"))
	if e, ok := errors.AsType[*otpcore.SendError](err); !ok || e.Class != otpcore.ClassUnreachable {
		t.Errorf("a number that is not on Telegram: %v", err)
	}
	a = newAccount(t, "")
	a.gw.AddAccount(goodToken, 0)
	_, err = a.Send(t.Context(), withCode("482913"))
	if e, ok := errors.AsType[*otpcore.SendError](err); !ok || e.Class != otpcore.ClassNoFunds {
		t.Errorf("an empty purse: %v", err)
	}
}

func TestMessageIsTakenBackAndConfirmed(t *testing.T) {
	a := newAccount(t, "")
	id := a.send(withCode("482913")).MessageID
	a.must(a.Confirm(t.Context(), id, otpcore.NewCode("482913")))
	a.must(a.Edit(t.Context(), id, withCode("")))
	if m := a.gw.Messages(annas)[0]; m.Verification != "code_valid" || m.Readable() {
		t.Errorf("message is %+v", m)
	}
	if err := a.Confirm(t.Context(), "unknown", otpcore.NewCode("482913")); err == nil || strings.Contains(err.Error(), "482913") {
		t.Errorf("confirming an unknown message: %v", err)
	}
}

func TestCost(t *testing.T) {
	for raw, want := range map[string]string{
		`0.01`: "0.01", `0.0125`: "0.0125", `1e-2`: "0.01", `0`: "0", `12`: "12", `-1`: "", `1e300`: "", `"0.02"`: "0.02", `null`: "",
	} {
		var s requestStatus
		if err := json.Unmarshal([]byte(`{"request_cost":`+raw+`}`), &s); err != nil {
			t.Fatal(err)
		}
		if got := s.cost().Amount; got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}
