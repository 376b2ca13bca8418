package whatsappcloud

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"otpravka/bot"
	"otpravka/otpcore"
)

// provider is how deliveries name the Cloud API.
const provider = string(otpcore.BotWhatsAppCloud)

// Limits of Meta's
// (https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages).
const (
	maxCode        = 15
	maxText        = 4096
	maxInteractive = 1024 // characters of a text above buttons
	maxButtons     = 3
	maxTitle       = 20
	maxMessageID   = 256
	replyWindow    = 24 * time.Hour
)

var _ otpcore.Sender = (*Connector)(nil)

// Capabilities tells what can be done in a chat.
func (c *Connector) Capabilities() otpcore.Capabilities {
	return otpcore.Capabilities{CanButton: true, FreeText: true, Receipts: true, ReplyWindow: replyWindow, ApprovedNews: c.shelf.tells()}
}

// ByPhone tells that a bare number gets codes in Meta's text, once that is
// approved.
func (c *Connector) ByPhone() (otpcore.Capabilities, string) {
	if state, why := c.shelf.condition(); state != otpcore.BotConnected {
		return otpcore.Capabilities{}, why
	}
	return otpcore.Capabilities{Receipts: true}, ""
}

type (
	textBody struct {
		Body string `json:"body"`
	}
	parameter struct {
		Type string `json:"type"`
		Text string `json:"text"`
		Name string `json:"parameter_name,omitempty"`
	}
	component struct {
		Type       string      `json:"type"`
		SubType    string      `json:"sub_type,omitempty"`
		Index      string      `json:"index,omitempty"`
		Parameters []parameter `json:"parameters"`
	}
	language struct {
		Code string `json:"code"`
	}
	template struct {
		Name       string      `json:"name"`
		Language   language    `json:"language"`
		Components []component `json:"components"`
	}
	reply struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	replyButton struct {
		Type  string `json:"type"`
		Reply reply  `json:"reply"`
	}
	action struct {
		Buttons []replyButton `json:"buttons"`
	}
	interactive struct {
		Type   string            `json:"type"`
		Body   map[string]string `json:"body"`
		Action action            `json:"action"`
	}
	message struct {
		Product     string       `json:"messaging_product"`
		Kind        string       `json:"recipient_type"`
		To          string       `json:"to,omitempty"`
		Recipient   string       `json:"recipient,omitempty"` // a user id, of people whose number is not known
		Type        string       `json:"type"`
		Text        *textBody    `json:"text,omitempty"`
		Interactive *interactive `json:"interactive,omitempty"`
		Template    *template    `json:"template,omitempty"`
		Reference   string       `json:"biz_opaque_callback_data,omitempty"` // comes back with every report
	}
)

// Send writes into the chat, or the code to the bare number.
func (c *Connector) Send(ctx context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
	m := message{Product: "whatsapp", Kind: "individual", Reference: string(o.DeliveryID)}
	var ready bool
	switch form := c.shelf.codeForm(); {
	case o.Chat == "":
		ready = m.fillCode(o, form, c.shelf.language(form, o.Locale))
	case !o.OpenUntil.IsZero() && !time.Now().Before(o.OpenUntil):
		ready = m.fillNews(o, c.shelf.language(newsForm, o.Locale))
	default:
		ready = m.fill(o)
	}
	if !ready {
		return otpcore.Accepted{}, c.failure(&callError{kind: refused, code: 131009})
	}
	if wait := c.paused(time.Now()); wait > 0 {
		return otpcore.Accepted{}, c.failure(&callError{kind: refused, code: 130429, retryAfter: wait})
	}
	var answer struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	if failed := c.client.post(ctx, c.access, c.account.PhoneNumberID+"/messages", m, &answer); failed != nil {
		return otpcore.Accepted{}, c.failure(failed)
	}
	accepted := otpcore.Accepted{Provider: provider}
	if len(answer.Messages) > 0 && len(answer.Messages[0].ID) <= maxMessageID {
		accepted.MessageID = answer.Messages[0].ID
	}
	return accepted, nil
}

// Edit is nothing that the Cloud API knows.
func (c *Connector) Edit(context.Context, string, otpcore.Outgoing) error {
	return &otpcore.SendError{Class: otpcore.ClassUnsupported, Provider: provider, Message: "WhatsApp messages cannot be changed."}
}

// fill makes a message for a chat. Buttons that come back to us are WhatsApp's
// own, those that lead elsewhere stand in the text, and copying needs none.
func (m *message) fill(o otpcore.Outgoing) bool {
	text := o.Message.Text
	var buttons []replyButton
	for _, row := range o.Message.Buttons {
		for _, b := range row {
			switch {
			case b.URL != "":
				text += "\n" + b.Label + ": " + b.URL
			case b.Action.Verb != "" && len(buttons) < maxButtons:
				buttons = append(buttons, replyButton{"reply", reply{bot.FormatAction(b.Action), cut(b.Label, maxTitle)}})
			}
		}
	}
	m.address(o.Chat)
	length := utf8.RuneCountInString(text)
	if len(buttons) > 0 && length <= maxInteractive {
		m.Type = "interactive"
		m.Interactive = &interactive{Type: "button", Body: map[string]string{"text": text}, Action: action{buttons}}
		return text != ""
	}
	m.Type, m.Text = "text", &textBody{text}
	return text != "" && length <= maxText
}

// address writes to a number, or to somebody of whom only an id is known.
func (m *message) address(chat string) {
	if strings.Trim(chat, "0123456789") == "" {
		m.To = chat
	} else {
		m.Recipient = chat
	}
}

// cut shortens a button's label to what fits on it.
func cut(label string, most int) string {
	if runes := []rune(label); len(runes) > most {
		return strings.TrimSpace(string(runes[:most-1])) + "…"
	}
	return label
}

// failure translates a failed call into the domain's words and draws its
// consequences for the bot.
func (c *Connector) failure(e *callError) *otpcore.SendError {
	v := e.verdict()
	c.consider(v, e)
	wait := max(e.retryAfter, v.wait)
	if v.class != otpcore.ClassThrottled {
		wait = 0
	}
	return &otpcore.SendError{Class: v.class, RetryAfter: wait, OfChat: v.chat, Provider: provider, Message: v.text, Err: e}
}

// consider draws the consequences that an error has beyond its own message.
func (c *Connector) consider(v verdict, err error) {
	if fall := v.fall(err); fall != nil {
		c.home.Fell(fall)
	}
	if v.pause > 0 {
		c.log.Warn("number paused", "for", v.pause, "error", err)
		c.pausedUntil.Store(time.Now().Add(v.pause).UnixMilli())
		c.lookAgain() // which tells the state
	}
	if v.look && c.mayLook(time.Now()) {
		c.lookAgain()
	}
}

// refusalsPause keeps the refusals of many messages from asking about the texts with
// each of them: Meta counts the questions by the hour.
const refusalsPause = time.Minute

// mayLook reports whether a refusal may ask for a look.
func (c *Connector) mayLook(now time.Time) bool {
	next := c.nextLook.Load()
	return now.UnixMilli() >= next && c.nextLook.CompareAndSwap(next, now.Add(refusalsPause).UnixMilli())
}

// paused is how long the whole number has to wait.
func (c *Connector) paused(now time.Time) time.Duration {
	return time.UnixMilli(c.pausedUntil.Load()).Sub(now)
}
