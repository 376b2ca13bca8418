package telegramsim_test

import (
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"otpravka/internal/sim/telegramsim"
)

func TestSendMessageAnswer(t *testing.T) {
	w := newWorld(t, telegramsim.Options{Now: fixedClock})
	w.anna.Start(w.bot, "")
	a := w.must("sendMessage", fields{
		"chat_id": w.anna.ID(), "text": "<b>Shop</b>: <code>12&lt;34</code>", "parse_mode": "HTML",
		"protect_content": true, "disable_notification": true, "link_preview_options": fields{"is_disabled": true},
		"reply_markup": fields{"inline_keyboard": [][]fields{
			{{"text": "Copy", "copy_text": fields{"text": "1234"}}, {"text": "Site", "url": "https://example.com/a?b=1&c=2"}},
			{{"text": "Not me", "callback_data": "no:1"}},
		}},
	})
	wantJSON(t, decode[any](t, a.Result), `{
		"message_id":2,"date":1790000000,"has_protected_content":true,
		"from":{"id":110201543,"is_bot":true,"first_name":"Shop","username":"shop_bot"},
		"chat":{"id":100000001,"first_name":"Anna","type":"private"},
		"text":"Shop: 12<34",
		"entities":[{"type":"bold","offset":0,"length":4},{"type":"code","offset":6,"length":5}],
		"reply_markup":{"inline_keyboard":[
			[{"text":"Copy","copy_text":{"text":"1234"}},{"text":"Site","url":"https://example.com/a?b=1&c=2"}],
			[{"text":"Not me","callback_data":"no:1"}]]}}`)

	m, ok := w.anna.Chat(w.bot).Last()
	if !ok || m.Code() != "12<34" || !m.Protected || !m.Silent || !m.NoPreview || !m.FromBot || !m.Date.Equal(fixedClock()) {
		t.Errorf("phone shows %+v", m)
	}
	if b, ok := m.Button("Copy"); !ok || b.CopyText != "1234" {
		t.Errorf("button %+v", b)
	}
}

func TestEntities(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	w.anna.Start(w.bot, "")
	tests := []struct {
		name, text, mode, entities string
		shown, want                string
	}{
		{"given, after emoji", "😀 код 1234", "", `[{"type":"code","offset":7,"length":4}]`, "😀 код 1234", `code "1234"`},
		{"given, trimmed", "  ab cd ", "", `[{"type":"bold","offset":0,"length":4},{"type":"code","offset":5,"length":3}]`, "ab cd", `bold "ab" code "cd"`},
		{"html nested", "<b>a<i>b</i></b>c", "HTML", "", "abc", `bold "ab" italic "b"`},
		{"html link", `<a href="https://e.com/?a=1&amp;b=2">x</a>`, "html", "", "x", `text_link "x" https://e.com/?a=1&b=2`},
		{"html spoiler", `<span class="tg-spoiler">x</span> <tg-spoiler>y</tg-spoiler>`, "HTML", "", "x y", `spoiler "x" spoiler "y"`},
		{"html entities", "&lt;&gt;&amp;&quot;&#8364;&unknown;", "HTML", "", `<>&"€&unknown;`, ""},
		{"html empty tag", "<b></b>x", "HTML", "", "x", ""},
		{"no mode", "<b>x</b>", "", "", "<b>x</b>", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := fields{"parse_mode": tt.mode}
			if tt.entities != "" {
				f["entities"] = tt.entities
			}
			w.send(tt.text, f)
			m, _ := w.anna.Chat(w.bot).Last()
			var got []string
			for _, e := range m.Entities {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %q %s", e.Type, e.Text, e.URL)))
			}
			if m.Text != tt.shown || strings.Join(got, " ") != tt.want {
				t.Errorf("got %q %s", m.Text, got)
			}
		})
	}
}

func TestBrokenHTML(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	w.anna.Start(w.bot, "")
	for text, want := range map[string]string{
		"a < b":            "Unclosed start tag at byte offset 2",
		"<b>x":             `Can't find end tag corresponding to start tag "b"`,
		"x</b>":            "Unexpected end tag at byte offset 1",
		"<b><i>x</b></i>":  `Unmatched end tag at byte offset 7, expected "</i>", found "</b>"`,
		"<table>x</table>": `Unsupported start tag "table" at byte offset 0`,
		"<span>x</span>":   `Unsupported start tag "span" at byte offset 0`,
		"a <1> b":          `Unsupported start tag "1" at byte offset 2`,
	} {
		a := w.call("sendMessage", fields{"chat_id": w.anna.ID(), "text": text, "parse_mode": "HTML"})
		if a.Status != 400 || a.Description != "Bad Request: can't parse entities: "+want {
			t.Errorf("%s: %d %q", text, a.Status, a.Description)
		}
	}
}

func TestEveryEncodingOfParameters(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	w.anna.Start(w.bot, "")
	target := w.base + "/bot" + token + "/sendmessage" // Method names are read in any case.
	values := url.Values{"chat_id": {fmt.Sprint(w.anna.ID())}, "text": {"Привет & co"}}
	post := func(contentType string, body io.Reader) *http.Request {
		r, err := http.NewRequest(http.MethodPost, target, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		return r
	}
	var multi strings.Builder
	mw := multipart.NewWriter(&multi)
	for name := range values {
		if err := mw.WriteField(name, values.Get(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := mw.Close(); err != nil {
		t.Fatal(err)
	}
	get, err := http.NewRequest(http.MethodGet, target+"?"+values.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	requests := map[string]*http.Request{
		"query":     get,
		"form":      post("application/x-www-form-urlencoded", strings.NewReader(values.Encode())),
		"multipart": post(mw.FormDataContentType(), strings.NewReader(multi.String())),
		"json":      post("application/json; charset=utf-8", strings.NewReader(fmt.Sprintf(`{"chat_id":%d,"text":"Привет & co"}`, w.anna.ID()))),
	}
	for name, r := range requests {
		resp, err := w.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		m, _ := w.anna.Chat(w.bot).Last()
		if resp.StatusCode != 200 || m.Text != "Привет & co" {
			t.Errorf("%s: %d, %q", name, resp.StatusCode, m.Text)
		}
		w.must("deleteMessage", fields{"chat_id": w.anna.ID(), "message_id": m.ID})
	}
	if n := w.tg.CallCount("sendMessage"); n != len(requests) {
		t.Errorf("%d calls counted", n)
	}
}

func TestBadBodies(t *testing.T) {
	w := newWorld(t, telegramsim.Options{})
	for contentType, tt := range map[string]struct {
		body   string
		status int
	}{
		"application/json":                  {`{"a":`, 400},
		"application/x-www-form-urlencoded": {"a=%zz", 400},
		"multipart/form-data; boundary=x":   {"nothing", 400},
		"application/json; charset=utf-8":   {strings.Repeat(" ", 2<<20), 413},
	} {
		resp, err := w.client.Post(w.base+"/bot"+token+"/getMe", contentType, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tt.status {
			t.Errorf("%s: %d", contentType, resp.StatusCode)
		}
	}
}

func TestEditAndDelete(t *testing.T) {
	now := fixedClock()
	w := newWorld(t, telegramsim.Options{Now: func() time.Time { return now }})
	w.anna.Start(w.bot, "")
	keys := fields{"reply_markup": fields{"inline_keyboard": [][]fields{{{"text": "No", "callback_data": "n"}}}}}
	id := w.send("code 1234", keys)
	at := fields{"chat_id": w.anna.ID(), "message_id": id}
	edit := func(method, text string) {
		t.Helper()
		w.must(method, fields{"chat_id": w.anna.ID(), "message_id": id, "text": text})
	}

	edit("editMessageReplyMarkup", "") // Without a keyboard it removes the buttons.
	m, _ := w.anna.Chat(w.bot).Last()
	if len(m.Buttons) != 0 || m.Text != "code 1234" || !m.Edited() {
		t.Errorf("after the first edit: %+v", m)
	}
	edit("editMessageText", "used")
	m, err := w.anna.WaitMessage(soon(t), w.bot, telegramsim.WasEdited("used"))
	if err != nil || len(m.History) != 2 || m.History[1] != "code 1234" || m.EditDate.IsZero() {
		t.Errorf("after the second edit: %+v, %v", m, err)
	}

	w.must("deleteMessage", at)
	if _, err := w.anna.WaitMessage(soon(t), w.bot, telegramsim.WasDeleted(id)); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if m, err := w.anna.WaitMessage(ended, w.bot, telegramsim.HasText("used")); err == nil {
		t.Errorf("a deleted message is shown: %+v", m)
	}
	if a := w.call("editMessageText", fields{"chat_id": w.anna.ID(), "message_id": id, "text": "x"}); a.Description != "Bad Request: message to edit not found" {
		t.Errorf("edit of a deleted message: %q", a.Description)
	}

	old, older := w.send("a", nil), w.send("b", nil)
	now = now.Add(48*time.Hour + time.Second)
	if a := w.call("deleteMessage", fields{"chat_id": w.anna.ID(), "message_id": old}); a.Description != "Bad Request: message can't be deleted for everyone" {
		t.Errorf("late delete: %q", a.Description)
	}
	fresh := w.send("c", nil)
	w.must("deleteMessages", fields{"chat_id": w.anna.ID(), "message_ids": []int64{older, fresh, 999}})
	if m, _ := w.anna.Chat(w.bot).Last(); m.ID != older {
		t.Errorf("last is %+v", m)
	}
}

func TestQuietKeepsLittle(t *testing.T) {
	w := newWorld(t, telegramsim.Options{Quiet: true})
	w.anna.Start(w.bot, "")
	for range 150 {
		w.send("x", nil)
	}
	last := w.send("newest", nil)
	messages := w.anna.Chat(w.bot).Messages
	if n := len(messages); n < 50 || n > 100 || messages[n-1].ID != last {
		t.Errorf("%d messages kept", n)
	}
	if w.tg.Calls("") != nil || w.tg.CallCount("sendMessage") != 151 || w.tg.CallCount("") != 151 {
		t.Errorf("%d calls counted", w.tg.CallCount(""))
	}
	w.must("editMessageText", fields{"chat_id": w.anna.ID(), "message_id": last, "text": "edited"})
}
