package telegramsim_test

import (
	"net/http"
	"strings"
	"testing"

	"otpravka/internal/sim/telegramsim"
)

func TestErrorTexts(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	w.anna.Start(w.bot, "")
	other := w.tg.AddBot("220201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0", "other_bot", "Other")
	stranger := w.tg.NewUser(telegramsim.UserOptions{Phone: "77010000001"})
	blocker := w.tg.NewUser(telegramsim.UserOptions{Phone: "77010000002"})
	blocker.Start(w.bot, "")
	blocker.Block(w.bot)
	gone := w.tg.NewUser(telegramsim.UserOptions{Phone: "77010000003"})
	gone.Start(w.bot, "")
	gone.Deactivate()
	group := w.tg.NewGroup("Staff", w.bot)
	alien := w.tg.NewGroup("Others", other)
	sent := w.send("hello", nil)
	said := w.anna.Say(w.bot, "hi")

	inline := func(button string) string { return `{"inline_keyboard":[[` + button + `]]}` }
	to := func(id int64, more fields) fields {
		f := fields{"chat_id": id, "text": "x"}
		for k, v := range more {
			f[k] = v
		}
		return f
	}
	tests := []struct {
		name, method string
		fields       fields
		code         int
		text         string
	}{
		{"unknown method", "sendPigeon", nil, 404, "Not Found: method not found"},
		{"no chat", "sendMessage", fields{"text": "x"}, 400, "Bad Request: chat_id is empty"},
		{"unknown chat", "sendMessage", to(42, nil), 400, "Bad Request: chat not found"},
		{"chat by name", "sendMessage", fields{"chat_id": "@nobody", "text": "x"}, 400, "Bad Request: chat not found"},
		{"never started", "sendMessage", to(stranger.ID(), nil), 403, "Forbidden: bot can't initiate conversation with a user"},
		{"blocked", "sendMessage", to(blocker.ID(), nil), 403, "Forbidden: bot was blocked by the user"},
		{"deactivated", "sendMessage", to(gone.ID(), nil), 403, "Forbidden: user is deactivated"},
		{"to a bot", "sendMessage", to(other.ID(), nil), 403, "Forbidden: bots can't send messages to bots"},
		{"foreign group", "sendMessage", to(alien.ID(), nil), 403, "Forbidden: bot is not a member of the group chat"},
		{"empty text", "sendMessage", to(w.anna.ID(), fields{"text": " \n "}), 400, "Bad Request: message text is empty"},
		{"long text", "sendMessage", to(w.anna.ID(), fields{"text": strings.Repeat("я", 4097)}), 400, "Bad Request: message is too long"},
		{"long in UTF-16 units", "sendMessage", to(w.anna.ID(), fields{"text": strings.Repeat("😀", 2049)}), 400, "Bad Request: message is too long"},
		{"parse mode", "sendMessage", to(w.anna.ID(), fields{"parse_mode": "BBCode"}), 400, "Bad Request: unsupported parse_mode"},
		{
			"entity outside", "sendMessage", to(w.anna.ID(), fields{"entities": `[{"type":"code","offset":0,"length":2}]`}), 400,
			"Bad Request: entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 2",
		},
		{"entity garbage", "sendMessage", to(w.anna.ID(), fields{"entities": `{`}), 400, "Bad Request: can't parse entities JSON object"},
		{"markup garbage", "sendMessage", to(w.anna.ID(), fields{"reply_markup": `[1]`}), 400, "Bad Request: can't parse reply keyboard markup JSON object"},
		{
			"button without action", "sendMessage", to(w.anna.ID(), fields{"reply_markup": inline(`{"text":"a"}`)}), 400,
			"Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
		},
		{
			"button without text", "sendMessage", to(w.anna.ID(), fields{"reply_markup": inline(`{"callback_data":"a"}`)}), 400,
			`Bad Request: can't parse inline keyboard button: Field "text" must be of type String`,
		},
		{
			"long callback data", "sendMessage", to(w.anna.ID(), fields{"reply_markup": inline(`{"text":"a","callback_data":"` + strings.Repeat("x", 65) + `"}`)}), 400,
			"Bad Request: BUTTON_DATA_INVALID",
		},
		{
			"empty copy text", "sendMessage", to(w.anna.ID(), fields{"reply_markup": inline(`{"text":"a","copy_text":{"text":""}}`)}), 400,
			"Bad Request: BUTTON_COPY_TEXT_INVALID",
		},
		{
			"long copy text", "sendMessage", to(w.anna.ID(), fields{"reply_markup": inline(`{"text":"a","copy_text":{"text":"` + strings.Repeat("x", 257) + `"}}`)}), 400,
			"Bad Request: BUTTON_COPY_TEXT_INVALID",
		},
		{
			"button to localhost", "sendMessage", to(w.anna.ID(), fields{"reply_markup": inline(`{"text":"a","url":"http://localhost/x"}`)}), 400,
			"Bad Request: inline keyboard button URL 'http://localhost/x' is invalid: Wrong HTTP URL",
		},
		{
			"contact in a group", "sendMessage", to(group.ID(), fields{"reply_markup": `{"keyboard":[[{"text":"a","request_contact":true}]]}`}), 400,
			"Bad Request: phone number can be requested in private chats only",
		},
		{"edit without id", "editMessageText", to(w.anna.ID(), nil), 400, "Bad Request: message identifier is not specified"},
		{"edit unknown", "editMessageText", to(w.anna.ID(), fields{"message_id": 999}), 400, "Bad Request: message to edit not found"},
		{"edit foreign", "editMessageText", to(w.anna.ID(), fields{"message_id": said}), 400, "Bad Request: message can't be edited"},
		{
			"edit same", "editMessageText", to(w.anna.ID(), fields{"message_id": sent, "text": "hello"}), 400,
			"Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
		},
		{"edit blocked", "editMessageText", to(blocker.ID(), fields{"message_id": 1}), 403, "Forbidden: bot was blocked by the user"},
		{"delete unknown", "deleteMessage", fields{"chat_id": w.anna.ID(), "message_id": 999}, 400, "Bad Request: message to delete not found"},
		{
			"unknown callback", "answerCallbackQuery",
			fields{"callback_query_id": "1"},
			400,
			"Bad Request: query is too old and response timeout expired or query ID is invalid",
		},
		{
			"bad secret", "setWebhook",
			fields{"url": "https://example.com/x", "secret_token": "a b"},
			400,
			"Bad Request: secret token contains unallowed characters",
		},
		{
			"long secret", "setWebhook",
			fields{"url": "https://example.com/x", "secret_token": strings.Repeat("a", 257)},
			400,
			"Bad Request: secret token is too long",
		},
		{"bad webhook", "setWebhook", fields{"url": "ftp://example.com"}, 400, "Bad Request: bad webhook: invalid webhook URL specified"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := *w
			w.tb = t
			a := w.call(tt.method, tt.fields)
			if a.OK || a.ErrorCode != tt.code || a.Status != tt.code || a.Description != tt.text {
				t.Errorf("status %d, %d %q", a.Status, a.ErrorCode, a.Description)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	const fresh = "110201543:BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"
	want := func(token string, status int, text string) {
		t.Helper()
		a, err := w.try(t.Context(), token, "getMe", nil)
		if err != nil || a.Status != status || a.Description != text {
			t.Errorf("%s: status %d %q, %v", token, a.Status, a.Description, err)
		}
	}
	want(token, 200, "")
	want(fresh, 401, "Unauthorized")
	want("nonsense", 404, "Not Found")
	want("0123:abc", 404, "Not Found")

	w.bot.Revoke(fresh)
	want(token, 401, "Unauthorized")
	want(fresh, 200, "")
	if w.bot.Token() != fresh {
		t.Errorf("token %q", w.bot.Token())
	}
	w.bot.Delete()
	want(fresh, 401, "Unauthorized")
}

func TestLogOutBarsTheBot(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	w.must("logOut", nil)
	if a := w.call("getMe", nil); a.Status != 400 || a.Description != "Logged out" {
		t.Errorf("%d %q", a.Status, a.Description)
	}
	w.bot.LogIn()
	w.must("getMe", nil)
	w.must("close", nil)
}

func TestOtherPathsAreNotFound(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	for _, path := range []string{"/", "/bot", "/bot" + token, "/bot" + token + "/a/b", "/file/bot" + token + "/x"} {
		resp, err := w.client.Get(w.base + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

func TestMigratedGroup(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	group := w.tg.NewGroup("Staff", w.bot)
	w.must("sendMessage", fields{"chat_id": group.ID(), "text": "before"})
	super := group.Migrate()
	a := w.call("sendMessage", fields{"chat_id": group.ID(), "text": "after"})
	if a.Status != 400 || a.Parameters.MigrateToChatID != super.ID() {
		t.Errorf("%d %q %+v", a.Status, a.Description, a.Parameters)
	}
	w.must("sendMessage", fields{"chat_id": super.ID(), "text": "after"})
	if got := super.Messages(w.bot); len(got) != 1 || got[0].Text != "after" {
		t.Errorf("messages %+v", got)
	}
}
