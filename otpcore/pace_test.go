package otpcore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// post queues a message of a kind for a chat of the shop's bot.
func (h *house) post(by otpcore.Caller, kind otpcore.DeliveryKind, chats ...string) {
	h.t.Helper()
	h.postOver(tg, coretest.TelegramBot, by, kind, chats...)
}

func (h *house) postOver(ch otpcore.Channel, bot otpcore.ID, by otpcore.Caller, kind otpcore.DeliveryKind, chats ...string) {
	h.t.Helper()
	h.write(func(tx otpcore.Tx) error {
		for _, chat := range chats {
			d := &otpcore.Delivery{
				ID: otpcore.NewID(otpcore.PrefixDelivery, tx.Now()), BusinessID: by.Business.ID, Mode: otpcore.Live, Kind: kind,
				Channel: ch, BotID: bot, QueuedAt: tx.Now(), Status: otpcore.Queued, DueAt: tx.Now(),
			}
			text, err := json.Marshal(otpcore.Message{Text: string(kind) + " to " + chat})
			if err != nil {
				return err
			}
			d.Target = h.vault.Seal(otpcore.Place{Table: "deliveries", Column: "target", Row: d.ID, Business: d.BusinessID}, []byte(chat))
			d.Content = h.vault.Seal(otpcore.Place{Table: "deliveries", Column: "content", Row: d.ID, Business: d.BusinessID}, text)
			if err := tx.AddDelivery(d); err != nil {
				return err
			}
		}
		return nil
	})
}

func chatNames(from, n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprint(from+i))
	}
	return names
}

// call is one send that the bot's network saw.
type call struct {
	at       time.Duration
	chat     string
	business otpcore.ID
	text     string
}

// network answers for Telegram and remembers every call.
func (h *house) network(answer func(call) *otpcore.SendError) func() []call {
	return networkOf(h.carriers.Of(tg), answer)
}

func networkOf(sender *coretest.Sender, answer func(call) *otpcore.SendError) func() []call {
	begin := time.Now()
	var mu sync.Mutex
	var calls []call
	sender.Always(func(_ context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
		c := call{time.Since(begin), o.Chat, o.BusinessID, o.Message.Text}
		mu.Lock()
		calls = append(calls, c)
		mu.Unlock()
		if e := answer(c); e != nil {
			return otpcore.Accepted{}, e
		}
		return otpcore.Accepted{Provider: "telegram", MessageID: string(o.DeliveryID)}, nil
	})
	return func() []call {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(calls)
	}
}

func content(call) *otpcore.SendError { return nil }

func throttle(wait time.Duration) *otpcore.SendError {
	return &otpcore.SendError{Class: otpcore.ClassThrottled, RetryAfter: wait, Provider: "telegram", Message: "Wait."}
}

// between counts the calls of a span.
func between(calls []call, from, to time.Duration) int {
	n := 0
	for _, c := range calls {
		if c.at >= from && c.at < to {
			n++
		}
	}
	return n
}

func TestBotKeepsItsPace(t *testing.T) {
	inHouse(t, func(h *house) {
		seen := h.network(content)
		h.post(h.by, otpcore.DeliverOrder, chatNames(1000, 1000)...)
		time.Sleep(90 * time.Second)
		calls := seen()
		if len(calls) != 1000 {
			t.Fatalf("%d messages left, want each of 1000 once", len(calls))
		}
		for from := time.Duration(0); from < time.Minute; from += 250 * time.Millisecond {
			if n := between(calls, from, from+time.Second); n > 30 {
				t.Errorf("%d messages within a second from %v", n, from)
			}
		}
		if last := calls[999].at; last < 39*time.Second || last > 46*time.Second {
			t.Errorf("the last of 1000 messages left after %v, want about 40 s", last)
		}
	})
}

func TestChatGetsOneMessageASecond(t *testing.T) {
	inHouse(t, func(h *house) {
		seen := h.network(content)
		h.post(h.by, otpcore.DeliverReply, slices.Repeat([]string{"100"}, 12)...)
		h.post(h.by, otpcore.DeliverReply, "200")
		time.Sleep(20 * time.Second)
		calls := seen()
		if len(calls) != 13 || between(calls, 0, time.Millisecond) != 4 {
			t.Errorf("%d of %d messages left at once, want 3 of one chat and 1 of the other", between(calls, 0, time.Millisecond), len(calls))
		}
		var times []time.Duration
		for _, c := range calls {
			if c.chat == "100" {
				times = append(times, c.at)
			}
		}
		for i := 3; i < len(times); i++ {
			if gap := times[i] - times[i-1]; gap < time.Second-time.Millisecond {
				t.Errorf("message %d came %v after the one before", i, gap)
			}
		}
	})
}

func TestCodesOvertakeEverything(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		time.Sleep(10 * time.Second)
		seen := h.network(content)
		h.post(h.by, otpcore.DeliverOrder, chatNames(1000, 60)...)
		h.post(h.by, otpcore.DeliverReply, chatNames(2000, 10)...)
		h.begin()
		time.Sleep(5 * time.Second)
		calls := seen()
		place := func(of func(call) bool) int { return slices.IndexFunc(calls, of) }
		code := place(func(c call) bool { return c.chat == "100" })
		reply := place(func(c call) bool { return c.chat == "2009" })
		order := place(func(c call) bool { return c.chat == "1059" })
		if code < 0 || code > 6 || reply < code || order < reply {
			t.Errorf("the code left as number %d, the last answer as %d, the last order as %d", code, reply, order)
		}
	})
}

// Somebody may have many orders: what waits for its turn in the ledger leaves when
// that comes, also where others were given turns behind it.
func TestFullChatIsEmptiedAtItsPace(t *testing.T) {
	inHouse(t, func(h *house) {
		seen := h.network(content)
		h.post(h.by, otpcore.DeliverOrder, slices.Repeat([]string{"100"}, 60)...)
		for at := 1; at < 60; at += 5 {
			time.Sleep(5 * time.Second)
			if n, want := len(seen()), min(60, 3+at+4); n < want-1 || n > want+1 {
				t.Errorf("%d messages after %d s, want %d", n, at+4, want)
			}
		}
	})
}

// News that fill a chat for a minute have turns there, and a code waits for none of
// them: it would cost an SMS.
func TestCodeOvertakesTheNewsOfItsChat(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		time.Sleep(10 * time.Second)
		seen := h.network(content)
		h.post(h.by, otpcore.DeliverOrder, slices.Repeat([]string{"100"}, 60)...)
		time.Sleep(8 * time.Second) // those that cannot wait in memory have been given turns
		s := h.begin()
		time.Sleep(5 * time.Second)
		h.expect(s.Verification.ID, "telegram:sent")
		time.Sleep(time.Minute)
		if n := len(seen()); n != 61 {
			t.Errorf("%d messages left, want the code and 60 others", n)
		}
	})
}

// A complaint halves the rate, calls under way at it do not halve it again, and
// a message per second comes back with each minute.
func TestComplaintHalvesTheRate(t *testing.T) {
	inHouse(t, func(h *house) {
		var once sync.Once
		seen := h.network(func(call) (e *otpcore.SendError) {
			once.Do(func() { e = throttle(time.Second) })
			return e
		})
		h.post(h.by, otpcore.DeliverOrder, chatNames(1000, 4000)...)
		time.Sleep(4 * time.Minute)
		calls := seen()
		for _, c := range []struct {
			from  time.Duration
			least int
			most  int
		}{{10 * time.Second, 117, 133}, {3 * time.Minute, 145, 165}} {
			if n := between(calls, c.from, c.from+10*time.Second); n < c.least || n > c.most {
				t.Errorf("%d messages in the ten seconds from %v, want %d to %d", n, c.from, c.least, c.most)
			}
		}
	})
}

func TestRefusedChatPausesAlone(t *testing.T) {
	inHouse(t, func(h *house) {
		seen := h.network(func(c call) *otpcore.SendError {
			if c.chat == "100" && c.at < 10*time.Second {
				return throttle(10 * time.Second)
			}
			return nil
		})
		h.post(h.by, otpcore.DeliverReply, "100", "100")
		time.Sleep(time.Second)
		h.post(h.by, otpcore.DeliverReply, "100", "200")
		time.Sleep(20 * time.Second)
		var other int
		for _, c := range seen() {
			switch {
			case c.chat == "200":
				other++
				if c.at > 2*time.Second {
					t.Errorf("the other chat waited until %v", c.at)
				}
			case c.at > time.Millisecond && c.at < 10*time.Second:
				t.Errorf("the chat was written to after %v, within its pause", c.at)
			}
		}
		// The second message may be under way when the first is refused, or not.
		if n := len(seen()); other != 1 || n < 5 || n > 6 {
			t.Errorf("%d messages to the other chat, %d calls in all", other, n)
		}
	})
}

// Two chats that are refused in the same span: the network means the bot.
func TestSecondRefusedChatPausesTheBot(t *testing.T) {
	inHouse(t, func(h *house) {
		seen := h.network(func(c call) *otpcore.SendError {
			if c.at < 10*time.Second {
				return throttle(10 * time.Second)
			}
			return nil
		})
		h.post(h.by, otpcore.DeliverReply, "100")
		time.Sleep(time.Second)
		h.post(h.by, otpcore.DeliverReply, "200")
		time.Sleep(time.Second)
		h.post(h.by, otpcore.DeliverReply, "300", "400")
		time.Sleep(30 * time.Second)
		calls := seen()
		if n := between(calls, 0, 10*time.Second); n != 2 || len(calls) != 6 {
			t.Errorf("%d calls while the bot had to wait, %d in all", n, len(calls))
		}
	})
}

// A bot that has to wait for hours does so also when other bots begin to write
// meanwhile, which is when quiet ones are forgotten.
func TestPauseOfABotIsNotForgotten(t *testing.T) {
	inHouse(t, func(h *house) {
		h.carriers.AddNumber()
		seen := h.network(func(c call) *otpcore.SendError { return throttle(3*time.Hour - c.at) })
		h.post(h.by, otpcore.DeliverReply, "100")
		time.Sleep(time.Second)
		h.post(h.by, otpcore.DeliverReply, "200") // now the bot as a whole has to wait
		time.Sleep(90 * time.Minute)
		h.postOver(wa, coretest.WhatsAppBot, h.by, otpcore.DeliverReply, "700")
		time.Sleep(time.Second)
		h.post(h.by, otpcore.DeliverReply, "300")
		time.Sleep(time.Second)
		if calls := seen(); len(calls) != 2 {
			t.Errorf("%d calls, the last one after %v", len(calls), calls[len(calls)-1].at)
		}
	})
}

// A code that cannot wait as long as the network asks goes to the next channel
// at once, and so does one that meets the pause of its bot. Neither waits for
// the clock, and the second one costs no call.
func TestLongPauseFallsBackAtOnce(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		time.Sleep(10 * time.Second)
		seen := h.network(func(call) *otpcore.SendError { return throttle(245 * time.Second) })
		asked := h.clocked(sm, coretest.Accept("sms", "s1"))
		first := h.begin()
		h.expect(first.Verification.ID, "telegram:failed sms:sent")
		h.post(h.by, otpcore.DeliverReply, "200") // now the bot as a whole has to wait
		time.Sleep(time.Second)
		second := h.begin()
		h.expect(second.Verification.ID, "telegram:failed sms:sent")
		if got := asked(); len(got) != 2 || got[0] != 0 || got[1] != time.Second {
			t.Errorf("SMS left after %v", got)
		}
		if n := len(seen()); n != 2 {
			t.Errorf("%d calls, want none for the second code", n)
		}
		if d := h.view(second.Verification.ID).Deliveries[0]; d.Try != 0 || d.Error == nil || d.Error.Class != otpcore.ClassThrottled {
			t.Errorf("delivery %+v", d)
		}
	})
}

// Waiting for a turn is no try, however long the line.
func TestTurnsAreNoTries(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("100")
		time.Sleep(10 * time.Second)
		h.network(content)
		h.carriers.TurnOff(sm, "none")
		var ids []otpcore.ID
		for i := range 3 { // live codes to one chat, whose burst they share
			s := h.begin(func(r *otpcore.StartRequest) { r.Channels = []otpcore.Channel{tg} })
			ids = append(ids, s.Verification.ID)
			h.post(h.by, otpcore.DeliverReply, slices.Repeat([]string{"100"}, 3+i)...)
		}
		time.Sleep(40 * time.Second)
		for _, id := range ids {
			if d := h.view(id).Deliveries[0]; d.Status != otpcore.Sent || d.Try != 1 {
				t.Errorf("delivery %+v", d)
			}
		}
	})
}

// T50: of two businesses that share a bot, the one with thousands of messages
// does not keep the other one's back.
func TestT50SharedBotTakesBusinessesInTurn(t *testing.T) {
	inHouse(t, func(h *house) {
		other := h.business("Other", otpcore.NewID(otpcore.PrefixBot, time.Now()))
		seen := h.network(content)
		h.post(h.by, otpcore.DeliverOrder, chatNames(1000, 100)...)
		h.post(other, otpcore.DeliverOrder, chatNames(5000, 20)...)
		time.Sleep(10 * time.Second)
		last := time.Duration(0)
		for _, c := range seen() {
			if c.business == other.Business.ID {
				last = c.at
			}
		}
		if last > 2*time.Second {
			t.Errorf("the other business's last message left after %v", last)
		}
	})
}

// T50: a business that has filled its half of the memory is refused, the others
// start on.
func TestT50OneBusinessLeavesRoomForOthers(t *testing.T) {
	inHouse(t, func(h *house) {
		rules := otpcore.DefaultRules()
		rules.Backlog = 20
		core := otpcore.New(otpcore.Config{
			Ledger: h.db, Reader: h.db, Vault: h.vault, Carriers: h.carriers, Renderer: coretest.NewRenderer(), Phones: coretest.NewPhones(), Rules: rules,
		})
		h.db.OnCommit(core.Committed)
		other := h.business("Other", otpcore.NewID(otpcore.PrefixBot, time.Now()))
		release := h.carriers.Of(sm).Hold()
		start := func(by otpcore.Caller, i int) error {
			defer synctest.Wait()
			r := otpcore.StartRequest{}
			toPhone(i)(&r)
			_, err := core.Verifications.Start(h.t.Context(), by, r)
			return err
		}
		for i := range 10 {
			if err := start(h.by, i); err != nil {
				t.Fatal(err)
			}
		}
		if err := start(h.by, 10); otpcore.CodeOf(err) != "overloaded" {
			t.Errorf("the eleventh start of one business: %v", err)
		}
		if err := start(other, 11); err != nil {
			t.Errorf("the other business: %v", err)
		}
		release()
		core.Dispatcher.Close(h.t.Context())
	})
}

// A network that is told phones has no chats, and its messages must not wait
// for each other as if all of them went into one.
func TestMessagesByPhoneKnowNoPaceOfChats(t *testing.T) {
	inHouse(t, func(h *house) {
		gateway := h.carriers.AddGateway()
		const people = 40
		for i := range people {
			h.begin(toPhone(i), func(r *otpcore.StartRequest) { r.Channels = []otpcore.Channel{tg, sm} })
		}
		synctest.Wait()
		if n := len(gateway.Sent()); n != people {
			t.Errorf("%d of %d codes left at once", n, people)
		}
		if n := len(h.carriers.Of(sm).Sent()); n != 0 {
			t.Errorf("%d SMS went out beside them", n)
		}
	})
}

// A number at the WhatsApp Cloud API is faster than a bot of Telegram, and slower
// towards one person; a linked device has a pace of its own, in its connector.
func TestEachKindOfBotHasItsPace(t *testing.T) {
	for _, tt := range []struct {
		name      string
		cloud     bool
		all, chat [2]int // within the first ten seconds, of 2000 chats and of one
	}{
		{"cloud", true, [2]int{690, 725}, [2]int{11, 11}},
		{"device", false, [2]int{2000, 2000}, [2]int{20, 20}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				if tt.cloud {
					h.carriers.AddNumber()
				}
				seen := networkOf(h.carriers.Of(wa), content)
				h.postOver(wa, coretest.WhatsAppBot, h.by, otpcore.DeliverOrder, chatNames(1000, 2000)...)
				time.Sleep(10 * time.Second)
				first := len(seen())
				time.Sleep(time.Minute)
				h.postOver(wa, coretest.WhatsAppBot, h.by, otpcore.DeliverReply, slices.Repeat([]string{"100"}, 20)...)
				time.Sleep(10 * time.Second)
				one := len(seen()) - 2000
				if first < tt.all[0] || first > tt.all[1] || one < tt.chat[0] || one > tt.chat[1] {
					t.Errorf("%d messages into many chats and %d into one, want %v and %v", first, one, tt.all, tt.chat)
				}
			})
		})
	}
}

// The Cloud API says when it means one person only: nobody else gets slower.
func TestComplaintAboutOneChatSlowsNobodyElse(t *testing.T) {
	inHouse(t, func(h *house) {
		h.carriers.AddNumber()
		var refused atomic.Int64
		seen := networkOf(h.carriers.Of(wa), func(c call) *otpcore.SendError {
			if c.chat != "100" && c.chat != "200" || c.at > 5*time.Second {
				return nil
			}
			refused.Add(1)
			e := throttle(6 * time.Second)
			e.OfChat = true
			return e
		})
		h.postOver(wa, coretest.WhatsAppBot, h.by, otpcore.DeliverReply, "100", "200")
		time.Sleep(time.Second)
		h.postOver(wa, coretest.WhatsAppBot, h.by, otpcore.DeliverOrder, chatNames(1000, 690)...)
		time.Sleep(10 * time.Second)
		calls := seen()
		if n := between(calls, time.Second, 11*time.Second); n < 690 || refused.Load() != 2 {
			t.Errorf("%d messages in ten seconds, %d refused", n, refused.Load())
		}
		time.Sleep(10 * time.Second)
		late := 0
		for _, c := range seen() {
			if c.at > 5*time.Second && (c.chat == "100" || c.chat == "200") {
				late++
			}
		}
		if late != 2 {
			t.Errorf("%d of the two refused messages came later", late)
		}
	})
}

// Codes to bare numbers count for the pace of the number that they leave by.
func TestBareNumbersKeepThePace(t *testing.T) {
	inHouse(t, func(h *house) {
		number := h.carriers.AddNumber()
		seen := networkOf(number, content)
		for i := range 100 {
			h.begin(toPhone(i), func(r *otpcore.StartRequest) { r.Channels = []otpcore.Channel{wa} })
		}
		time.Sleep(500 * time.Millisecond)
		if n := len(seen()); n < 40 || n > 46 {
			t.Errorf("%d codes left in half a second", n)
		}
		time.Sleep(2 * time.Second)
		if n := len(seen()); n != 100 {
			t.Errorf("%d of 100 codes left", n)
		}
	})
}
