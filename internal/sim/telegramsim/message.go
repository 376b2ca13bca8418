package telegramsim

import (
	"encoding/json"
	"strings"
	"time"
)

// Entity is a formatted part of a message's text.
type Entity struct {
	Type   string // such as code, bold, text_link
	Offset int    // in UTF-16 units
	Length int    // in UTF-16 units
	Text   string // the part itself
	URL    string // of a text_link
}

// Contact is a contact card.
type Contact struct {
	Phone     string
	FirstName string
	LastName  string
	UserID    int64 // 0: Telegram does not know the number, or hides it
}

// Message is a message as the phone shows it at one moment. It does not change
// any more: ask again to see an edit.
type Message struct {
	ID      int64
	ChatID  int64
	Bot     *Bot
	FromBot bool // false: the person wrote it
	Text    string
	// Entities and Buttons are those of the present version.
	Entities []Entity
	Buttons  [][]Button
	Contact  *Contact
	Date     time.Time
	EditDate time.Time // zero: never edited
	// History holds the earlier texts, oldest first: one for each edit.
	History   []string
	Deleted   bool
	Silent    bool // sent with disable_notification
	Protected bool // may not be forwarded or saved
	NoPreview bool // link previews are off

	wire wireMessage
}

// Edited reports whether the message was edited.
func (m Message) Edited() bool { return len(m.History) > 0 }

// Code returns what a tap on the first code entity copies, or "".
func (m Message) Code() string {
	for _, e := range m.Entities {
		if e.Type == "code" {
			return e.Text
		}
	}
	return ""
}

// Button returns the first button with this text or callback data.
func (m Message) Button(name string) (Button, bool) {
	return find(m.Buttons, func(b Button) bool { return b.Text == name || b.Data == name })
}

// The predicates for WaitMessage fit only messages that are still there, but for
// WasDeleted.

// HasText fits a message whose text contains part.
func HasText(part string) func(Message) bool {
	return func(m Message) bool { return !m.Deleted && strings.Contains(m.Text, part) }
}

// HasCode fits a message whose text contains a code entity.
func HasCode() func(Message) bool {
	return func(m Message) bool { return !m.Deleted && m.Code() != "" }
}

// HasButton fits a message that has a button with this text or callback data.
func HasButton(name string) func(Message) bool {
	return func(m Message) bool {
		_, ok := m.Button(name)
		return !m.Deleted && ok
	}
}

// WasEdited fits a message that was edited and now contains part.
func WasEdited(part string) func(Message) bool {
	return func(m Message) bool { return !m.Deleted && m.Edited() && strings.Contains(m.Text, part) }
}

// WasDeleted fits the message with this id once it is deleted.
func WasDeleted(id int64) func(Message) bool {
	return func(m Message) bool { return m.Deleted && m.ID == id }
}

// ChangeKind says what happened on a phone.
type ChangeKind string

// The kinds of [Change].
const (
	Arrived  ChangeKind = "arrived"  // the bot wrote
	Said     ChangeKind = "said"     // the person wrote
	Edited   ChangeKind = "edited"   // text or buttons of a message changed
	Deleted  ChangeKind = "deleted"  // a message disappeared
	Answered ChangeKind = "answered" // the bot answered a button press
	Blocked  ChangeKind = "blocked"  // the person blocked the bot
	Opened   ChangeKind = "opened"   // the person unblocked the bot
)

// Change is one thing that happened in one chat.
type Change struct {
	Kind    ChangeKind
	Bot     *Bot
	ChatID  int64 // a user's id, or a group's
	Message Message
	Answer  Answer // of a button press
}

// show builds the phone's view of a message that the bot sees as wire.
func show(b *Bot, wire wireMessage, fromBot bool, buttons [][]Button) *Message {
	m := &Message{
		ID: wire.MessageID, ChatID: wire.Chat.ID, Bot: b, FromBot: fromBot, Text: wire.Text, Buttons: buttons,
		Date: time.Unix(wire.Date, 0), Protected: wire.HasProtectedContent, wire: wire,
	}
	for _, e := range wire.Entities {
		m.Entities = append(m.Entities, Entity{
			Type: e.Type, Offset: e.Offset, Length: e.Length, URL: e.URL, Text: slice(wire.Text, e.Offset, e.Length),
		})
	}
	if c := wire.Contact; c != nil {
		m.Contact = &Contact{Phone: c.PhoneNumber, FirstName: c.FirstName, LastName: c.LastName, UserID: c.UserID}
	}
	if wire.EditDate != 0 {
		m.EditDate = time.Unix(wire.EditDate, 0)
	}
	return m
}

// noPreview reads link_preview_options and the older field that it replaced.
func noPreview(p params) bool {
	var options struct {
		Off bool `json:"is_disabled"`
	}
	_ = json.Unmarshal([]byte(p["link_preview_options"]), &options)
	return options.Off || p.bool("disable_web_page_preview")
}
