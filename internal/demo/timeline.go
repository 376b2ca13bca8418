package demo

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// line is one thing that the server did, in words, and why.
type line struct {
	At      time.Time `json:"at"`
	After   float64   `json:"after"` // seconds since the verification began
	Tone    string    `json:"tone"`  // plain, wait, good or bad
	Channel string    `json:"channel,omitempty"`
	What    string    `json:"what"`
	Why     string    `json:"why,omitempty"`
}

// timeline tells in sentences what the API shows of a verification.
func timeline(v verification) []line {
	t := teller{v: v}
	lines := make([]line, 0, len(v.Timeline))
	for _, e := range v.Timeline {
		l := t.tell(e)
		l.At, l.After = e.At, e.At.Sub(v.CreatedAt).Seconds()
		lines = append(lines, l)
	}
	return lines
}

// teller goes through a timeline from the beginning.
type teller struct {
	v     verification
	wrong int // codes so far
}

func (t *teller) tell(e entry) line {
	channel := e.Data["channel"]
	l := line{Tone: "plain", Channel: channel}
	switch kind := e.Type; kind {
	case "verification.started":
		l.What = "The shop asks for a code. It is stored, then answered; sending comes after that."
		l.Why = "The route is " + names(t.v.Route, ", then ") + "."
	case "note.delivery_queued":
		l.What, l.Why = t.queued(channel, e)
	case "note.delivery_skipped":
		l.What, l.Why = t.skipped(channel, e.Data["reason"])
	case "link.stale":
		l.What = "The link to the " + name(channel) + " chat has grown too old."
		l.Why = "Phone numbers get new owners; sharing the number again renews it."
	case "note.delivery_waiting_link":
		l.Tone = "wait"
		l.What = "The code waits for a " + name(channel) + " chat."
		l.Why = "The phone is not linked to one yet, and the shop would rather wait a moment than pay for an SMS."
	case "note.check_failed":
		t.wrong++
		l.Tone, l.What = "bad", fmt.Sprintf("A wrong code. Attempt %d is used up.", t.wrong)
		l.Why = "It is counted before anything is answered, so guessing in parallel gains nothing."
	case "note.fallback_moved":
		l.Tone, l.What = "wait", "The SMS waits a little longer, once."
		l.Why = "Somebody who types a code has got one, be it misread."
	case "note.fallback_stopped":
		l.What, l.Why = "The SMS is called off.", "The message has arrived."
	case "note.message_edited":
		l.What, l.Why = edited(e.Data["wanted"])
	default:
		t.outcome(&l, e)
	}
	return l
}

// outcome tells what became of a message or of the whole verification.
func (t *teller) outcome(l *line, e entry) {
	who := carrier(l.Channel)
	switch e.Type {
	case "delivery.sent":
		l.What = who + " has accepted the message" + t.price(e.DeliveryID) + "."
	case "delivery.delivered":
		l.Tone, l.What = "good", who+" reports: it is on the phone."
	case "delivery.read":
		l.Tone, l.What = "good", who+" reports: it was read."
	case "delivery.failed":
		l.Tone, l.What, l.Why = "bad", who+" did not deliver.", e.Data["message"]
	case "note.delivery_retry":
		l.Tone, l.What = "wait", who+" is tried again"+in(e.Data["in"])+"."
		l.Why = retryWhy(e.Data["class"])
	case "note.delivery_unknown":
		l.Tone, l.What = "bad", who+" gave no answer, twice."
		l.Why = "The message may have left or not, so the code goes another way as well."
	case "note.late_receipt":
		l.What, l.Why = who+" sent a late report.", "It contradicts an earlier one, so it is only noted."
	case "verification.approved":
		l.Tone, l.What = "good", "The code is right: approved, this once. "+t.bill()
		l.Why = "The seed that it was made from is erased with the same statement."
	case "verification.reported":
		l.Tone, l.What = "bad", "The person says: it wasn't me. The code is dead at once."
		l.Why = "Only the chat that got the message may say so."
	case "verification.canceled":
		l.Tone, l.What, l.Why = "bad", "The code is canceled.", canceledWhy(e.Data["reason"])
	case "verification.expired":
		l.Tone, l.What = "bad", "The code has expired. "+t.bill()
	case "verification.failed":
		l.Tone, l.What, l.Why = "bad", "The verification has failed.", failedWhy(e.Data["reason"])
	default:
		l.What = e.Type
	}
}

// queued tells why a message leaves.
func (t *teller) queued(channel string, e entry) (what, why string) {
	what = "The code goes out by " + name(channel) + "."
	switch e.Data["cause"] {
	case "start":
		if channel != t.v.Route[0] {
			return what, "It is the next one on the route."
		}
		return what, "It comes first on the route, and the phone is linked to a chat."
	case "undeliverable":
		return "The same code goes out by " + name(channel) + ", at once.", "The way before it is closed, so there is nothing to wait for."
	case "timeout":
		return "The same code goes out by " + name(channel) + ".", "Nobody has confirmed it in time."
	case "resend":
		return "The same code goes out by " + name(channel) + " again.", "The shop asked for it. Attempts are not given back."
	case "linked":
		return "The same code goes into the " + name(channel) + " chat.", "The phone was linked a moment ago, and the code still lives."
	}
	return what, ""
}

func (t *teller) skipped(channel, reason string) (what, why string) {
	what = name(channel) + " is skipped."
	switch reason {
	case "no_link":
		return what, "The phone is not linked to a chat."
	case "link_inactive":
		return what, "The person has blocked the bot."
	case "link_stale":
		return what, "The phone was linked so long ago that it may belong to somebody else by now."
	case "link_unproven":
		return what, "This message needs a chat whose phone has been proven by an SMS code as well. After this one it is."
	case "linked":
		return "Nothing waits for a link any more.", "The phone has just been linked."
	case "resent":
		return "The planned repeat is dropped.", "The shop asked for a resend meanwhile."
	case "verification_ended":
		return "The message that waited is dropped.", "The verification is over."
	case "overtaken", "overtaken_by_sms":
		return what, "A newer message has taken its place."
	case "too_late":
		return what, "The code is about to expire."
	case "too_many_sends":
		return what, "The code was sent as often as one code may be."
	}
	return what, "It is not set up."
}

func edited(wanted string) (what, why string) {
	if wanted == "also_sms" {
		return "The chat message now says that an SMS is on its way.", "So nobody wonders about a second message."
	}
	return "The chat message is edited: the code is gone from it.", "No code stays readable once it is over."
}

// price tells what the delivery costs.
func (t *teller) price(id string) string {
	for _, d := range t.v.Deliveries {
		if d.ID != id {
			continue
		}
		if d.Cost == nil {
			return ", for free"
		}
		return ", for " + d.Cost.Amount + " " + d.Cost.Currency
	}
	return ""
}

// bill adds up what all messages of the code cost.
func (t *teller) bill() string {
	sum, currency := new(big.Rat), ""
	for _, d := range t.v.Deliveries {
		if d.Cost == nil {
			continue
		}
		if amount, ok := new(big.Rat).SetString(d.Cost.Amount); ok {
			sum.Add(sum, amount)
			currency = d.Cost.Currency
		}
	}
	if currency == "" {
		return "It cost the shop nothing."
	}
	return "It cost the shop " + sum.FloatString(2) + " " + currency + "."
}

func canceledWhy(reason string) string {
	switch reason {
	case "canceled_by_business":
		return "The shop went back to its first screen, so nobody will type it."
	case "context_mismatch":
		return "The check named another amount or payee than the start."
	}
	return ""
}

func failedWhy(reason string) string {
	if reason == "too_many_attempts" {
		return "Five wrong codes: this one opens nothing any more."
	}
	return "No channel could deliver the code."
}

// retryWhy says what an error class means to people.
func retryWhy(class string) string {
	switch class {
	case "ambiguous":
		return "No answer was read. One repeat of the same code does no harm."
	case "provider_down":
		return "The provider is in trouble, which may pass."
	case "throttled":
		return "The provider asks to slow down."
	}
	return "The trouble may pass: " + strings.ReplaceAll(class, "_", " ") + "."
}

// in writes the wait before a repeat.
func in(wait string) string {
	d, err := time.ParseDuration(wait)
	if err != nil || d <= 0 {
		return ""
	}
	return " in " + strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
}

func name(channel string) string {
	switch channel {
	case "telegram":
		return "Telegram"
	case "whatsapp":
		return "WhatsApp"
	case "sms":
		return "SMS"
	}
	return channel
}

// carrier names who carries a channel's messages.
func carrier(channel string) string {
	if channel == "sms" {
		return "The SMS provider"
	}
	return name(channel)
}

func names(channels []string, between string) string {
	all := make([]string, 0, len(channels))
	for _, c := range channels {
		all = append(all, name(c))
	}
	return strings.Join(all, between)
}
