package telegram

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"otpravka/bot"
)

// The structs of this file are the parts of Bot API 10 updates that count.
// Fields whose mere presence matters stay raw.

type update struct {
	ID       int64           `json:"update_id"`
	Message  json.RawMessage `json:"message"`
	Callback json.RawMessage `json:"callback_query"`
	Member   json.RawMessage `json:"my_chat_member"`
}

type user struct {
	ID       int64  `json:"id"`
	IsBot    bool   `json:"is_bot"`
	Language string `json:"language_code"`
}

type chat struct {
	ID   int64  `json:"id"`
	Type string `json:"type"`
}

type contact struct {
	Number string `json:"phone_number"`
	UserID int64  `json:"user_id"`
}

type message struct {
	Date    int64    `json:"date"`
	Chat    chat     `json:"chat"`
	From    *user    `json:"from"`
	Text    string   `json:"text"`
	Contact *contact `json:"contact"`

	EditDate           json.RawMessage `json:"edit_date"`
	ForwardOrigin      json.RawMessage `json:"forward_origin"`
	ForwardDate        json.RawMessage `json:"forward_date"` // before Bot API 7.0
	ForwardFrom        json.RawMessage `json:"forward_from"`
	ForwardSenderName  json.RawMessage `json:"forward_sender_name"`
	ViaBot             json.RawMessage `json:"via_bot"`
	SenderChat         json.RawMessage `json:"sender_chat"`
	BusinessConnection json.RawMessage `json:"business_connection_id"`
}

type callback struct {
	ID      string   `json:"id"`
	From    *user    `json:"from"`
	Message *message `json:"message"`
	Data    string   `json:"data"`
}

type membership struct {
	Date int64 `json:"date"`
	Chat chat  `json:"chat"`
	From *user `json:"from"`
	New  struct {
		Status string `json:"status"`
	} `json:"new_chat_member"`
}

// heard is what an update comes to.
type heard struct {
	update  int64        // 0: not even its id could be read
	inbound *bot.Inbound // nil: nothing of our business
	press   string       // id of the button press to acknowledge
}

// hear decodes one update by itself, so that a broken one spoils no other. The
// error tells which field is broken and quotes nothing.
func hear(raw json.RawMessage) (heard, error) {
	var u update
	if err := json.Unmarshal(raw, &u); err != nil {
		return heard{update: u.ID}, quiet(err)
	}
	h := heard{update: u.ID}
	var err error
	switch {
	case present(u.Message):
		err = h.message(u.Message)
	case present(u.Callback):
		err = h.callback(u.Callback)
	case present(u.Member):
		err = h.member(u.Member)
	}
	if h.inbound != nil {
		h.inbound.Update = u.ID
	}
	return h, err
}

func (h *heard) message(raw json.RawMessage) error {
	var m message
	if err := json.Unmarshal(raw, &m); err != nil {
		return quiet(err)
	}
	if !isPerson(m.Chat, m.From) || present(m.SenderChat) || present(m.BusinessConnection) {
		return nil
	}
	h.inbound = newInbound(m.Chat, m.From, m.Date)
	switch {
	case m.Contact != nil:
		m.readContact(h.inbound)
	default:
		m.readText(h.inbound)
	}
	return nil
}

func (h *heard) callback(raw json.RawMessage) error {
	var c callback
	if err := json.Unmarshal(raw, &c); err != nil {
		return quiet(err)
	}
	h.press = c.ID
	if c.Message == nil || !isPerson(c.Message.Chat, c.From) {
		return nil
	}
	action, ok := bot.ParseAction(c.Data)
	if !ok {
		return nil
	}
	// The date is the message's own, so the press has none.
	h.inbound = newInbound(c.Message.Chat, c.From, 0)
	h.inbound.Kind, h.inbound.Action = bot.Press, action
	return nil
}

func (h *heard) member(raw json.RawMessage) error {
	var m membership
	if err := json.Unmarshal(raw, &m); err != nil {
		return quiet(err)
	}
	kind, ok := map[string]bot.InboundKind{"kicked": bot.Blocked, "member": bot.Unblocked}[m.New.Status]
	if !ok || !isPerson(m.Chat, m.From) {
		return nil
	}
	h.inbound = newInbound(m.Chat, m.From, m.Date)
	h.inbound.Kind = kind
	return nil
}

func newInbound(c chat, from *user, date int64) *bot.Inbound {
	return &bot.Inbound{Chat: fmt.Sprint(c.ID), Locale: from.Language, At: moment(date)}
}

// isPerson reports whether the chat is one person's private chat with the bot.
// Its id is then the person's own user id.
func isPerson(c chat, from *user) bool {
	return c.Type == "private" && c.ID != 0 && from != nil && from.ID == c.ID && !from.IsBot
}

// present reports whether a field is there and says something.
func present(raw json.RawMessage) bool {
	switch string(raw) {
	case "", "null", "0", `""`, "false":
		return false
	}
	return true
}

// moment reads a date in seconds, or in milliseconds as some servers write it.
func moment(date int64) time.Time {
	switch {
	case date <= 0:
		return time.Time{}
	case date > 100_000_000_000:
		return time.UnixMilli(date)
	}
	return time.Unix(date, 0)
}

// quiet says where the JSON is broken. The original error may quote a value,
// such as a phone number.
func quiet(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("field %s has another type", e.Field)
	}
	return errors.New("broken json")
}
