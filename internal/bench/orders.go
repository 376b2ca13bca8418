package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"otpravka/internal/sim/telegramsim"
)

// Orders tells how fast order updates are taken in, and whether they delay
// codes: all of them go to one bot, whose network takes far fewer in a second,
// while codes are asked for in other chats of the same bot.
type Orders struct {
	Updates int     `json:"updates"`
	PerS    float64 `json:"per_s"`
	Codes   int     `json:"codes"`
	Code    Latency `json:"code_ms"` // from the request to the chat
	Waiting int     `json:"waiting"` // messages about orders that had not left when the last code arrived
}

const (
	orderBatch  = 100
	orderSends  = 4  // batches under way at once
	orderChats  = 20 // customers whose orders are updated
	codeChats   = 50
	codesOfChat = 2 // three may be live at once
)

// measureOrders links customers to a bot, updates an order for each update, and
// asks for codes while the messages wait.
func measureOrders(ctx context.Context, o Options) (out *Orders, err error) {
	s, err := o.open(ctx, 1)
	defer func() { err = errors.Join(err, s.close()) }()
	if err != nil {
		return nil, err
	}
	if err := s.registerBots(ctx); err != nil {
		return nil, err
	}
	var people []*telegramsim.User
	for range orderChats + codeChats {
		u, err := s.telegram.link(ctx, orderPhone(s.nextPhone()))
		if err != nil {
			return nil, err
		}
		people = append(people, u)
	}
	began := time.Now()
	if err := s.updateOrders(ctx, o.Orders, people[codeChats:]); err != nil {
		return nil, err
	}
	out = &Orders{Updates: o.Orders, PerS: round(float64(o.Orders) / time.Since(began).Seconds()), Codes: codeChats * codesOfChat}
	var took []time.Duration
	for n := range out.Codes {
		d, err := s.codeInChat(ctx, people[n%codeChats])
		if err != nil {
			return nil, err
		}
		took = append(took, d)
	}
	out.Code, out.Waiting = latencyOf(took), o.Orders
	for _, u := range people[codeChats:] {
		for _, m := range u.Chat(s.telegram.bots[0]).Messages {
			if m.FromBot && len(m.Buttons) == 0 {
				out.Waiting--
			}
		}
	}
	out.Waiting = max(0, out.Waiting)
	return out, nil
}

func orderPhone(n int) string { return fmt.Sprintf("+7701%07d", n) }

// link brings a person through the linking conversation.
func (t *telegram) link(ctx context.Context, phone string) (*telegramsim.User, error) {
	u := t.NewUser(telegramsim.UserOptions{Phone: phone, FirstName: "Anna", LanguageCode: "en"})
	u.Start(t.bots[0], "")
	if _, err := u.WaitMessage(ctx, t.bots[0], func(m telegramsim.Message) bool { return m.FromBot }); err != nil {
		return nil, fmt.Errorf("wait for the bot's greeting: %w", err)
	}
	if err := u.ShareContact(t.bots[0]); err != nil {
		return nil, fmt.Errorf("share a number: %w", err)
	}
	_, err := u.WaitMessage(ctx, t.bots[0], telegramsim.HasText("arrive in this chat"))
	return u, err
}

// updateOrders sends one update for each of n orders, in batches.
func (s *site) updateOrders(ctx context.Context, n int, people []*telegramsim.User) error {
	batches, failed := make(chan int), make(chan error, orderSends)
	var senders sync.WaitGroup
	for range orderSends {
		senders.Go(func() {
			for begin := range batches {
				if err := s.batch(ctx, begin, min(begin+orderBatch, n), people); err != nil {
					select {
					case failed <- err:
					default:
					}
				}
			}
		})
	}
	for begin := 0; begin < n; begin += orderBatch {
		batches <- begin
	}
	close(batches)
	senders.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func (s *site) batch(ctx context.Context, begin, end int, people []*telegramsim.User) error {
	var updates []map[string]any
	for n := begin; n < end; n++ {
		updates = append(updates, map[string]any{
			"order_id": fmt.Sprint("B-", n), "order_status": "delivered", "phone": people[n%len(people)].Phone(),
		})
	}
	var out struct{ Accepted int }
	if err := s.post1(ctx, "/v1/order-updates/batch", map[string]any{"updates": updates}, &out); err != nil {
		return err
	}
	if out.Accepted != end-begin {
		return fmt.Errorf("%d of %d order updates were stored", out.Accepted, end-begin)
	}
	return nil
}

// codeInChat is how long a code takes from the request to the chat.
func (s *site) codeInChat(ctx context.Context, u *telegramsim.User) (time.Duration, error) {
	last := int64(0)
	for _, m := range u.Chat(s.telegram.bots[0]).Messages {
		last = max(last, m.ID)
	}
	began := time.Now()
	if err := s.post1(ctx, "/v1/verifications", map[string]any{"phone": u.Phone()}, &struct{}{}); err != nil {
		return 0, err
	}
	_, err := u.WaitMessage(ctx, s.telegram.bots[0], func(m telegramsim.Message) bool { return m.ID > last && m.Code() != "" })
	return time.Since(began), err
}

// post1 asks the API once, apart from the connections that are measured.
func (s *site) post1(ctx context.Context, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.addr+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Content-Type", "application/json")
	req.Close = true // nothing of the bench is left behind it
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode > 299 {
		return &refusal{status: res.StatusCode}
	}
	return json.NewDecoder(res.Body).Decode(out)
}

func (o *Orders) text(p *printer) {
	p.line("\norders    %d updates were stored, %s/s; %d codes meanwhile: %s ms to the chat (p99 %s ms); %d messages about orders still waited",
		o.Updates, figure(o.PerS), o.Codes, ms(o.Code.P50), ms(o.Code.P99), o.Waiting)
}
