package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

func TestDuplicateHasOneEffect(t *testing.T) {
	s := newStage(t)
	b := s.bot(s.business())
	ledger := &spy{Ledger: s.db}
	c := s.conversation(ledger, coretest.NewRenderer())
	in := s.next(b, Inbound{Chat: "7", Kind: Command, Command: "help"})
	for range 3 {
		check(t, c.Apply(t.Context(), in))
	}
	if ledger.replies != 1 {
		t.Errorf("%d replies, want 1", ledger.replies)
	}
	if got := s.offset(b); got != in.Update+1 {
		t.Errorf("offset is %d, want %d", got, in.Update+1)
	}
}

// TestLostTransactions fails a third of all writes before they begin and lets
// another third commit without an answer. Updates come again until they are
// acknowledged, and each has one effect.
func TestLostTransactions(t *testing.T) {
	s := newStage(t)
	b := s.bot(s.business())
	everyThird := func() func() error {
		n := 0
		return func() error {
			if n++; n%3 == 0 {
				return otpcore.Unavailable(errors.New("disk full"))
			}
			return nil
		}
	}
	ledger := &spy{Ledger: s.db, before: everyThird(), after: everyThird()}
	c := s.conversation(ledger, coretest.NewRenderer())
	const updates = 60
	failures := 0
	for range updates {
		in := s.next(b, Inbound{Chat: "7", Kind: Command, Command: "help"})
		for {
			before := s.offset(b)
			err := c.Apply(t.Context(), in)
			if err == nil {
				break
			}
			failures++
			if otpcore.KindOf(err) != otpcore.KindUnavailable {
				t.Fatal(err)
			}
			if now := s.offset(b); now != before && now != in.Update+1 {
				t.Fatalf("offset went from %d to %d", before, now)
			}
		}
	}
	if ledger.replies != updates || failures < updates/3 {
		t.Errorf("%d replies to %d updates after %d failures", ledger.replies, updates, failures)
	}
}

// brokenRenderer breaks on one text.
type brokenRenderer struct {
	otpcore.Renderer
	key    string
	breaks func() error
}

func (r brokenRenderer) Reply(key, locale string, args map[string]string) (otpcore.Message, error) {
	if key == r.key {
		return otpcore.Message{}, r.breaks()
	}
	return r.Renderer.Reply(key, locale, args)
}

func TestPoisonIsSkipped(t *testing.T) {
	for name, breaks := range map[string]func() error{
		"error":    func() error { return errors.New("no such text") },
		"refusal":  func() error { return &otpcore.Error{Kind: otpcore.KindInvalid, Code: "x"} },
		"panic":    func() error { panic("+77011234567") },
		"nil call": func() error { var f func() error; return f() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			b := s.bot(s.business())
			ledger := &spy{Ledger: s.db}
			c := s.conversation(ledger, brokenRenderer{coretest.NewRenderer(), "help", breaks})
			poison := s.next(b, Inbound{Chat: "7", Kind: Command, Command: "help"})
			check(t, c.Apply(t.Context(), poison))
			if got := s.offset(b); got != poison.Update+1 {
				t.Errorf("offset is %d, want %d", got, poison.Update+1)
			}
			check(t, c.Apply(t.Context(), s.next(b, Inbound{Chat: "7", Kind: Command, Command: "privacy"})))
			if ledger.replies != 1 {
				t.Errorf("%d replies, want the one to what came after", ledger.replies)
			}
		})
	}
}

func TestCallerLeaves(t *testing.T) {
	s := newStage(t)
	b := s.bot(s.business())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ledger := &spy{Ledger: s.db, before: ctx.Err}
	in := s.next(b, Inbound{Chat: "7", Kind: Command, Command: "help"})
	if err := s.conversation(ledger, coretest.NewRenderer()).Apply(ctx, in); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v: the update would be skipped", err)
	}
	if got := s.offset(b); got != 0 {
		t.Errorf("offset moved to %d", got)
	}
}

func TestRemovedBotStaysSilent(t *testing.T) {
	s := newStage(t)
	b := s.bot(s.business())
	check(t, s.db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.DeleteBot(b.ID) }))
	ledger := &spy{Ledger: s.db}
	check(t, s.conversation(ledger, coretest.NewRenderer()).Apply(t.Context(), s.next(b, Inbound{Chat: "7", Kind: Start})))
	if ledger.replies != 0 || s.offset(b) != 0 {
		t.Errorf("%d replies, offset %d", ledger.replies, s.offset(b))
	}
}

func TestInboundPrintsNothingPersonal(t *testing.T) {
	in := Inbound{BotID: "bot_1", Update: 5, Kind: Contact, Chat: "987654", Number: "+77011234567", Text: "secret", Payload: "token"}
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s", in, in, in, in), in.LogValue().String()} {
		for _, private := range []string{"987654", "77011234567", "secret", "token"} {
			if strings.Contains(shown, private) {
				t.Errorf("%q shows %q", shown, private)
			}
		}
	}
}

// model says which chat should hold which phone, after any sequence of what
// people can do.
type model struct {
	asked map[string]bool   // chats that were asked for their number
	holds map[string]string // phone to chat
	away  map[string]bool   // chats that blocked the bot while holding a phone
}

func (m *model) apply(in Inbound) {
	switch in.Kind {
	case Start:
		m.asked[in.Chat] = true
		delete(m.away, in.Chat)
	case Unblocked:
		delete(m.away, in.Chat)
	case Blocked:
		m.away[in.Chat] = true
	case Contact:
		if !m.asked[in.Chat] {
			return
		}
		delete(m.asked, in.Chat)
		m.forget(in.Chat)
		m.holds[in.Number] = in.Chat
		delete(m.away, in.Chat)
	case Command:
		if in.Command == "stop" {
			m.forget(in.Chat)
		}
	}
}

func (m *model) forget(chat string) {
	for phone, holder := range m.holds {
		if holder == chat {
			delete(m.holds, phone)
		}
	}
}

// active lists "phone chat" of every link that carries codes.
func (m *model) active(phone string) string {
	chat := m.holds[phone]
	if m.away[chat] {
		return ""
	}
	return chat
}

// TestLinksFollowTheModel lets people do anything in any order, with updates
// coming twice, and compares the links with the model after each step.
func TestLinksFollowTheModel(t *testing.T) {
	s := newStage(t)
	chats := []string{"7", "8", "9"}
	phones := []string{"+77011234567", "+77017654321"}
	rapid.Check(t, func(r *rapid.T) {
		b := s.bot(s.business())
		c := s.conversation(s.db, coretest.NewRenderer())
		m := &model{asked: map[string]bool{}, holds: map[string]string{}, away: map[string]bool{}}
		for range rapid.IntRange(1, 15).Draw(r, "steps") {
			in := Inbound{Chat: rapid.SampledFrom(chats).Draw(r, "chat")}
			in.Kind = rapid.SampledFrom([]InboundKind{Start, Contact, RefusedContact, Command, Blocked, Unblocked, Text}).Draw(r, "kind")
			switch in.Kind {
			case Contact:
				in.Number = rapid.SampledFrom(phones).Draw(r, "phone")
			case Command:
				in.Command = rapid.SampledFrom([]string{"stop", "help"}).Draw(r, "command")
			}
			in = s.next(b, in)
			for range rapid.IntRange(1, 2).Draw(r, "times") {
				if err := c.Apply(context.Background(), in); err != nil {
					r.Fatal(err)
				}
			}
			m.apply(in)
			for _, phone := range phones {
				if got, want := s.holder(r, b, phone, chats), m.active(phone); got != want {
					r.Fatalf("after %s of %s: %s is with chat %q, want %q", in.Kind, in.Chat, phone, got, want)
				}
			}
		}
	})
}

// holder returns the one chat that gets the phone's codes, or "".
func (s *stage) holder(r *rapid.T, b *otpcore.Bot, phone string, chats []string) string {
	links, err := s.db.LinksOfPhone(context.Background(), b.BusinessID, s.vault.Index("phone", phone))
	if err != nil {
		r.Fatal(err)
	}
	holder := ""
	for _, l := range links {
		if l.Status != otpcore.LinkActive {
			continue
		}
		if holder != "" {
			r.Fatalf("%s has two active links", phone)
		}
		for _, chat := range chats {
			if s.vault.Index("chat:"+string(b.ID), chat) == l.Chat.Index {
				holder = chat
			}
		}
	}
	return holder
}
