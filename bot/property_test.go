package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// play is one random story: a business with its bot, three chats, two phones,
// and the model beside the real thing.
type play struct {
	*stage
	r      *rapid.T
	bot    *otpcore.Bot
	by     otpcore.Caller
	ledger *spy
	talk   *Conversation
	model  *model
	chats  []string
	phones []string
	tokens map[string]string // to the phone that is waited for; empty: any
	ids    []otpcore.ID      // of the model's codes
}

// plays numbers the stories: each has phones of its own, because a phone has
// limits over all businesses.
var plays int

func newPlay(s *stage, r *rapid.T) *play {
	plays++
	p := &play{
		stage: s, r: r, bot: s.bot(s.business()), ledger: &spy{Ledger: s.db}, model: newModel(), chats: []string{"7", "8"},
		phones: []string{fmt.Sprintf("+7701%07d", 2*plays), fmt.Sprintf("+7701%07d", 2*plays+1)}, tokens: map[string]string{},
	}
	business, err := s.db.Business(context.Background(), p.bot.BusinessID)
	p.must(err)
	p.by = otpcore.Caller{Business: business, Mode: otpcore.Live}
	s.carriers.SetBot(otpcore.Telegram, p.bot.ID)
	for _, phone := range []string{"", p.phones[0], p.phones[1]} {
		link, err := s.core.Links.Open(context.Background(), p.by, otpcore.LinkRequest{Channel: otpcore.Telegram, Phone: phone})
		p.must(err)
		p.tokens[link.Token] = phone
	}
	p.restart()
	return p
}

func (p *play) must(err error) {
	p.r.Helper()
	if err != nil {
		p.r.Fatal(err)
	}
}

// restart begins anew without a memory of anything but the database.
func (p *play) restart() {
	p.talk = p.conversation(p.ledger, coretest.NewRenderer())
	for _, chat := range p.model.chats {
		chat.supported = false
	}
}

// act draws something that a person or the network may do.
func (p *play) act() Inbound {
	in := Inbound{Chat: rapid.SampledFrom(p.chats).Draw(p.r, "chat"), Locale: "en"}
	// What stands first is drawn more often.
	in.Kind = rapid.SampledFrom([]InboundKind{Contact, Unblocked, Start, Blocked, Command, Press, Text, RefusedContact}).Draw(p.r, "kind")
	switch in.Kind {
	case Start:
		payloads := []string{"", "nonesuch"}
		for token := range p.tokens {
			payloads = append(payloads, token)
		}
		slices.Sort(payloads)
		in.Payload = rapid.SampledFrom(payloads).Draw(p.r, "payload")
	case Contact:
		in.Number = rapid.SampledFrom(p.phones).Draw(p.r, "phone")
	case Text:
		in.Text = rapid.SampledFrom([]string{"hello", "+7 701 123-45-67"}).Draw(p.r, "text")
	case Command:
		in.Command = rapid.SampledFrom([]string{"stop", "unlink", "help", "privacy", "language", "nonesuch"}).Draw(p.r, "command")
	case Press:
		in.Action = otpcore.Action{Verb: otpcore.ActSpeak, Locale: rapid.SampledFrom([]string{"en", "ru", "kk", "uz"}).Draw(p.r, "locale")}
	}
	return p.next(p.bot, in)
}

// begin starts a code that waits for its chat, as far as the limits go.
func (p *play) begin() {
	phone := rapid.SampledFrom(p.phones).Draw(p.r, "code for")
	live := 0
	for _, c := range p.model.codes {
		if c.phone == phone {
			live++
		}
	}
	if live == otpcore.DefaultRules().Live {
		return
	}
	s, err := p.core.Verifications.Start(context.Background(), p.by, otpcore.StartRequest{
		Phone: phone, Channels: []otpcore.Channel{otpcore.Telegram}, WhenUnlinked: otpcore.Wait,
	})
	p.must(err)
	p.ids = append(p.ids, s.Verification.ID)
	p.model.codes = append(p.model.codes, &modelCode{phone: phone, in: map[string]bool{}})
	p.model.deliver()
}

// compare holds the real thing to the model.
func (p *play) compare(after string) {
	p.r.Helper()
	if got := p.said(); !slices.Equal(got, p.model.told) {
		p.r.Fatalf("after %s: said %q, want %q", after, got, p.model.told)
	}
	for _, phone := range p.phones {
		if got, want := p.holder(phone), p.model.active(phone); got != want {
			p.r.Fatalf("after %s: %s is with chat %q, want %q", after, phone, got, want)
		}
	}
	for i, id := range p.ids {
		if got, want := p.has(id), p.model.codes[i].has(); !slices.Equal(got, want) {
			p.r.Fatalf("after %s: code %d is in chats %q, want %q", after, i, got, want)
		}
	}
}

// said opens the replies since it was asked last, as "chat key locale".
func (p *play) said() []string {
	p.ledger.mu.Lock()
	defer p.ledger.mu.Unlock()
	var said []string
	for _, d := range p.ledger.said {
		place := otpcore.Place{Table: "deliveries", Row: d.ID, Business: d.BusinessID}
		place.Column = "target"
		chat, err := p.vault.Open(place, d.Target)
		p.must(err)
		place.Column = "content"
		content, err := p.vault.Open(place, d.Content)
		p.must(err)
		var m otpcore.Message
		p.must(json.Unmarshal(content, &m))
		words := strings.Fields(m.Text)
		said = append(said, string(chat)+" "+words[0]+" "+strings.Trim(words[1], "[]"))
	}
	p.ledger.said = nil
	return said
}

// holder returns the one chat that gets the phone's codes, or "".
func (p *play) holder(phone string) string {
	links, err := p.db.LinksOfPhone(context.Background(), p.bot.BusinessID, p.vault.Index("phone", phone))
	p.must(err)
	holder := ""
	for _, l := range links {
		if l.Status != otpcore.LinkActive {
			continue
		}
		if holder != "" {
			p.r.Fatalf("%s has two active links", phone)
		}
		holder = p.address(l.Chat.Index)
	}
	return holder
}

func (p *play) address(chat otpcore.Index) string {
	for _, address := range p.chats {
		if p.vault.Index("chat:"+string(p.bot.ID), address) == chat {
			return address
		}
	}
	return "nobody's"
}

// has lists the chats that the code went to.
func (p *play) has(id otpcore.ID) []string {
	view, err := p.core.Verifications.Get(context.Background(), p.by, id)
	p.must(err)
	var chats []string
	for _, d := range view.Deliveries {
		if d.Kind != otpcore.DeliverCode || !d.Status.Live() || d.Status == otpcore.WaitingLink {
			continue
		}
		place := otpcore.Place{Table: "deliveries", Column: "target", Row: d.ID, Business: d.BusinessID}
		target, err := p.vault.Open(place, d.Target)
		p.must(err)
		address, _, _ := strings.Cut(string(target), " ")
		chats = append(chats, address)
	}
	slices.Sort(chats)
	return chats
}

// TestConversationFollowsTheModel lets people do anything in any order, with
// updates coming twice, codes starting and the program restarting in between,
// and compares links, answers and codes with the model after each step.
func TestConversationFollowsTheModel(t *testing.T) {
	s := newStage(t)
	rapid.Check(t, func(r *rapid.T) {
		p := newPlay(s, r)
		for range rapid.IntRange(10, 40).Draw(r, "steps") {
			switch rapid.SampledFrom([]string{"act", "act", "begin", "act", "restart"}).Draw(r, "what") {
			case "begin":
				p.model.told = nil
				p.begin()
				p.compare("a start")
			case "restart":
				p.restart()
			default:
				in := p.act()
				for range rapid.IntRange(1, 2).Draw(r, "times") {
					p.must(p.talk.Apply(context.Background(), in))
				}
				p.model.apply(in, p.tokens)
				p.compare(string(in.Kind) + " of " + in.Chat)
			}
		}
	})
}

// TestNoticesInAnyOrder makes up what a person really did, second by second,
// and lets the notices of blocking come in out of step with the messages, as
// they do from Telegram's two queues, with restarts in between. In the end the
// link stands as the true story ended.
func TestNoticesInAnyOrder(t *testing.T) {
	s := newStage(t)
	rapid.Check(t, func(r *rapid.T) {
		p := newPlay(s, r)
		chat, phone := p.chats[0], p.phones[0]
		begin := time.Unix(1_800_000_000, 0)
		for i, in := range []Inbound{{Kind: Start}, {Kind: Contact, Number: phone}} {
			in.Chat, in.At = chat, begin.Add(time.Duration(i)*time.Second)
			p.must(p.talk.Apply(context.Background(), p.next(p.bot, in)))
		}
		var messages, notices []Inbound
		blocked := false
		for i := range rapid.IntRange(1, 12).Draw(r, "acts") {
			in := Inbound{Chat: chat, At: begin.Add(time.Duration(10+i) * time.Second)}
			if rapid.Bool().Draw(r, "turns") {
				blocked = !blocked
				in.Kind = map[bool]InboundKind{true: Blocked, false: Unblocked}[blocked]
				notices = append(notices, in)
			} else if !blocked {
				in.Kind = rapid.SampledFrom([]InboundKind{Start, Text, Contact, Command}).Draw(r, "message")
				in.Number, in.Command = phone, "help"
				messages = append(messages, in)
			}
		}
		for len(messages)+len(notices) > 0 {
			from := &notices
			if len(notices) == 0 || len(messages) > 0 && rapid.Bool().Draw(r, "a message first") {
				from = &messages
			}
			in := p.next(p.bot, (*from)[0])
			*from = (*from)[1:]
			if rapid.IntRange(0, 3).Draw(r, "restart") == 0 {
				p.restart()
			}
			p.must(p.talk.Apply(context.Background(), in))
		}
		want := chat
		if blocked {
			want = ""
		}
		if got := p.holder(phone); got != want {
			r.Fatalf("%s is with chat %q, want %q", phone, got, want)
		}
	})
}
