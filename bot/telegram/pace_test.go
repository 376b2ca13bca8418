package telegram

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// news queues a message of the order lane for each chat in turn.
func (w *world) news(b *otpcore.Bot, to []*telegramsim.User, messages int) {
	w.Helper()
	vault := coretest.NewVault()
	for sent := 0; sent < messages; {
		check(w, w.db.Write(w.Context(), func(tx otpcore.Tx) error {
			for range min(100, messages-sent) {
				d := &otpcore.Delivery{
					ID: otpcore.NewID(otpcore.PrefixDelivery, tx.Now()), BusinessID: b.BusinessID, Mode: otpcore.Live,
					Kind: otpcore.DeliverOrder, Channel: otpcore.Telegram, BotID: b.ID,
					Status: otpcore.Queued, QueuedAt: tx.Now(), DueAt: tx.Now(),
				}
				content, err := json.Marshal(otpcore.Message{Text: fmt.Sprintf("News %d of your order.", sent)})
				if err != nil {
					return err
				}
				chat := fmt.Sprint(to[sent%len(to)].ID())
				d.Target = vault.Seal(otpcore.Place{Table: "deliveries", Column: "target", Row: d.ID, Business: d.BusinessID}, []byte(chat))
				d.Content = vault.Seal(otpcore.Place{Table: "deliveries", Column: "content", Row: d.ID, Business: d.BusinessID}, content)
				if err := tx.AddDelivery(d); err != nil {
					return err
				}
				sent++
			}
			return nil
		}))
	}
}

// crowd lets people open the bot's chat; link also shares their numbers.
func (w *world) crowd(n int, link bool) []*telegramsim.User {
	w.Helper()
	var all []*telegramsim.User
	for i := range n {
		u := w.tg.NewUser(telegramsim.UserOptions{Phone: fmt.Sprintf("+7702%07d", len(all)+i*2), FirstName: "U", LanguageCode: "en"})
		u.Start(w.shop, "")
		all = append(all, u)
	}
	time.Sleep(time.Duration(n) * 50 * time.Millisecond) // until the greetings are written
	if link {
		for _, u := range all {
			check(w, u.ShareContact(w.shop))
		}
		time.Sleep(time.Duration(n) * 50 * time.Millisecond)
	}
	return all
}

// TestT50CodesOvertakeTenThousandOrders queues ten thousand messages of the
// order lane at one bot under Telegram's limits. Codes leave all the same, the
// network has next to nothing to complain of, and every order message arrives
// exactly once.
func TestT50CodesOvertakeTenThousandOrders(t *testing.T) {
	const people = 400
	inHurry(t, func(w *world) {
		b := w.register(goodToken)
		w.state(b, otpcore.BotConnected)
		readers := w.crowd(people, true)
		time.Sleep(time.Minute)
		before := w.tg.CallCount("sendMessage")
		w.news(b, readers, orders)

		var waits []time.Duration
		for i := range 200 {
			u := readers[i%people]
			asked := time.Now()
			s := w.start(u.Phone())
			for !w.left(s) {
				if time.Since(asked) > time.Minute {
					w.Fatalf("code %d has not left in a minute\n%s", i, w.tail())
				}
				time.Sleep(10 * time.Millisecond)
			}
			waits = append(waits, time.Since(asked))
			time.Sleep(time.Second)
		}
		slices.Sort(waits)
		if p99 := waits[len(waits)*99/100]; p99 >= time.Second {
			w.Errorf("p99 of codes is %v, the longest %v", p99, waits[len(waits)-1])
		}
		t.Logf("codes: p50 %v, p99 %v, longest %v", waits[len(waits)/2], waits[len(waits)*99/100], waits[len(waits)-1])
		time.Sleep(10 * time.Minute) // ten thousand messages need seven
		told := 0
		for _, u := range readers {
			told += w.count(u, "News ")
		}
		if told != orders {
			w.Errorf("%d of %d order messages arrived", told, orders)
		}
		if n := strings.Count(w.logs.String(), "code 429"); n > 3 {
			w.Errorf("the network complained %d times", n)
		}
		if n := w.tg.CallCount("sendMessage") - before; n > orders+200+5 {
			w.Errorf("%d calls for %d messages", n, orders+200)
		}
	})
}

// left reports whether Telegram has taken the code.
func (w *world) left(s *otpcore.Started) bool {
	w.Helper()
	v, err := w.core.Verifications.Get(w.Context(), w.by, s.Verification.ID)
	check(w, err)
	return slices.ContainsFunc(v.Deliveries, func(d *otpcore.Delivery) bool {
		return d.Kind == otpcore.DeliverCode && d.Status == otpcore.Sent
	})
}

func (w *world) tail() string {
	lines := strings.SplitAfter(w.logs.String(), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "")
}
