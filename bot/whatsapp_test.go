package bot

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

const (
	annas = "+77011234567"
	eves  = "+77010000001"
)

// whatsApp is a stage with a WhatsApp bot of a kind.
type whatsApp struct {
	*stage
	ledger *spy
	talks  *Conversation
	bot    *otpcore.Bot
	by     otpcore.Caller
	number *coretest.Sender // what reaches bare numbers
}

func onWhatsApp(t testing.TB, kind otpcore.BotKind) *whatsApp {
	s := newStage(t)
	w := &whatsApp{stage: s, ledger: &spy{Ledger: s.db}, number: s.carriers.AddNumber()}
	created, err := s.core.Businesses.Create(t.Context(), "Shop", otpcore.Settings{Locale: "en", Countries: []string{"KZ"}})
	check(t, err)
	w.by = otpcore.Caller{Business: created.Business, Mode: otpcore.Live}
	w.bot = &otpcore.Bot{
		ID: otpcore.NewID(otpcore.PrefixBot, time.Now()), BusinessID: created.Business.ID, Kind: kind, Account: "1",
		Username: "shop_bot", Name: "Shop", State: otpcore.BotConnected, CreatedAt: s.db.Now(), StateAt: s.db.Now(),
	}
	check(t, s.db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.SaveBot(w.bot) }))
	s.carriers.TurnOn(otpcore.WhatsApp)
	s.carriers.SetBot(otpcore.WhatsApp, w.bot.ID)
	w.talks = s.conversation(w.ledger, coretest.NewRenderer())
	return w
}

func (w *whatsApp) begin() *otpcore.Started {
	w.Helper()
	s, err := w.core.Verifications.Start(w.Context(), w.by, otpcore.StartRequest{Phone: annas, Channels: []otpcore.Channel{otpcore.WhatsApp}})
	check(w, err)
	return s
}

// says lets a person write to the bot and returns how many answers they get.
func (w *whatsApp) says(number string, in Inbound) int {
	w.Helper()
	before := w.ledger.replies
	in.Number, in.Chat, in.At = number, strings.TrimPrefix(number, "+"), w.db.Now().Truncate(time.Second)
	if number == "" {
		in.Chat = "US.13491208655302741918"
	}
	check(w, w.talks.Apply(w.Context(), w.next(w.bot, in)))
	return w.ledger.replies - before
}

func (w *whatsApp) links() string {
	w.Helper()
	var list []string
	for _, phone := range []string{annas, eves} {
		found, err := w.core.Phones.Lookup(w.Context(), w.by, phone, "")
		check(w, err)
		for _, l := range found.Links {
			list = append(list, string(l.Status))
		}
	}
	return strings.Join(list, " ")
}

// first is the message that an address of WhatsApp puts into a person's mouth.
func first(t testing.TB, address string) string {
	t.Helper()
	rest, ok := strings.CutPrefix(address, "https://wa.me/shop_bot?text=")
	text, err := url.PathUnescape(rest)
	if !ok || err != nil {
		t.Fatalf("address is %q", address)
	}
	return strings.Replace(text, "token=", "", 1)
}

// The first message brings the number along, so it links, and the code that
// waits comes into the chat at once.
func TestFirstMessageLinksAndBringsTheCode(t *testing.T) {
	w := onWhatsApp(t, otpcore.BotWhatsAppCloud)
	v := w.begin()
	w.number.Await(1) // sent, and never delivered
	if n := w.says(annas, Words(first(t, v.WhatsAppLink))); n != 1 || w.links() != "active" {
		t.Errorf("%d answers, links %q", n, w.links())
	}
	got := w.carriers.Of(otpcore.WhatsApp).Await(2) // the answer and the code
	codes := 0
	for _, o := range got {
		if coretest.CodeIn(o) != "" && o.Chat == "77011234567" {
			codes++
		}
	}
	if codes != 1 {
		t.Errorf("%d codes in %d messages", codes, len(got))
	}
}

func TestTokenOfAnotherNumberLinksNothing(t *testing.T) {
	w := onWhatsApp(t, otpcore.BotWhatsAppCloud)
	v := w.begin()
	token := Words(first(t, v.WhatsAppLink))
	if n := w.says(eves, token); n != 1 || w.links() != "" {
		t.Errorf("another number: %d answers, links %q", n, w.links())
	}
	if n := w.says("", token); n != 1 || w.links() != "" {
		t.Errorf("no number: %d answers, links %q", n, w.links())
	}
}

func TestPrintedAddressLinksWhoeverWrites(t *testing.T) {
	w := onWhatsApp(t, otpcore.BotWhatsAppCloud)
	address, err := w.core.Links.OfBot(t.Context(), w.bot, "")
	check(t, err)
	if w.says(eves, Words(first(t, address))); w.links() != "active" {
		t.Errorf("links %q", w.links())
	}
	if w.says(eves, Words("СТОП")); w.links() != "revoked" {
		t.Errorf("links %q", w.links())
	}
}

// TestWhatIsOlderThanTheLinkEndsItNot: posts come again after hours where they could
// not be stored, and in any order.
func TestWhatIsOlderThanTheLinkEndsItNot(t *testing.T) {
	w := onWhatsApp(t, otpcore.BotWhatsAppCloud)
	address, err := w.core.Links.OfBot(t.Context(), w.bot, "")
	check(t, err)
	w.says(annas, Words(first(t, address)))
	for _, in := range []Inbound{Words("Stop"), {Kind: Moved}} {
		in.Number, in.Chat, in.At = annas, strings.TrimPrefix(annas, "+"), w.db.Now().Add(-2*time.Minute)
		if check(t, w.talks.Apply(t.Context(), w.next(w.bot, in))); w.links() != "active" {
			t.Errorf("%s from before: links %q", in.Kind, w.links())
		}
	}
	if w.says(annas, Inbound{Kind: Moved}); w.links() != "revoked" {
		t.Errorf("links %q", w.links())
	}
}

// A phone's own WhatsApp is used for talks that are none of our business.
func TestQuietBotAnswersNobodyElse(t *testing.T) {
	w := onWhatsApp(t, otpcore.BotWhatsAppDevice)
	for _, text := range []string{"Hello!", "stop", "no", "/start", "/help", "+7 701 123 45 67", strings.Repeat("aB3_", 8), strings.Repeat("aB3_", 11)} {
		if n := w.says(annas, Words(text)); n != 0 {
			t.Errorf("%q got %d answers", text, n)
		}
	}
	v := w.begin()
	if n := w.says(annas, Words(first(t, v.WhatsAppLink))); n != 1 || w.links() != "active" {
		t.Errorf("a live token: %d answers, links %q", n, w.links())
	}
	if n := w.says(annas, Words("What is this?")); n != 0 {
		t.Errorf("a question got %d answers", n)
	}
	w.carriers.Of(otpcore.WhatsApp).Await(2) // the answer and the code
	if n := w.says(annas, Words("No")); n != 1 {
		t.Errorf("no: %d answers", n)
	}
	if n := w.says(annas, Words("Stop")); n != 1 || w.links() != "revoked" {
		t.Errorf("stop: %d answers, links %q", n, w.links())
	}
	// Neither asks for buttons, which no linked device shows, nor for a bare
	// /start, which gets no answer.
	var said []string
	for _, o := range w.carriers.Of(otpcore.WhatsApp).Await(4) {
		said = append(said, o.Message.Text)
	}
	if all := strings.Join(said, "\n"); !strings.Contains(all, "reported_plain") || !strings.Contains(all, "stopped_plain") {
		t.Errorf("the chat reads\n%s", all)
	}
}

// The message with the code may have gone to the bare number. Its person may
// still say that it was not theirs; nobody else may.
func TestNotMeFromABareNumber(t *testing.T) {
	w := onWhatsApp(t, otpcore.BotWhatsAppCloud)
	w.number.Always(func(_ context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
		return otpcore.Accepted{Provider: string(otpcore.BotWhatsAppCloud), MessageID: "wamid." + string(o.DeliveryID)}, nil
	})
	notMe := Inbound{Kind: Press, Action: otpcore.Action{Verb: otpcore.ActNotMe}}
	status := func(id otpcore.ID) otpcore.EndReason {
		view, err := w.core.Verifications.Get(t.Context(), w.by, id)
		check(t, err)
		return view.Verification.EndReason
	}
	settled := func(id otpcore.ID) string {
		for range 1000 {
			view, err := w.core.Verifications.Get(t.Context(), w.by, id)
			check(t, err)
			if d := view.Deliveries[0]; d.Status == otpcore.Sent {
				return d.MessageID
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Fatal("the code was not sent")
		return ""
	}
	v := w.begin()
	under := notMe
	under.About = settled(v.Verification.ID)
	for _, number := range []string{eves, ""} {
		if w.says(number, under); status(v.Verification.ID) != "" {
			t.Fatalf("%q ended it", number)
		}
		if w.says(number, notMe); status(v.Verification.ID) != "" {
			t.Fatalf("%q ended it by a word", number)
		}
	}
	if n := w.says(annas, under); n != 1 || status(v.Verification.ID) != otpcore.EndReported {
		t.Errorf("%d answers, ended by %q", n, status(v.Verification.ID))
	}
	v = w.begin()
	settled(v.Verification.ID)
	// The word may come late, when the device was off for example: it was about
	// something else.
	early := Words("No!")
	early.Number, early.Chat, early.At = annas, strings.TrimPrefix(annas, "+"), v.Verification.CreatedAt.Add(-2*time.Minute)
	check(t, w.talks.Apply(t.Context(), w.next(w.bot, early)))
	if status(v.Verification.ID) != "" {
		t.Error("a word from before the code ended it")
	}
	if n := w.says(annas, Words("No!")); n != 1 || status(v.Verification.ID) != otpcore.EndReported {
		t.Errorf("a word: %d answers, ended by %q", n, status(v.Verification.ID))
	}
}
