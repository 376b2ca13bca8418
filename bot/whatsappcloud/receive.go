package whatsappcloud

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"otpravka/bot"
	"otpravka/otpcore"
)

// signatureHeader holds an HMAC of the raw body under the app's secret
// (https://developers.facebook.com/docs/graph-api/webhooks/getting-started).
const signatureHeader = "X-Hub-Signature-256"

// notRequested is what the button under a code answers that nobody asked for.
const notRequested = "DID_NOT_REQUEST_CODE"

var errNotMeta = &otpcore.Error{Kind: otpcore.KindUnauthorized, Code: "unauthorized", Detail: "The post is not signed with the app's secret."}

// Receive handles one post: first what is reported on messages, then what people
// wrote. Both may come again, in any order, and have one effect. What is from Meta
// and cannot be understood is done with: it would come again for days.
func (c *Connector) Receive(ctx context.Context, header http.Header, body []byte) error {
	if !c.signed(header, body) {
		return errNotMeta
	}
	var p post
	if err := json.Unmarshal(body, &p); err != nil {
		c.log.WarnContext(ctx, "post not understood", "bytes", len(body))
		return nil
	}
	for _, entry := range p.Entry {
		for _, change := range entry.Changes {
			if err := c.change(ctx, entry.ID, change); err != nil {
				return err
			}
		}
	}
	return nil
}

// signed checks the one signature over the raw bytes. Without a secret nothing
// is ever signed.
func (c *Connector) signed(header http.Header, body []byte) bool {
	given := header.Values(signatureHeader)
	if len(given) != 1 || c.account.AppSecret == "" {
		return false
	}
	digits, ok := strings.CutPrefix(given[0], "sha256=")
	signature, err := hex.DecodeString(digits)
	if !ok || err != nil {
		return false
	}
	mac := hmac.New(sha256.New, []byte(c.account.AppSecret))
	mac.Write(body)
	return hmac.Equal(signature, mac.Sum(nil))
}

func (c *Connector) change(ctx context.Context, account string, ch change) error {
	if ch.Field == "message_template_status_update" {
		if account == c.account.AccountID {
			c.lookAgain()
		}
		return nil
	}
	var v value
	if ch.Field != "messages" || json.Unmarshal(ch.Value, &v) != nil || v.Metadata.PhoneNumberID != c.account.PhoneNumberID {
		return nil // about another number of the app, or nothing of ours
	}
	var receipts []otpcore.Receipt
	for i := range v.Statuses {
		if r, ok := c.receipt(&v.Statuses[i]); ok {
			receipts = append(receipts, r)
		}
	}
	if len(receipts) > 0 {
		if err := c.opts.Receipts.Accept(ctx, receipts); err != nil {
			return err
		}
	}
	for i := range v.Messages {
		if in, ok := inbound(&v.Messages[i], v.Contacts, time.Now()); ok {
			if err := c.home.Apply(ctx, in); err != nil {
				return err
			}
		}
	}
	return nil
}

// statuses are the words of reports. Others, like "played", say nothing new.
var statuses = map[string]otpcore.DeliveryStatus{
	"sent": otpcore.Sent, "delivered": otpcore.Delivered, "read": otpcore.Read, "failed": otpcore.FailedDlv,
}

func (c *Connector) receipt(s *status) (otpcore.Receipt, bool) {
	word, known := statuses[s.Status]
	if !known || s.ID == "" || len(s.ID) > maxMessageID {
		return otpcore.Receipt{}, false
	}
	r := otpcore.Receipt{Provider: provider, MessageID: s.ID, BotID: c.bot, Status: word, At: moment(s.Timestamp)}
	if id, ok := otpcore.ParseID(otpcore.PrefixDelivery, s.Reference); ok {
		r.Reference = id
	}
	if word == otpcore.FailedDlv {
		r.Class = otpcore.ClassUnreachable
		if len(s.Errors) > 0 && s.Errors[0].Code != nil {
			code := *s.Errors[0].Code
			v := verdictOf(code, 0)
			c.consider(v, &callError{kind: refused, code: code})
			r.Class = v.class
		}
	}
	if s.Pricing != nil && s.Pricing.Billable && s.RecipientID != "" {
		r.Cost = otpcore.Cost{Money: c.opts.Price(s.Pricing.Category, "+"+s.RecipientID)}
	}
	return r, true
}

// oldest is the age behind which a message is no longer answered: its window is
// closed.
const oldest = replyWindow

// inbound makes an Inbound of what a person did, if it means something. WhatsApp
// may tell no number of people who go by a name, but an id of theirs.
func inbound(m *incoming, contacts []contact, now time.Time) (bot.Inbound, bool) {
	in := bot.Words("")
	switch m.Type {
	case "text":
		in = bot.Words(m.Text.Body)
	case "button":
		in = bot.Words(m.Button.Text)
		if m.Button.Payload == notRequested {
			in = bot.Inbound{Kind: bot.Press, Action: otpcore.Action{Verb: otpcore.ActNotMe}}
		}
	case "interactive":
		a, ok := bot.ParseAction(m.Interactive.ButtonReply.ID)
		if !ok {
			return in, false
		}
		in = bot.Inbound{Kind: bot.Press, Action: a}
	case "system":
		if !strings.HasSuffix(m.System.Type, "identity_changed") && !strings.HasSuffix(m.System.Type, "changed_number") {
			return in, false
		}
		in = bot.Inbound{Kind: bot.Moved}
	case "reaction", "unsupported", "":
		return in, false
	}
	in.Posted, in.Update, in.At = true, updateOf(m.ID), moment(m.Timestamp)
	if in.Kind == bot.Press {
		in.About = m.Context.ID
	}
	in.Chat = m.From
	if m.From != "" {
		in.Number = "+" + m.From
	} else if in.Chat = m.UserID; in.Chat == "" && len(contacts) == 1 {
		in.Chat = contacts[0].UserID
	}
	// A server that was away for days still has to hear whom it may not write to.
	takesAway := in.Kind == bot.Moved || in.Kind == bot.Command && in.Command == "stop"
	old := !in.At.IsZero() && now.Sub(in.At) > oldest && !takesAway
	return in, in.Chat != "" && m.ID != "" && !old
}

// updateOf makes a number of a message's id, by which it is known again.
func updateOf(id string) int64 {
	h := sha256.Sum256([]byte(id))
	return int64(binary.BigEndian.Uint64(h[:8]) >> 1)
}

func moment(seconds string) time.Time {
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || at <= 0 {
		return time.Time{}
	}
	return time.Unix(at, 0)
}
