package demo

import (
	"math/big"
	"slices"
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

// timeline tells in sentences, in the language of s, what the API shows
// of a verification.
func timeline(v verification, s sentences) []line {
	t := teller{sentences: s, v: v}
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
	sentences
	v     verification
	wrong int // codes so far
}

func (t *teller) tell(e entry) line {
	channel := e.Data["channel"]
	l := line{Tone: "plain", Channel: channel}
	switch kind := e.Type; kind {
	case "verification.started":
		l.What = t.say("The shop asks for a code. It is stored, then answered; sending comes after that.")
		l.Why = t.say("The route is {route}.", "{route}", names(t.v.Route, t.say(", then ")))
	case "note.delivery_queued":
		l.What, l.Why = t.queued(channel, e)
	case "note.delivery_skipped":
		l.What, l.Why = t.skipped(channel, e.Data["reason"])
	case "link.stale":
		l.What = t.by("The link to the {channel} chat has grown too old.", channel)
		l.Why = t.say("Phone numbers get new owners; sharing the number again renews it.")
	case "note.delivery_waiting_link":
		l.Tone = "wait"
		l.What = t.by("The code waits for a {channel} chat.", channel)
		l.Why = t.say("The phone is not linked to one yet, and the shop would rather wait a moment than pay for an SMS.")
		if !slices.Contains(t.v.Route, "sms") {
			l.Why = t.say("The phone is not linked to one yet, and the shop sends no SMS to this number.")
		}
	case "note.check_failed":
		t.wrong++
		l.Tone, l.What = "bad", t.say("A wrong code. Attempt {n} is used up.", "{n}", strconv.Itoa(t.wrong))
		l.Why = t.say("It is counted before anything is answered, so guessing in parallel gains nothing.")
	case "note.fallback_moved":
		l.Tone, l.What = "wait", t.say("The SMS waits a little longer, once.")
		l.Why = t.say("Somebody who types a code has got one, be it misread.")
	case "note.fallback_stopped":
		l.What, l.Why = t.say("The SMS is called off."), t.say("The message has arrived.")
	case "note.message_edited":
		l.What, l.Why = t.edited(e.Data["wanted"])
	default:
		t.outcome(&l, e)
	}
	return l
}

// outcome tells what became of a message or of the whole verification.
func (t *teller) outcome(l *line, e entry) {
	who := t.carrier(l.Channel)
	switch e.Type {
	case "delivery.sent":
		l.What = t.say("{who} has accepted the message", "{who}", who) + t.price(e.DeliveryID) + "."
	case "delivery.delivered":
		l.Tone, l.What = "good", t.say("{who} reports: it is on the phone.", "{who}", who)
	case "delivery.read":
		l.Tone, l.What = "good", t.say("{who} reports: it was read.", "{who}", who)
	case "delivery.failed":
		l.Tone, l.What, l.Why = "bad", t.say("{who} did not deliver.", "{who}", who), e.Data["message"]
	case "note.delivery_retry":
		l.Tone, l.What = "wait", t.say("{who} is tried again", "{who}", who)+t.in(e.Data["in"])+"."
		l.Why = t.retryWhy(e.Data["class"])
	case "note.delivery_unknown":
		l.Tone, l.What = "bad", t.say("{who} gave no answer, twice.", "{who}", who)
		l.Why = t.say("The message may have left or not, so the code goes another way as well.")
	case "note.late_receipt":
		l.What, l.Why = t.say("{who} sent a late report.", "{who}", who), t.say("It contradicts an earlier one, so it is only noted.")
	case "note.cost_refunded":
		l.Tone, l.What = "good", t.say("{who} gives back what the message cost.", "{who}", who)
	case "verification.approved":
		l.Tone, l.What = "good", t.say("The code is right: approved, this once.")+" "+t.bill()
		l.Why = t.say("The seed that it was made from is erased with the same statement.")
	case "verification.reported":
		l.Tone, l.What = "bad", t.say("The person says: it wasn't me. The code is dead at once.")
		l.Why = t.say("Only the chat that got the message may say so.")
	case "verification.canceled":
		l.Tone, l.What, l.Why = "bad", t.say("The code is canceled."), t.canceledWhy(e.Data["reason"])
	case "verification.expired":
		l.Tone, l.What = "bad", t.say("The code has expired.")+" "+t.bill()
	case "verification.failed":
		l.Tone, l.What, l.Why = "bad", t.say("The verification has failed."), t.failedWhy(e.Data["reason"])
	default:
		l.What = e.Type
	}
}

// by says a sentence about a channel.
func (t *teller) by(sentence, channel string) string {
	return t.say(sentence, "{channel}", name(channel))
}

// queued tells why a message leaves.
func (t *teller) queued(channel string, e entry) (what, why string) {
	what = t.by("The code goes out by {channel}.", channel)
	switch e.Data["cause"] {
	case "start":
		if channel != t.v.Route[0] {
			return what, t.say("It is the next one on the route.")
		}
		return what, t.say("It comes first on the route, and the phone is linked to a chat.")
	case "undeliverable":
		return t.by("The same code goes out by {channel}, at once.", channel), t.say("The way before it is closed, so there is nothing to wait for.")
	case "timeout":
		return t.by("The same code goes out by {channel}.", channel), t.say("Nobody has confirmed it in time.")
	case "resend":
		return t.by("The same code goes out by {channel} again.", channel), t.say("The shop asked for it. Attempts are not given back.")
	case "linked":
		return t.by("The same code goes into the {channel} chat.", channel), t.say("The phone was linked a moment ago, and the code still lives.")
	}
	return what, ""
}

func (t *teller) skipped(channel, reason string) (what, why string) {
	what = t.by("{channel} is skipped.", channel)
	switch reason {
	case "no_link":
		return what, t.say("The phone is not linked to a chat.")
	case "link_inactive":
		return what, t.say("The person has blocked the bot.")
	case "link_stale":
		return what, t.say("The phone was linked so long ago that it may belong to somebody else by now.")
	case "link_unproven":
		return what, t.say("This message needs a chat whose phone has been proven by an SMS code as well. After this one it is.")
	case "linked":
		return t.say("Nothing waits for a link any more."), t.say("The phone has just been linked.")
	case "resent":
		return t.say("The planned repeat is dropped."), t.say("The shop asked for a resend meanwhile.")
	case "verification_ended":
		return t.say("The message that waited is dropped."), t.say("The verification is over.")
	case "overtaken", "overtaken_by_sms":
		return what, t.say("A newer message has taken its place.")
	case "too_late":
		return what, t.say("The code is about to expire.")
	case "too_many_sends":
		return what, t.say("The code was sent as often as one code may be.")
	}
	return what, t.say("It is not set up.")
}

func (t *teller) edited(wanted string) (what, why string) {
	if wanted == "also_sms" {
		return t.say("The chat message now says that an SMS is on its way."), t.say("So nobody wonders about a second message.")
	}
	return t.say("The chat message is edited: the code is gone from it."), t.say("No code stays readable once it is over.")
}

// price tells what the delivery costs.
func (t *teller) price(id string) string {
	for _, d := range t.v.Deliveries {
		if d.ID != id {
			continue
		}
		if d.Cost == nil {
			return t.say(", for free")
		}
		return t.say(", for {price}", "{price}", d.Cost.Amount+" "+d.Cost.Currency)
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
		return t.say("It cost the shop nothing.")
	}
	return t.say("It cost the shop {price}.", "{price}", sum.FloatString(2)+" "+currency)
}

func (t *teller) canceledWhy(reason string) string {
	switch reason {
	case "canceled_by_business":
		return t.say("The shop went back to its first screen, so nobody will type it.")
	case "context_mismatch":
		return t.say("The check named another amount or payee than the start.")
	}
	return ""
}

func (t *teller) failedWhy(reason string) string {
	if reason == "too_many_attempts" {
		return t.say("Five wrong codes: this one opens nothing any more.")
	}
	return t.say("No channel could deliver the code.")
}

// retryWhy says what an error class means to people.
func (t *teller) retryWhy(class string) string {
	switch class {
	case "ambiguous":
		return t.say("No answer was read. One repeat of the same code does no harm.")
	case "provider_down":
		return t.say("The provider is in trouble, which may pass.")
	case "throttled":
		return t.say("The provider asks to slow down.")
	}
	return t.say("The trouble may pass: {class}.", "{class}", strings.ReplaceAll(class, "_", " "))
}

// in tells the wait before a repeat in whole seconds; what spreads the tries of an
// outage over fractions of one is of no interest here.
func (t *teller) in(wait string) string {
	d, err := time.ParseDuration(wait)
	if err != nil || d <= 0 {
		return ""
	}
	d = max(d.Round(time.Second), time.Second)
	return t.say(" in {seconds} s", "{seconds}", strconv.FormatFloat(d.Seconds(), 'f', -1, 64))
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
func (t *teller) carrier(channel string) string {
	if channel == "sms" {
		return t.say("The SMS provider")
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
