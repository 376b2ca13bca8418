package telegramsim_test

import (
	"errors"
	"testing"

	"otpravka/internal/sim/telegramsim"
)

var askContact = fields{"reply_markup": fields{
	"keyboard":          [][]any{{fields{"text": "Share my number", "request_contact": true}}, {"Later"}},
	"one_time_keyboard": true, "resize_keyboard": true,
}}

func TestContactVariants(t *testing.T) {
	const (
		anna  = `{"id":100000001,"is_bot":false,"first_name":"Anna","language_code":"ru"}`
		chat  = `{"id":100000001,"first_name":"Anna","type":"private"}`
		shop  = `{"id":110201543,"is_bot":true,"first_name":"Shop","username":"shop_bot"}`
		own   = `{"phone_number":"77011234567","first_name":"Anna","user_id":100000001}`
		other = `{"phone_number":"77010000001","first_name":"Friend","user_id":5}`
	)
	message := func(more string) string {
		return `{"message_id":3,"date":1790000000,"from":` + anna + `,"chat":` + chat + `,` + more + `}`
	}
	tests := []struct {
		name string
		opts telegramsim.Options
		act  func(*testing.T, *world)
		kind string
		want string
	}{
		{"own number by the button", telegramsim.Options{}, func(t *testing.T, w *world) {
			if err := w.anna.ShareContact(w.bot); err != nil {
				t.Error(err)
			}
		}, "message", message(`"contact":` + own + `,"reply_to_message":{"message_id":2,"date":1790000000,"from":` + shop + `,"chat":` + chat + `,"text":"number?"}`)},
		{"own card by hand", telegramsim.Options{}, func(_ *testing.T, w *world) {
			w.anna.SendContact(w.bot, w.anna.OwnContact())
		}, "message", message(`"contact":` + own)},
		{"somebody else's card", telegramsim.Options{}, func(_ *testing.T, w *world) {
			w.anna.SendForeignContact(w.bot, "77010000001", 5)
		}, "message", message(`"contact":` + other)},
		{"card without user id", telegramsim.Options{}, func(_ *testing.T, w *world) {
			w.anna.SendForeignContact(w.bot, "+7 701 000-00-01", 0)
		}, "message", message(`"contact":{"phone_number":"+7 701 000-00-01","first_name":"Friend"}`)},
		{"own card forwarded", telegramsim.Options{}, func(_ *testing.T, w *world) {
			w.anna.ForwardContact(w.bot, w.anna.OwnContact(), w.anna)
		}, "message", message(`"contact":` + own + `,"forward_origin":{"type":"user","sender_user":` + anna + `,"date":1789996400},"forward_from":` + anna + `,"forward_date":1789996400`)},
		{"forwarded, new fields only", telegramsim.Options{OnlyForwardOrigin: true}, func(_ *testing.T, w *world) {
			w.anna.ForwardContact(w.bot, w.anna.OwnContact(), w.anna)
		}, "message", message(`"contact":` + own + `,"forward_origin":{"type":"user","sender_user":` + anna + `,"date":1789996400}`)},
		{"forwarded from a hidden user", telegramsim.Options{}, func(_ *testing.T, w *world) {
			w.anna.ForwardContact(w.bot, w.anna.OwnContact(), nil)
		}, "message", message(`"contact":` + own + `,"forward_origin":{"type":"hidden_user","sender_user_name":"Anna","date":1789996400},"forward_sender_name":"Anna","forward_date":1789996400`)},
		{"through an inline bot", telegramsim.Options{}, func(_ *testing.T, w *world) {
			w.anna.SendContactViaBot(w.bot, w.anna.OwnContact(), w.bot)
		}, "message", message(`"contact":` + own + `,"via_bot":` + shop)},
		{"edited into a card", telegramsim.Options{}, func(_ *testing.T, w *world) {
			w.anna.EditContact(w.bot, 1, w.anna.OwnContact())
		}, "edited_message", `{"message_id":1,"date":1790000000,"edit_date":1790000000,"from":` + anna + `,"chat":` + chat + `,"contact":` + own + `}`},
		{"to a business account", telegramsim.Options{}, func(_ *testing.T, w *world) {
			w.anna.SendBusinessContact(w.bot, w.anna.OwnContact())
		}, "business_message", message(`"business_connection_id":"simulated-business-connection","contact":` + own)},
		{"in a group", telegramsim.Options{}, func(_ *testing.T, w *world) {
			w.tg.NewGroup("Staff", w.bot).SendContact(w.anna, w.anna.OwnContact())
		}, "message", `{"message_id":3,"date":1790000000,"from":` + anna + `,"chat":{"id":-4000001,"title":"Staff","type":"group"},"contact":` + own + `}`},
		{"in a channel", telegramsim.Options{}, func(_ *testing.T, w *world) {
			w.tg.NewChannel("News", w.bot).SendContact(w.anna, w.anna.OwnContact())
		}, "channel_post", `{"message_id":3,"date":1790000000,"sender_chat":{"id":-1000004000001,"title":"News","type":"channel"},"chat":{"id":-1000004000001,"title":"News","type":"channel"},"contact":` + own + `}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Now = fixedClock
			w := newWorld(t, tt.opts)
			w.anna.Start(w.bot, "")
			w.send("number?", askContact)
			tt.act(t, w)
			got := w.updates(fields{"offset": -1})
			wantJSON(t, got[0], `{"update_id":700000002,"`+tt.kind+`":`+tt.want+`}`)
		})
	}
}

func TestOwnContactOnlyWhenAsked(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	if err := w.anna.ShareContact(w.bot); !errors.Is(err, telegramsim.ErrNotAsked) {
		t.Errorf("before Start: %v", err)
	}
	w.anna.Start(w.bot, "")
	if err := w.anna.ShareContact(w.bot); !errors.Is(err, telegramsim.ErrNotAsked) {
		t.Errorf("without a keyboard: %v", err)
	}
	w.send("number?", askContact)
	if k := w.anna.Chat(w.bot).Keyboard; k == nil || !k.OneTime || !k.Resize || !k.Rows[0][0].RequestContact {
		t.Errorf("keyboard %+v", k)
	}
	if err := w.anna.PressKeyboard(w.bot, "Share my number"); err != nil {
		t.Error(err)
	}
	if err := w.anna.ShareContact(w.bot); !errors.Is(err, telegramsim.ErrNotAsked) {
		t.Errorf("after a one-time keyboard: %v", err)
	}
	w.send("number?", askContact)
	if err := w.anna.PressKeyboard(w.bot, "Later"); err != nil {
		t.Error(err)
	}
	if m, _ := w.anna.Chat(w.bot).Last(); m.Text != "Later" || m.FromBot {
		t.Errorf("last message %+v", m)
	}
	w.send("number?", askContact)
	w.send("never mind", fields{"reply_markup": fields{"remove_keyboard": true}})
	if err := w.anna.PressKeyboard(w.bot, "Later"); !errors.Is(err, telegramsim.ErrNoButton) {
		t.Errorf("after remove_keyboard: %v", err)
	}
}

func TestNumberOfTheContact(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	plus := w.tg.NewUser(telegramsim.UserOptions{Phone: "+77010000009", KeepPlus: true})
	if got := plus.OwnContact().Phone; got != "+77010000009" {
		t.Errorf("kept plus: %q", got)
	}
	w.anna.ChangePhone("+77020000000")
	if w.anna.Phone() != "77020000000" || w.anna.OwnContact().Phone != "77020000000" {
		t.Errorf("changed number: %q", w.anna.Phone())
	}
	if got := w.updates(nil); len(got) != 0 {
		t.Errorf("the bot heard of the change: %v", got)
	}
}
