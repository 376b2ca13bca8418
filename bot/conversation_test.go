package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

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
