package telegram

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"otpravka/bot"
	"otpravka/otpcore"
)

const (
	fromAnna = `"date":1790000000,"from":{"id":7,"is_bot":false,"first_name":"Anna","language_code":"ru"},"chat":{"id":7,"type":"private"}`
	ownCard  = `"contact":{"phone_number":"77011234567","first_name":"Anna","user_id":7}`
)

func aboutMessage(fields string) string {
	return `{"update_id":5,"message":{"message_id":1,` + fields + `}}`
}

func TestHear(t *testing.T) {
	id := otpcore.NewID(otpcore.PrefixVerification, time.Now())
	anna := bot.Inbound{Update: 5, Chat: "7", Locale: "ru", At: time.Unix(1790000000, 0)}
	with := func(change func(*bot.Inbound)) *bot.Inbound {
		in := anna
		change(&in)
		return &in
	}
	text := func(s string) *bot.Inbound { return with(func(in *bot.Inbound) { in.Kind, in.Text = bot.Text, s }) }
	start := func(s string) *bot.Inbound { return with(func(in *bot.Inbound) { in.Kind, in.Payload = bot.Start, s }) }
	command := func(s string) *bot.Inbound {
		return with(func(in *bot.Inbound) { in.Kind, in.Command = bot.Command, s })
	}
	shared := func(s string) *bot.Inbound {
		return with(func(in *bot.Inbound) { in.Kind, in.Number = bot.Contact, s })
	}
	press := func(data string) string {
		return `{"update_id":5,"callback_query":{"id":"99","from":{"id":7,"language_code":"ru"},"message":{"date":0,"chat":{"id":7,"type":"private"}},"data":"` + data + `"}}`
	}
	member := func(status string) string {
		return `{"update_id":5,"my_chat_member":{` + fromAnna + `,"new_chat_member":{"status":"` + status + `"}}}`
	}

	for _, tt := range []struct {
		name string
		raw  string
		want *bot.Inbound // nil: nothing of our business
	}{
		{"text", aboutMessage(fromAnna + `,"text":"hello"`), text("hello")},
		{"picture", aboutMessage(fromAnna + `,"photo":[]`), text("")},
		{"start", aboutMessage(fromAnna + `,"text":"/start"`), start("")},
		{"start with payload", aboutMessage(fromAnna + `,"text":"/start abc_DEF-1"`), start("abc_DEF-1")},
		{"start addressed", aboutMessage(fromAnna + `,"text":"/START@shop_bot  x "`), start("x")},
		{"start with lines", aboutMessage(fromAnna + `,"text":"/start\na\nb"`), start("a\nb")},
		{"starting", aboutMessage(fromAnna + `,"text":"/starting x"`), command("starting")},
		{"command", aboutMessage(fromAnna + `,"text":"/Privacy"`), command("privacy")},
		{"no command", aboutMessage(fromAnna + `,"text":"/ start"`), text("/ start")},
		{"forwarded start", aboutMessage(fromAnna + `,"forward_origin":{"type":"user"},"text":"/start x"`), text("/start x")},
		{"own contact", aboutMessage(fromAnna + `,` + ownCard), shared("+77011234567")},
		{"own contact with plus", aboutMessage(fromAnna + `,` + strings.Replace(ownCard, "7701", "+7701", 1)), shared("+77011234567")},
		{"date in milliseconds", aboutMessage(strings.Replace(fromAnna, "1790000000", "1790000000000", 1) + `,"text":"hello"`), text("hello")},
		{"press", press("notme:" + string(id)), &bot.Inbound{
			Update: 5, Chat: "7", Locale: "ru", Kind: bot.Press, Action: otpcore.Action{Verb: otpcore.ActNotMe, ID: id},
		}},
		{"press of something else", press("buy:1"), nil},
		{"press in a group", strings.Replace(press("notme:"+string(id)), `"id":7,"type":"private"`, `"id":-7,"type":"group"`, 1), nil},
		{"blocked", member("kicked"), with(func(in *bot.Inbound) { in.Kind = bot.Blocked })},
		{"unblocked", member("member"), with(func(in *bot.Inbound) { in.Kind = bot.Unblocked })},
		{"restricted", member("restricted"), nil},
		{"by a bot", aboutMessage(strings.Replace(fromAnna, `"is_bot":false`, `"is_bot":true`, 1) + `,"text":"x"`), nil},
		{"in a group", aboutMessage(strings.Replace(fromAnna, `"private"`, `"group"`, 1) + `,"text":"x"`), nil},
		{"of a channel", aboutMessage(fromAnna + `,"sender_chat":{"id":-1},"text":"x"`), nil},
		{"by nobody", aboutMessage(`"date":1,"chat":{"id":7,"type":"private"},"text":"x"`), nil},
		{"another kind", `{"update_id":5,"poll":{"id":"1"}}`, nil},
		{"edited", `{"update_id":5,"edited_message":{` + fromAnna + `,"text":"x"}}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := hear(json.RawMessage(tt.raw))
			if err != nil || h.update != 5 {
				t.Fatalf("update %d, error %v", h.update, err)
			}
			switch {
			case tt.want == nil && h.inbound != nil:
				t.Errorf("heard %#v, want nothing", *h.inbound)
			case tt.want != nil && h.inbound == nil:
				t.Error("heard nothing")
			case tt.want != nil && !h.inbound.At.Equal(tt.want.At):
				t.Errorf("at %v, want %v", h.inbound.At, tt.want.At)
			case tt.want != nil:
				h.inbound.At = tt.want.At
				if *h.inbound != *tt.want {
					t.Errorf("heard %s %q %q %q %q, want %s", h.inbound.Kind, h.inbound.Payload, h.inbound.Text, h.inbound.Command, h.inbound.Number, tt.want.Kind)
				}
			}
		})
	}
}

func TestRefusedContacts(t *testing.T) {
	for _, tt := range []struct{ name, fields, why string }{
		{"foreign", strings.Replace(ownCard, `"user_id":7`, `"user_id":8`, 1), "somebody else's"},
		{"zero", strings.Replace(ownCard, `"user_id":7`, `"user_id":0`, 1), "no user id"},
		{"missing", strings.Replace(ownCard, `,"user_id":7`, ``, 1), "no user id"},
		{"null", strings.Replace(ownCard, `"user_id":7`, `"user_id":null`, 1), "no user id"},
		{"forwarded", ownCard + `,"forward_origin":{"type":"hidden_user"}`, "forwarded"},
		{"forwarded, old field", ownCard + `,"forward_date":1789990000`, "forwarded"},
		{"forwarded, old name", ownCard + `,"forward_sender_name":"Anna"`, "forwarded"},
		{"via bot", ownCard + `,"via_bot":{"id":9,"is_bot":true}`, "via another bot"},
		{"edited", ownCard + `,"edit_date":1790000001`, "edited"},
		{"no number", strings.Replace(ownCard, "77011234567", "", 1), "no phone number"},
		{"short number", strings.Replace(ownCard, "77011234567", "770112", 1), "no phone number"},
		{"long number", strings.Replace(ownCard, "77011234567", "7701123456700000", 1), "no phone number"},
		{"leading zero", strings.Replace(ownCard, "77011234567", "077011234567", 1), "no phone number"},
		{"spaces", strings.Replace(ownCard, "77011234567", "7 701 123 45 67", 1), "no phone number"},
		{"other digits", strings.Replace(ownCard, "77011234567", "٧٧٠١١٢٣٤٥٦٧", 1), "no phone number"},
		{"two lines", strings.Replace(ownCard, "77011234567", `77011234567\n`, 1), "no phone number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, err := hear(json.RawMessage(aboutMessage(fromAnna + `,` + tt.fields)))
			if err != nil || h.inbound == nil {
				t.Fatalf("heard nothing: %v", err)
			}
			if h.inbound.Kind != bot.RefusedContact || h.inbound.Why != tt.why || h.inbound.Number != "" {
				t.Errorf("heard %s because %q with number %q", h.inbound.Kind, h.inbound.Why, h.inbound.Number)
			}
		})
	}
}

func TestBrokenUpdates(t *testing.T) {
	for _, tt := range []struct {
		raw    string
		update int64
	}{
		{`{"update_id":5,"message":"77011234567"}`, 5},
		{`{"update_id":5,"message":{"from":{"id":"77011234567"}}}`, 5},
		{`{"update_id":5,"message":{"chat":{"id":7,"type":"private"},"contact":{"phone_number":77011234567}}}`, 5},
		{`{"update_id":5,"callback_query":{"data":77011234567}}`, 5},
		{`{"update_id":5,"my_chat_member":{"date":"77011234567"}}`, 5},
		{`{"update_id":"77011234567"}`, 0},
		{`"77011234567"`, 0},
		{`null`, 0},
	} {
		h, err := hear(json.RawMessage(tt.raw))
		if h.update != tt.update || h.inbound != nil {
			t.Errorf("%s: update %d with %v", tt.raw, h.update, h.inbound)
		}
		if tt.raw != "null" && err == nil {
			t.Errorf("%s: no error", tt.raw)
		}
		if strings.Contains(fmt.Sprint(err), "7701") {
			t.Errorf("%s: error quotes a value: %v", tt.raw, err)
		}
	}
}
