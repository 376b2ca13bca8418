//go:build !nowhatsmeow

package whatsappdevice

import (
	"crypto/sha256"
	"encoding/binary"

	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/types/events"

	"otpravka/bot"
	"otpravka/otpcore"
)

// heard hands a message to the conversation. It reports false when that could not
// store it: the message comes again with the next connection.
func (s *session) heard(e *events.Message) bool {
	s.sign(e.Info.Sender, e.Info.Timestamp)
	in, ok := s.inbound(e)
	if !ok {
		return true
	}
	if err := s.c.home.Apply(s.ctx, in); err != nil {
		s.c.log().Warn("message not stored; it will come again", "error", err)
		return false
	}
	return true
}

// inbound reads a message of one person to the account. Groups, broadcasts, what
// the owner writes and what is no text mean nothing to us.
func (s *session) inbound(e *events.Message) (bot.Inbound, bool) {
	from := e.Info
	text := e.Message.GetConversation()
	if text == "" {
		text = e.Message.GetExtendedTextMessage().GetText()
	}
	switch {
	case from.IsFromMe, from.IsGroup, from.IsIncomingBroadcast(), text == "", e.IsEdit:
		return bot.Inbound{}, false
	case from.Chat.Server != types.DefaultUserServer && from.Chat.Server != types.HiddenUserServer:
		return bot.Inbound{}, false
	}
	in := bot.Words(text)
	in.Update, in.Posted, in.At = updateOf(from.Chat, from.ID), true, from.Timestamp
	in.Chat = from.Chat.ToNonAD().String()
	in.About = e.Message.GetExtendedTextMessage().GetContextInfo().GetStanzaID() // of an answer to a message
	if number := s.number(from); !number.IsEmpty() {
		in.Number, in.Chat = "+"+number.User, number.String()
	}
	return in, true
}

// number is the sender's phone number. A hidden address (…@lid) looks like one
// and is none: where nobody told the number behind it, it is unknown.
func (s *session) number(from types.MessageInfo) types.JID {
	for _, jid := range []types.JID{from.Sender, from.SenderAlt} {
		if jid.Server == types.DefaultUserServer {
			return jid.ToNonAD()
		}
	}
	number, err := s.client.Store.LIDs.GetPNForLID(s.ctx, from.Sender.ToNonAD())
	if err != nil || number.Server != types.DefaultUserServer {
		return types.EmptyJID
	}
	return number.ToNonAD()
}

// updateOf numbers a message, which WhatsApp knows by chat and letters.
func updateOf(chat types.JID, id types.MessageID) int64 {
	sum := sha256.Sum256([]byte(chat.ToNonAD().String() + " " + id))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
}

// receiptStatus are the receipts that say something about a message of ours. One
// that is "inactive" has reached the phone as well. "Sender" and "read-self" come
// from the account's own devices.
var receiptStatus = map[types.ReceiptType]otpcore.DeliveryStatus{
	types.ReceiptTypeDelivered: otpcore.Delivered,
	types.ReceiptTypeInactive:  otpcore.Delivered,
	types.ReceiptTypeRead:      otpcore.Read,
	types.ReceiptTypePlayed:    otpcore.Read,
}

// became takes a receipt. It is matched by the message's id alone: the address in
// it is a number or a hidden one, as WhatsApp pleases.
func (s *session) became(e *events.Receipt) bool {
	s.sign(e.Sender, e.Timestamp)
	status, ours := receiptStatus[e.Type]
	if !ours || e.IsGroup || e.IsFromMe {
		return true
	}
	keys, id := s.c.factory.opts.Keys, s.c.bot.ID
	var receipts []otpcore.Receipt
	for _, message := range e.MessageIDs {
		m, found, err := keys.sent(s.ctx, id, message)
		switch {
		case err != nil:
			return false
		case found && m.delivery != "":
			receipts = append(receipts, otpcore.Receipt{
				Provider: provider, MessageID: message, Reference: m.delivery, BotID: id, Status: status, At: e.Timestamp,
			})
		}
	}
	if len(receipts) == 0 {
		return true
	}
	if err := s.c.factory.opts.Receipts(s.ctx, receipts); err != nil {
		s.c.log().Warn("receipts not stored; they will come again", "error", err)
		return false
	}
	for _, r := range receipts {
		if err := keys.arrived(s.ctx, id, r.MessageID); err != nil {
			s.c.log().Warn("content of an arrived message not dropped", "error", err) // the sweep will
		}
	}
	return true
}
