//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"go.mau.fi/whatsmeow"
	"go.mau.fi/whatsmeow/proto/waE2E"
	"go.mau.fi/whatsmeow/types"
	"google.golang.org/protobuf/proto"

	"otpravka/otpcore"
)

// provider is how deliveries name linked devices.
const provider = string(otpcore.BotWhatsAppDevice)

// answerLimit bounds how long WhatsApp's word is waited for. Callers with less
// patience end their context.
const answerLimit = 10 * time.Second

// Capabilities tells what a linked device can do: any text, changed later, with
// receipts. Buttons of linked devices are shown by no phone.
func (c *Connector) Capabilities() otpcore.Capabilities {
	return otpcore.Capabilities{CanEdit: true, FreeText: true, Receipts: true}
}

// Send writes into the chat, or to the number where there is no chat.
func (c *Connector) Send(ctx context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
	id := messageID(o.DeliveryID)
	refused := c.write(ctx, o, outgoing{id: id, delivery: o.DeliveryID})
	if refused != nil {
		return otpcore.Accepted{}, refused
	}
	return otpcore.Accepted{Provider: provider, MessageID: id}, nil
}

// Edit puts another text in place of a message's. WhatsApp takes that for 20
// minutes.
func (c *Connector) Edit(ctx context.Context, message string, o otpcore.Outgoing) error {
	refused := c.write(ctx, o, outgoing{id: messageID(o.DeliveryID), edits: message})
	if refused != nil {
		return refused
	}
	return nil
}

// write sends a message that was stored before. Its id makes a repeat harmless.
func (c *Connector) write(ctx context.Context, o otpcore.Outgoing, m outgoing) *otpcore.SendError {
	s := c.live.Load()
	if s == nil || !s.enter() {
		return failed(otpcore.ClassProviderDown, "The WhatsApp device is not connected.", nil)
	}
	defer s.sends.Done()
	to, refused := c.address(ctx, s, o)
	if refused != nil {
		return refused
	}
	if refused := c.pace.take(ctx); refused != nil {
		return refused
	}
	text := plain(o.Message)
	keys := c.factory.opts.Keys
	m.content = c.factory.opts.Vault.Seal(c.place(m.id), []byte(text))
	if err := keys.remember(ctx, c.bot.ID, m); err != nil {
		return failed(otpcore.ClassProviderDown, "The message could not be stored before it is sent.", errStore)
	}
	if ctx.Err() != nil {
		return failed(otpcore.ClassProviderDown, "There was no time left to send the message.", ctx.Err())
	}
	_, err := s.client.SendMessage(ctx, to, s.message(to, m, text), whatsmeow.SendRequestExtra{ID: m.id, Timeout: answerLimit})
	if err == nil {
		return nil
	}
	return c.refusal(ctx, s, to, err)
}

var errStore = errors.New("whatsapp keys: message not stored")

// place is where the content of a message rests.
func (c *Connector) place(id types.MessageID) otpcore.Place {
	return otpcore.Place{Table: "otpravka_sent", Column: "content", Row: otpcore.ID(id), Business: c.bot.BusinessID}
}

// message is the text in WhatsApp's form: a message, or a change of one.
func (s *session) message(to types.JID, m outgoing, text string) *waE2E.Message {
	words := &waE2E.Message{Conversation: proto.String(text)}
	if m.edits == "" {
		return words
	}
	return s.client.BuildEdit(to, m.edits, words)
}

// again finds a message for a phone that could not decipher it. What has arrived,
// or is of no use any more, is gone.
func (s *session) again(_, to types.JID, id types.MessageID) *waE2E.Message {
	m, found, err := s.c.factory.opts.Keys.sent(s.ctx, s.c.bot.ID, id)
	if err != nil || !found || m.content == nil {
		return nil
	}
	text, err := s.c.factory.opts.Vault.Open(s.c.place(id), m.content)
	if err != nil {
		return nil
	}
	return s.message(to, m, string(text))
}

// plain is the message as text alone: what a button would open stands under it.
func plain(m otpcore.Message) string {
	lines := []string{m.Text}
	for _, row := range m.Buttons {
		for _, b := range row {
			if b.URL != "" {
				lines = append(lines, b.Label+": "+b.URL)
			}
		}
	}
	return strings.Join(lines, "\n")
}

// address is where the message goes. It never asks WhatsApp to reach a number
// that is not there, or a stranger while that is forbidden: both count against
// the account.
func (c *Connector) address(ctx context.Context, s *session, o otpcore.Outgoing) (types.JID, *otpcore.SendError) {
	to := types.NewJID(strings.TrimPrefix(o.Phone.E164(), "+"), types.DefaultUserServer)
	if o.Chat != "" {
		var err error
		if to, err = types.ParseJID(o.Chat); err != nil || to.User == "" {
			return to, failed(otpcore.ClassBadNumber, "The chat's address is none of WhatsApp's.", nil)
		}
	} else if o.Phone.IsZero() {
		return to, failed(otpcore.ClassBadNumber, "There is no number to write to.", nil)
	}
	to, wroteFirst := s.route(ctx, to)
	if until := c.lock.until(); !wroteFirst && time.Now().Before(until) {
		return to, failed(otpcore.ClassSenderNotAllowed, "WhatsApp lets this number write only to people who have written to it first.", nil)
	}
	if ctx.Err() != nil {
		return to, failed(otpcore.ClassProviderDown, "There was no time left to send the message.", ctx.Err())
	}
	if !c.present.known(ctx, s, to) {
		return to, failed(otpcore.ClassUnreachable, "The number is not on WhatsApp.", nil)
	}
	return to, nil
}

// route picks that of a person's two addresses, the number and the hidden one,
// which they have written from, and tells whether they have: WhatsApp then gave
// us a token that lets us answer.
func (s *session) route(ctx context.Context, to types.JID) (types.JID, bool) {
	other, err := s.client.Store.LIDs.GetLIDForPN(ctx, to)
	if to.Server == types.HiddenUserServer {
		other, err = s.client.Store.LIDs.GetPNForLID(ctx, to)
	}
	for _, jid := range []types.JID{to, other} {
		if jid.IsEmpty() || err != nil && jid != to {
			continue
		}
		if token, err := s.client.Store.PrivacyTokens.GetPrivacyToken(ctx, jid.ToNonAD()); err == nil && token != nil {
			return jid.ToNonAD(), true
		}
	}
	return to.ToNonAD(), false
}

// refusal translates a failed send into the domain's words.
func (c *Connector) refusal(ctx context.Context, s *session, to types.JID, err error) *otpcore.SendError {
	code := codeOf(err)
	switch {
	case errors.Is(err, whatsmeow.ErrNotConnected), errors.Is(err, whatsmeow.ErrNotLoggedIn):
		return failed(otpcore.ClassProviderDown, "The WhatsApp device is not connected.", refusedBy(err))
	case code == reachOutLocked:
		c.present.forget(to)
		c.shut(context.WithoutCancel(ctx), s)
		return failed(otpcore.ClassSenderNotAllowed, "WhatsApp does not let this number write to the person first.", refusedBy(err))
	case code == 429 || code == 420:
		return failed(otpcore.ClassThrottled, "WhatsApp asks to wait.", refusedBy(err))
	case code >= 500:
		return failed(otpcore.ClassProviderDown, "WhatsApp is out of order.", refusedBy(err))
	case code == 404:
		c.present.forget(to)
		return failed(otpcore.ClassUnreachable, "The number is not on WhatsApp.", refusedBy(err))
	case code != 0:
		return failed(otpcore.ClassUnknown, "WhatsApp refuses the message.", refusedBy(err))
	}
	return failed(otpcore.ClassAmbiguous, "WhatsApp gave no answer; the message may have arrived.", refusedBy(err))
}

// reachOutLocked is the error with which WhatsApp keeps an account from writing
// to people who have not written to it.
const reachOutLocked = 463

// codeOf is the number at the end of WhatsApp's refusal; zero: it is none.
func codeOf(err error) int {
	if !errors.Is(err, whatsmeow.ErrServerReturnedError) {
		return 0
	}
	text := err.Error()
	code, _ := strconv.Atoi(text[strings.LastIndexByte(text, ' ')+1:])
	return code
}

// refusedBy is what of the library's error may be shown: its own text quotes
// numbers and addresses.
func refusedBy(err error) error {
	if code := codeOf(err); code != 0 {
		return errors.New("whatsapp error " + strconv.Itoa(code))
	}
	for _, known := range []error{
		whatsmeow.ErrMessageTimedOut, whatsmeow.ErrIQTimedOut, whatsmeow.ErrNotConnected, whatsmeow.ErrNotLoggedIn,
		context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	if _, cut := errors.AsType[*whatsmeow.DisconnectedError](err); cut {
		return errLost
	}
	return errOther
}

var errOther = errors.New("whatsapp: the library's error is not shown")

func failed(class otpcore.ErrorClass, text string, err error) *otpcore.SendError {
	return &otpcore.SendError{Class: class, Provider: provider, Message: text, Err: err}
}
