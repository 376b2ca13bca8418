package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"otpravka/internal/sim/receiversim"
	"otpravka/internal/sim/smssim"
	"otpravka/internal/sim/telegramsim"
)

func (s *story) makeBusiness(ctx context.Context) error {
	key, err := s.world.makeBusiness(ctx, shopName, nil)
	s.shop = shop{url: s.server.url, key: key}
	return err
}

func (s *story) registerReceiver(ctx context.Context) error {
	return s.world.registerReceiver(ctx, s.shop)
}

// heardOfAll waits until the shop's receiver has every event of the list.
func (s *story) heardOfAll(ctx context.Context) error {
	var ids []string
	for after := "beginning"; ; {
		var page struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
			NextAfter string `json:"next_after"`
			HasMore   bool   `json:"has_more"`
		}
		if err := s.shop.call(ctx, http.MethodGet, "/v1/events?limit=100&after="+after, nil, &page); err != nil {
			return err
		}
		for _, e := range page.Items {
			ids = append(ids, e.ID)
		}
		if after = page.NextAfter; !page.HasMore {
			break
		}
	}
	_, err := s.receiver.WaitEvent(ctx, func(receiversim.Event) bool {
		return !slices.ContainsFunc(ids, func(id string) bool { return s.receiver.Taken(id) == 0 })
	})
	return err
}

func (s *story) registerBot(ctx context.Context) error {
	s.anna = s.person("Anna", annasPhone, "en")
	s.boris = s.person("Boris", borisPhone, "en")
	s.alien = s.person("Stranger", strangePhone, "en")
	return s.world.registerBot(ctx, s.shop)
}

// annasLink asks for a link that only Anna's phone may use.
func (s *story) annasLink(ctx context.Context) (string, error) {
	var link struct{ URL string }
	err := s.shop.call(ctx, http.MethodPost, "/v1/links", map[string]any{"phone": annasPhone, "channel": "telegram"}, &link)
	return link.URL, err
}

func (s *story) refuseStranger(ctx context.Context) error {
	link, err := s.annasLink(ctx)
	if err != nil {
		return err
	}
	if err := s.join(ctx, s.alien, link); err != nil {
		return err
	}
	if _, err := s.alien.WaitMessage(ctx, s.bot, telegramsim.HasText("waits for +7 701 •••67")); err != nil {
		return fmt.Errorf("no word about the wrong number: %w", err)
	}
	links, err := s.linksOf(ctx, annasPhone)
	if err != nil || links == 0 {
		return err
	}
	return errors.New("a stranger's contact has linked a phone")
}

func (s *story) linkAnna(ctx context.Context) error {
	link, err := s.annasLink(ctx)
	if err != nil {
		return err
	}
	if err := s.join(ctx, s.anna, link); err != nil {
		return err
	}
	return s.untilLinked(ctx, annasPhone)
}

// join opens a link in Telegram, presses Start and shares the number.
func (s *story) join(ctx context.Context, who *telegramsim.User, link string) error {
	if _, err := who.OpenLink(link); err != nil {
		return err
	}
	asked := func(m telegramsim.Message) bool { return m.FromBot }
	if _, err := who.WaitMessage(ctx, s.bot, asked); err != nil {
		return fmt.Errorf("the bot did not answer Start: %w", err)
	}
	return who.ShareContact(s.bot)
}

func (s *story) linksOf(ctx context.Context, phone string) (int, error) {
	view, err := s.shop.lookup(ctx, phone)
	if err != nil {
		return 0, err
	}
	active := 0
	for _, l := range view.Links {
		if l.Status == "active" {
			active++
		}
	}
	return active, nil
}

func (s *story) untilLinked(ctx context.Context, phone string) error {
	return until(ctx, func() (bool, error) {
		n, err := s.linksOf(ctx, phone)
		return n == 1, err
	})
}

// start asks for a code for the phone. What the phones show by now belongs to
// the codes before it.
func (s *story) start(ctx context.Context, phone string, extra map[string]any) error {
	s.old = make(map[string]bool)
	for _, m := range s.sms.Inbox(phone) {
		s.old[m.ID] = true
	}
	for _, who := range []*telegramsim.User{s.anna, s.boris} {
		for _, m := range who.Chat(s.bot).Messages {
			s.old[chatKey(who, m)] = true
		}
	}
	fields := map[string]any{"phone": phone, "fallback_after": int(fallbackAfter.Seconds())}
	for k, v := range extra {
		fields[k] = v
	}
	var err error
	s.current, err = s.shop.start(ctx, fields)
	s.code = ""
	return err
}

func chatKey(who *telegramsim.User, m telegramsim.Message) string {
	return fmt.Sprint("chat ", who.ID(), " ", m.ID)
}

func (s *story) startForAnna(ctx context.Context) error { return s.start(ctx, annasPhone, nil) }

func (s *story) readInChat(ctx context.Context) error { return s.inChat(ctx, s.anna) }

// inChat waits for the message with the present code and remembers the code.
func (s *story) inChat(ctx context.Context, who *telegramsim.User) error {
	m, err := who.WaitMessage(ctx, s.bot, func(m telegramsim.Message) bool {
		return m.Code() != "" && !s.old[chatKey(who, m)]
	})
	if err != nil {
		return fmt.Errorf("no code in the chat: %w", err)
	}
	s.code = m.Code()
	return nil
}

func (s *story) checkWrong(ctx context.Context) error {
	wrong := strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, s.code)
	c, err := s.shop.check(ctx, s.current.ID, wrong, nil)
	if err == nil && (c.Valid || c.Reason != "invalid_code") {
		err = fmt.Errorf("a wrong code was answered valid=%t reason=%s", c.Valid, c.Reason)
	}
	return err
}

func (s *story) checkParallel(ctx context.Context) error {
	var (
		approved atomic.Int32
		failed   atomic.Pointer[error]
		all      sync.WaitGroup
	)
	gate := make(chan struct{})
	for range 20 {
		all.Go(func() {
			<-gate
			c, err := s.shop.check(ctx, s.current.ID, s.code, nil)
			switch {
			case err != nil:
				failed.Store(&err)
			case c.Valid:
				approved.Add(1)
			}
		})
	}
	close(gate)
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	if n := approved.Load(); n != 1 {
		return fmt.Errorf("%d of 20 checks were approved", n)
	}
	return nil
}

func (s *story) smsWhenBlocked(ctx context.Context) error {
	s.anna.Block(s.bot)
	if err := s.start(ctx, annasPhone, nil); err != nil {
		return err
	}
	begun := time.Now()
	if err := s.inSMS(ctx, annasPhone); err != nil {
		return err
	}
	if took := time.Since(begun); took > fallbackAfter/2 {
		return fmt.Errorf("the SMS took %s", took)
	}
	return nil
}

// inSMS waits for an SMS with the present code: the one that the chat showed,
// where the chat had one.
func (s *story) inSMS(ctx context.Context, phone string) error {
	m, err := s.sms.WaitSMS(ctx, phone, func(m smssim.SMS) bool { return m.Code() != "" && !s.old[m.ID] })
	if err != nil {
		return fmt.Errorf("no SMS with the code: %w", err)
	}
	if s.code != "" && m.Code() != s.code {
		return errors.New("the SMS holds another code than the chat")
	}
	s.code = m.Code()
	return nil
}

func (s *story) approve(ctx context.Context) error {
	c, err := s.shop.check(ctx, s.current.ID, s.code, nil)
	if err == nil && !c.Valid {
		err = fmt.Errorf("the right code was refused: %s", c.Reason)
	}
	return err
}

func (s *story) chatWhenUnblocked(ctx context.Context) error {
	s.anna.Unblock(s.bot)
	if err := s.untilLinked(ctx, annasPhone); err != nil {
		return err
	}
	return s.chatAgain(ctx)
}

func (s *story) chatAgain(ctx context.Context) error {
	if err := s.start(ctx, annasPhone, nil); err != nil {
		return err
	}
	return s.inChat(ctx, s.anna)
}

func (s *story) smsWhenUnconfirmed(ctx context.Context) error { return s.inSMS(ctx, annasPhone) }

func (s *story) pressNotMe(ctx context.Context) error {
	m, err := s.anna.WaitMessage(ctx, s.bot, telegramsim.HasCode())
	if err != nil {
		return err
	}
	press, err := s.anna.Press(m, "It wasn't me")
	if err != nil {
		return err
	}
	if _, err := press.Answer(ctx); err != nil {
		return err
	}
	v, err := s.shop.get(ctx, s.current.ID)
	if err != nil {
		return err
	}
	if v.Status != "canceled" || v.EndReason != "reported" {
		return fmt.Errorf("the verification is %s (%s)", v.Status, v.EndReason)
	}
	return until(ctx, func() (bool, error) {
		for _, m := range s.anna.Chat(s.bot).Messages {
			if strings.Contains(m.Text, s.code) {
				return false, nil
			}
		}
		return true, nil
	})
}

func (s *story) startForBoris(ctx context.Context) error {
	return s.start(ctx, borisPhone, map[string]any{"when_unlinked": "wait"})
}

func (s *story) linkBoris(ctx context.Context) error {
	if err := s.join(ctx, s.boris, s.current.Links["telegram"]); err != nil {
		return err
	}
	return s.inChat(ctx, s.boris)
}

func (s *story) chatForBoris(ctx context.Context) error {
	if err := s.start(ctx, borisPhone, nil); err != nil {
		return err
	}
	return s.inChat(ctx, s.boris)
}

func (s *story) killServer(ctx context.Context) error {
	if err := s.server.kill(); err != nil {
		return err
	}
	return s.server.start(ctx)
}

func (s *story) smsAfterKill(ctx context.Context) error { return s.inSMS(ctx, borisPhone) }

// until asks again and again, for answers that no signal announces.
func until(ctx context.Context, holds func() (bool, error)) error {
	for {
		ok, err := holds()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}
