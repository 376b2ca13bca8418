package whatsappcloud

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"otpravka/bot"
	"otpravka/internal/sim/whatsappcloudsim"
	"otpravka/otpcore"
)

// about is a post about the number, with a value's fields.
func about(phoneNumberID, fields string) []byte {
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"` + shop.AccountID + `","changes":[{"field":"messages","value":{` +
		`"messaging_product":"whatsapp","metadata":{"phone_number_id":"` + phoneNumberID + `"},` + fields + `}}]}]}`)
}

func (n *number) post(body []byte) error {
	return n.Receive(n.Context(), whatsappcloudsim.Sign(secret, body), body)
}

const delivered = `"statuses":[{"id":"wamid.1","status":"delivered","timestamp":"1749416383","recipient_id":"77011234567",` +
	`"biz_opaque_callback_data":"dlv_01kpx3q8e5f1ttgq0g7m9y2c4d","pricing":{"billable":true,"category":"authentication"}}]`

func TestT24ForgedWhatsAppPosts(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil)
	body := about(shop.PhoneNumberID, delivered)
	good := whatsappcloudsim.Sign(secret, body).Get(signatureHeader)
	weak := hmac.New(sha1.New, []byte(secret))
	weak.Write(body)
	for name, values := range map[string][]string{
		"no signature":            nil,
		"empty":                   {""},
		"no digits":               {"sha256="},
		"half":                    {good[:39]},
		"and more":                {good + "00"},
		"no hex":                  {"sha256=" + strings.Repeat("zz", 32)},
		"without its name":        {strings.TrimPrefix(good, "sha256=")},
		"sha1":                    {"sha1=" + hex.EncodeToString(weak.Sum(nil))},
		"sha1 by the better name": {"sha256=" + hex.EncodeToString(weak.Sum(nil))},
		"two":                     {good, good},
		"another body":            whatsappcloudsim.Sign(secret, body[1:]).Values(signatureHeader),
		"another business's":      whatsappcloudsim.Sign(strings.Repeat("f", 32), body).Values(signatureHeader),
		"signed with nothing":     whatsappcloudsim.Sign("", body).Values(signatureHeader),
		"signed with the token":   whatsappcloudsim.Sign(goodToken, body).Values(signatureHeader),
		"in a header of the past": nil,
	} {
		err := n.Receive(t.Context(), http.Header{signatureHeader: values}, body)
		if otpcore.KindOf(err) != otpcore.KindUnauthorized {
			t.Errorf("%s: %v", name, err)
		}
	}
	bare := n.factory.Connect(otpcore.Bot{ID: "bot_a"}, credential(func(a *otpcore.CloudAccount) { a.AppSecret = "" }), n.desk).(*Connector)
	if err := bare.Receive(t.Context(), whatsappcloudsim.Sign("", body), body); otpcore.KindOf(err) != otpcore.KindUnauthorized {
		t.Errorf("without a secret: %v", err)
	}
	if len(n.desk.receipts) != 0 {
		t.Fatalf("believed %+v", n.desk.receipts)
	}
	n.must(n.post(body))
	if len(n.desk.receipts) != 1 {
		t.Errorf("a true post: %+v", n.desk.receipts)
	}
}

func TestT25WordOfTheFirstCall(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil)
	url, word := n.Callback()
	if url != "https://otp.example/callbacks/whatsapp/key-of-"+shop.PhoneNumberID || !n.Greets(word) {
		t.Errorf("callback is %s with %s", url, word)
	}
	for _, wrong := range []string{"", word[:3], word + "x", strings.ToUpper(word)} {
		if n.Greets(wrong) {
			t.Errorf("%q is taken", wrong)
		}
	}
}

func TestReportsBecomeReceipts(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil)
	n.must(n.post(about(shop.PhoneNumberID, delivered)))
	want := otpcore.Receipt{
		Provider: "whatsapp_cloud", MessageID: "wamid.1", Reference: "dlv_01kpx3q8e5f1ttgq0g7m9y2c4d", BotID: "bot_a",
		Status: otpcore.Delivered, At: time.Unix(1749416383, 0), Cost: otpcore.Cost{Money: otpcore.Money{Amount: "0.0189", Currency: "USD"}},
	}
	if got := n.desk.receipts[0]; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	failed := func(code int) string {
		return fmt.Sprintf(`"statuses":[{"id":"wamid.2","status":"failed","timestamp":"x","errors":[{"code":%d,"title":"`+annas+`"}]}]`, code)
	}
	n.must(n.post(about(shop.PhoneNumberID, failed(131026))))
	if got := n.desk.receipts[1]; got.Status != otpcore.FailedDlv || got.Class != otpcore.ClassNotOnChannel || !got.At.IsZero() || !got.Cost.IsZero() {
		t.Errorf("got %+v", got)
	}
	n.must(n.post(about(shop.PhoneNumberID, failed(131042))))
	if n.desk.fell == nil || n.desk.fell.State != otpcore.BotRestricted {
		t.Errorf("a payment that is due: %v", n.desk.fell)
	}
	// What means nothing to us, or is about another number, is done with.
	for name, body := range map[string][]byte{
		"another number": about("99999", delivered),
		"unknown word":   about(shop.PhoneNumberID, `"statuses":[{"id":"wamid.3","status":"warning"}]`),
		"no id":          about(shop.PhoneNumberID, `"statuses":[{"status":"read"}]`),
		"another form":   about(shop.PhoneNumberID, `"statuses":"read"`),
		"no JSON":        []byte("hello"),
		"other fields":   []byte(`{"entry":[{"id":"1","changes":[{"field":"account_update","value":{"event":"x"}},{}]},{}]}`),
		"nothing":        []byte(`{}`),
	} {
		if err := n.post(body); err != nil || len(n.desk.receipts) != 3 {
			t.Errorf("%s: %v, %d receipts", name, err, len(n.desk.receipts))
		}
	}
	n.desk.trouble = otpcore.Unavailable(errors.New("disk full"))
	if err := n.post(about(shop.PhoneNumberID, delivered)); otpcore.KindOf(err) != otpcore.KindUnavailable {
		t.Errorf("what was not stored is answered %v", err)
	}
	if strings.Contains(n.logs.String(), annas[1:]) {
		t.Error("a number is in the log")
	}
}

func TestWhatPeopleDoBecomesInput(t *testing.T) {
	id := otpcore.NewID(otpcore.PrefixVerification, time.Now())
	now := fmt.Sprint(time.Now().Unix())
	text := func(from, body string) string {
		return `{"id":"wamid.A",` + from + `"timestamp":"` + now + `","type":"text","text":{"body":"` + body + `"}}`
	}
	const anna = `"from":"77011234567",`
	for name, tt := range map[string]struct {
		message string
		want    bot.Inbound
		chat    string
	}{
		"a text":      {text(anna, "Hello"), bot.Inbound{Kind: bot.Text, Text: "Hello"}, "77011234567"},
		"stop":        {text(anna, "Стоп"), bot.Inbound{Kind: bot.Command, Command: "stop"}, "77011234567"},
		"not mine":    {`{"id":"w",` + anna + `"type":"button","button":{"payload":"DID_NOT_REQUEST_CODE","text":"I didn't request a code"},"context":{"id":"wamid.9"}}`, bot.Inbound{Kind: bot.Press, Action: otpcore.Action{Verb: otpcore.ActNotMe}, About: "wamid.9"}, "77011234567"},
		"a button":    {`{"id":"w",` + anna + `"type":"interactive","interactive":{"button_reply":{"id":"pause:` + string(id) + `"}},"context":{"id":"wamid.9"}}`, bot.Inbound{Kind: bot.Press, Action: otpcore.Action{Verb: otpcore.ActPause, ID: id}, About: "wamid.9"}, "77011234567"},
		"a picture":   {`{"id":"w",` + anna + `"type":"image","image":{"id":"1"}}`, bot.Inbound{Kind: bot.Text}, "77011234567"},
		"a new owner": {`{"id":"w",` + anna + `"type":"system","system":{"type":"customer_identity_changed"}}`, bot.Inbound{Kind: bot.Moved}, "77011234567"},
		"a user name": {text(`"from_user_id":"US.13491208655302741918",`, "Hello"), bot.Inbound{Kind: bot.Text, Text: "Hello"}, "US.13491208655302741918"},
		"made-up id":  {`{"id":"w",` + anna + `"type":"interactive","interactive":{"button_reply":{"id":"approve:` + string(id) + `"}}}`, bot.Inbound{}, ""},
		"a reaction":  {`{"id":"w",` + anna + `"type":"reaction"}`, bot.Inbound{}, ""},
		"nobody":      {text("", "Hello"), bot.Inbound{}, ""},
		"no id":       {`{` + anna + `"type":"text","text":{"body":"x"}}`, bot.Inbound{}, ""},
		"a day old":   {`{"id":"w",` + anna + `"timestamp":"1749416383","type":"text","text":{"body":"x"}}`, bot.Inbound{}, ""},
		// What takes something away holds however late it comes.
		"an old stop":  {`{"id":"w",` + anna + `"timestamp":"1749416383","type":"text","text":{"body":"Stop"}}`, bot.Inbound{Kind: bot.Command, Command: "stop"}, "77011234567"},
		"old owner":    {`{"id":"w",` + anna + `"timestamp":"1749416383","type":"system","system":{"type":"user_changed_number"}}`, bot.Inbound{Kind: bot.Moved}, "77011234567"},
		"other system": {`{"id":"w",` + anna + `"type":"system","system":{"type":"other"}}`, bot.Inbound{}, ""},
	} {
		n := newNumber(t, whatsappcloudsim.Options{}, nil)
		n.must(n.post(about(shop.PhoneNumberID, `"messages":[`+tt.message+`]`)))
		if tt.chat == "" {
			if len(n.desk.inbounds) != 0 {
				t.Errorf("%s: heard %v", name, n.desk.inbounds)
			}
			continue
		}
		if len(n.desk.inbounds) != 1 {
			t.Errorf("%s: heard %d", name, len(n.desk.inbounds))
			continue
		}
		got := n.desk.inbounds[0]
		number := ""
		if tt.chat[0] == '7' {
			number = "+" + tt.chat
		}
		if !got.Posted || got.Update <= 0 || got.Chat != tt.chat || got.Number != number {
			t.Errorf("%s: chat %q, number %q, update %d", name, got.Chat, got.Number, got.Update)
		}
		got.Posted, got.Update, got.Chat, got.Number, got.At = false, 0, "", "", time.Time{}
		if got != tt.want {
			t.Errorf("%s: %+v", name, struct{ bot.Inbound }{got})
		}
	}
	if updateOf("wamid.A") == updateOf("wamid.B") {
		t.Error("ids are mixed up")
	}
}

// A report that gives no code must not be read as code 0, Meta's word for a dead
// token: one message would stop the whole number.
func TestFailureWithoutCodeStopsOnlyItsMessage(t *testing.T) {
	n := newNumber(t, whatsappcloudsim.Options{}, nil)
	n.must(n.post(about(shop.PhoneNumberID, `"statuses":[{"id":"wamid.3","status":"failed","errors":[{"title":"x"}]}]`)))
	if got := n.desk.receipts[0]; got.Status != otpcore.FailedDlv || got.Class != otpcore.ClassUnreachable || n.desk.fell != nil {
		t.Errorf("got %+v, number stopped: %v", got, n.desk.fell)
	}
}

func FuzzReceive(f *testing.F) {
	for _, body := range []string{string(about(shop.PhoneNumberID, delivered)), `{}`, `{"entry":[{"changes":[{"field":"messages","value":null}]}]}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		n := newNumber(t, whatsappcloudsim.Options{}, nil)
		if err := n.post([]byte(body)); err != nil {
			t.Errorf("%v", err)
		}
	})
}
