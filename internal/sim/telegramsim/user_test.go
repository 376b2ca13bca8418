package telegramsim_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"otpravka/internal/sim/feed"
	"otpravka/internal/sim/telegramsim"
)

func TestStart(t *testing.T) {
	w := newWorld(t, telegramsim.Options{Now: fixedClock})
	w.anna.Start(w.bot, "aB_-9")
	wantJSON(t, w.updates(nil), `[{"update_id":700000001,"message":{
		"message_id":1,"date":1790000000,"text":"/start aB_-9",
		"from":{"id":100000001,"is_bot":false,"first_name":"Anna","language_code":"ru"},
		"chat":{"id":100000001,"first_name":"Anna","type":"private"},
		"entities":[{"type":"bot_command","offset":0,"length":6}]}}]`)
}

func TestOpenLink(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	long := strings.Repeat("a", 64)
	for _, link := range []string{"https://t.me/shop_bot?start=" + long, "https://t.me/Shop_Bot"} {
		if bot, err := w.anna.OpenLink(link); err != nil || bot != w.bot {
			t.Errorf("%s: %v", link, err)
		}
	}
	if got := w.anna.Chat(w.bot).Messages; len(got) != 2 || got[0].Text != "/start "+long || got[1].Text != "/start" {
		t.Errorf("messages %+v", got)
	}
	for _, link := range []string{"https://t.me/nobody?start=x", "https://t.me/shop_bot?start=a.b", "https://t.me/shop_bot?start=" + long + "a", "https://e.com/shop_bot"} {
		if _, err := w.anna.OpenLink(link); !errors.Is(err, telegramsim.ErrBadLink) {
			t.Errorf("%s: %v", link, err)
		}
	}
	if u, ok := w.tg.User(w.anna.ID()); !ok || u != w.anna {
		t.Error("person not found by id")
	}
}

func TestBlockAndUnblock(t *testing.T) {
	w := newWorld(t, telegramsim.Options{Now: fixedClock})
	w.anna.Start(w.bot, "")
	w.anna.Block(w.bot)
	w.anna.Block(w.bot)
	w.anna.Unblock(w.bot)
	const (
		frame  = `"date":1790000000,"from":{"id":100000001,"is_bot":false,"first_name":"Anna","language_code":"ru"},"chat":{"id":100000001,"first_name":"Anna","type":"private"}`
		shop   = `{"id":110201543,"is_bot":true,"first_name":"Shop","username":"shop_bot"}`
		member = `{"user":` + shop + `,"status":"member"}`
		kicked = `{"user":` + shop + `,"status":"kicked","until_date":0}`
	)
	wantJSON(t, w.updates(fields{"offset": first + 1}), `[
		{"update_id":700000002,"my_chat_member":{`+frame+`,"old_chat_member":`+member+`,"new_chat_member":`+kicked+`}},
		{"update_id":700000003,"my_chat_member":{`+frame+`,"old_chat_member":`+kicked+`,"new_chat_member":`+member+`}}]`)

	w.anna.Block(w.bot)
	w.anna.Start(w.bot, "again")
	w.send("welcome back", nil)
	got := w.updates(fields{"offset": first + 4})
	if len(got) != 2 || got[0]["my_chat_member"] == nil || got[1]["message"] == nil {
		t.Errorf("start while blocked: %v", got)
	}
}

func TestDeactivatedAccountIsSilent(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	w.anna.Deactivate()
	if id := w.anna.Start(w.bot, ""); id != 0 {
		t.Errorf("message %d", id)
	}
	w.anna.Block(w.bot)
	if got := w.updates(nil); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestPressCallback(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	w.anna.Start(w.bot, "")
	id := w.send("it was you?", fields{"reply_markup": fields{"inline_keyboard": [][]fields{
		{{"text": "Not me", "callback_data": "no:1"}},
		{{"text": "Copy", "copy_text": fields{"text": "1234"}}, {"text": "Site", "url": "https://example.com"}},
	}}})
	m, err := w.anna.WaitMessage(soon(t), w.bot, telegramsim.HasButton("Not me"))
	if err != nil {
		t.Fatal(err)
	}
	press, err := w.anna.Press(m, "Not me")
	if err != nil {
		t.Fatal(err)
	}
	query := w.updates(fields{"offset": -1})[0]["callback_query"].(map[string]any)
	message := query["message"].(map[string]any)
	if query["data"] != "no:1" || message["message_id"] != float64(id) || message["text"] != "it was you?" || message["reply_markup"] == nil {
		t.Errorf("query %v", query)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := press.Answer(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("unanswered press: %v", err)
	}
	w.must("answerCallbackQuery", fields{"callback_query_id": query["id"], "text": "Stopped", "show_alert": true})
	answer, err := press.Answer(soon(t))
	if err != nil || answer.Text != "Stopped" || !answer.Alert {
		t.Errorf("answer %+v, %v", answer, err)
	}
	if a := w.call("answerCallbackQuery", fields{"callback_query_id": query["id"]}); a.OK {
		t.Error("a query was answered twice")
	}

	pending := w.bot.PendingUpdates()
	for _, name := range []string{"Copy", "Site"} {
		press, err := w.anna.Press(m, name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := press.Answer(soon(t)); err != nil {
			t.Errorf("%s: %v", press.Button().Text, err)
		}
	}
	if w.bot.PendingUpdates() != pending || w.anna.Clipboard() != "1234" {
		t.Errorf("copy and URL buttons: %d updates, clipboard %q", w.bot.PendingUpdates(), w.anna.Clipboard())
	}

	w.must("editMessageText", fields{"chat_id": w.anna.ID(), "message_id": id, "text": "stopped"})
	if _, err := w.anna.Press(m, "Not me"); !errors.Is(err, telegramsim.ErrNoButton) {
		t.Errorf("press on a removed button: %v", err)
	}
}

func TestWaitsEnd(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	cancel(cause)
	if _, err := w.anna.WaitMessage(ctx, w.bot, telegramsim.HasCode()); !errors.Is(err, cause) {
		t.Errorf("canceled wait: %v", err)
	}
	got := make(chan error, 1)
	go func() {
		_, err := w.anna.WaitMessage(t.Context(), w.bot, telegramsim.HasCode())
		got <- err
	}()
	w.tg.Close()
	if err := <-got; !errors.Is(err, feed.ErrClosed) {
		t.Errorf("wait on a closed server: %v", err)
	}
}

func TestSubscribe(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	changes := w.tg.Subscribe(t.Context())
	w.anna.Start(w.bot, "")
	id := w.send("a", nil)
	w.must("editMessageText", fields{"chat_id": w.anna.ID(), "message_id": id, "text": "b"})
	w.must("deleteMessage", fields{"chat_id": w.anna.ID(), "message_id": id})
	w.anna.Block(w.bot)
	w.anna.Unblock(w.bot)
	w.tg.Close()
	var got []telegramsim.ChangeKind
	for c := range changes {
		got = append(got, c.Kind)
		if c.ChatID != w.anna.ID() || c.Bot != w.bot {
			t.Errorf("change %+v", c)
		}
	}
	want := []telegramsim.ChangeKind{
		telegramsim.Said, telegramsim.Arrived, telegramsim.Edited, telegramsim.Deleted, telegramsim.Blocked, telegramsim.Opened,
	}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v", got)
		}
	}
}

func TestTextsOutsideThePrivateChat(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	w.tg.NewGroup("Staff", w.bot).Say(w.anna, "/stop@shop_bot now")
	w.tg.NewChannel("News", w.bot).Say(w.anna, "hello")
	w.anna.SayToBusiness(w.bot, "hi")
	got := w.updates(nil)
	if len(got) != 3 {
		t.Fatalf("got %v", got)
	}
	for i, kind := range []string{"message", "channel_post", "business_message"} {
		if got[i][kind] == nil {
			t.Errorf("update %d: %v", i, got[i])
		}
	}
	wantJSON(t, got[0]["message"].(map[string]any)["entities"], `[{"type":"bot_command","offset":0,"length":14}]`)
	if len(w.anna.Chat(w.bot).Messages) != 0 {
		t.Error("the private chat shows them")
	}
	action := fields{"chat_id": w.anna.ID(), "action": "typing"}
	if a := w.call("sendChatAction", action); a.Status != 403 {
		t.Errorf("to a person who never pressed Start: %d %q", a.Status, a.Description)
	}
	w.anna.Start(w.bot, "")
	w.must("sendChatAction", action)
}

func TestManyPeopleAtOnce(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			u := w.tg.NewUser(telegramsim.UserOptions{Phone: "77010000000"})
			u.Start(w.bot, "")
			for n := range 5 {
				text := fmt.Sprintf("%d for %d", n, u.ID())
				if a, err := w.try(t.Context(), token, "sendMessage", fields{"chat_id": u.ID(), "text": text}); err != nil || !a.OK {
					t.Errorf("send: %+v, %v", a, err)
				}
				if _, err := u.WaitMessage(soon(t), w.bot, telegramsim.HasText(text)); err != nil {
					t.Error(err)
				}
			}
			if n := len(u.Chat(w.bot).Messages); n != 6 {
				t.Errorf("%d messages", n)
			}
		})
	}
	all.Wait()
	if got := w.updates(nil); len(got) != 20 {
		t.Errorf("%d updates", len(got))
	}
}
