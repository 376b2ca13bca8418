package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"otpravka/internal/sim/smssim"
	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
)

// order is what the API says of one, in the answers to updates and to reading.
type order struct {
	ID       string `json:"id"`
	OrderID  string `json:"order_id"`
	Status   string `json:"order_status"`
	Phone    string `json:"phone"`
	Delivery struct {
		Status    string `json:"status"`
		HeldUntil string `json:"held_until"`
	} `json:"delivery"`
	Links          map[string]string `json:"links"`
	VerificationID string            `json:"verification_id"`
	TestCode       string            `json:"test_code"`
	Updates        []struct {
		Status string `json:"order_status"`
		Shown  bool   `json:"shown"`
	} `json:"updates"`
	Deliveries []struct {
		Status    string         `json:"status"`
		Cause     string         `json:"cause"`
		RefusedBy []string       `json:"refused_by"`
		Cost      map[string]any `json:"cost"`
	} `json:"deliveries"`
}

func (s *shop) tells(number, status string, f fields, header ...string) order {
	s.Helper()
	body := fields{"order_id": number, "order_status": status, "phone": goodPhone}
	for name, value := range f {
		body[name] = value
	}
	var o order
	s.ask("POST", "/v1/order-updates", body, header...).into(s, http.StatusCreated, &o)
	return o
}

func (s *shop) order(number string) order {
	s.Helper()
	var o order
	s.ask("GET", "/v1/orders/"+url.PathEscape(number), nil).into(s, http.StatusOK, &o)
	return o
}

// news are the messages of the bot that tell of an order.
func (s *shop) news(u *telegramsim.User, part string) []telegramsim.Message {
	return slices.DeleteFunc(u.Chat(s.bot).Messages, func(m telegramsim.Message) bool {
		return !m.FromBot || !strings.Contains(m.Text+strings.Join(m.History, "\n"), part)
	})
}

func TestOrderFromPlacedToDelivered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Book House", func(set *otpcore.Settings) { set.LinkHosts = []string{"track.example.com"} })
	s.addBot(1)
	u := s.link(goodPhone)
	const number = "№ A/10#42"
	first := s.tells(number, "placed", fields{
		"items": []fields{{"name": "Green tea 1000 g", "quantity": 2, "price": fields{"amount": "2990.5", "currency": "KZT"}}},
		"total": fields{"amount": "5981.00", "currency": "KZT"}, "tracking_url": "https://track.example.com/A10",
	})
	if first.Delivery.Status != "sending" || first.OrderID != number {
		t.Errorf("answer %+v", first)
	}
	m := s.reads(u, "order "+number+" is placed")
	for _, part := range []string{"Book House", "Green tea 1000 g x 2", "5,981.00"} {
		if !strings.Contains(m.Text, part) {
			t.Errorf("%q is not in %q", part, m.Text)
		}
	}
	if b, ok := m.Button("Track the order"); !ok || b.URL != "https://track.example.com/A10" {
		t.Errorf("buttons %+v", m.Buttons)
	}
	s.tells(number, "paid", nil)
	edited := s.reads(u, "is paid")
	if edited.ID != m.ID || !strings.Contains(edited.Text, "Green tea") {
		t.Errorf("the living message is another one, or lost its items: %+v", edited)
	}
	s.tells(number, "out_for_delivery", nil)
	if rung := s.reads(u, "is coming to you"); rung.ID == m.ID {
		t.Error("what rings is no message of its own")
	}
	s.tells(number, "at_the_gate", fields{"title": "The courier is at the gate"})
	s.reads(u, "The courier is at the gate")
	if got := s.news(u, number); len(got) != 2 {
		t.Errorf("%d messages, want two", len(got))
	}
	s.until("the order is shown", func() bool { return s.order(number).Delivery.Status == "sent" })
	o := s.order(number)
	if o.Status != "at_the_gate" || len(o.Updates) != 4 || len(o.Deliveries) != 4 || o.Phone != goodPhone {
		t.Errorf("order %+v", o)
	}
}

// Order numbers are whatever a shop made of them, and each is read back.
func TestOrderNumbersTravelInThePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	for _, number := range []string{"A-1042", "№ 10/42", "#1042", "KZ/2026/11+3", "a//b", "../../v1/keys", "Заказ 17 (новый)", "1:2"} {
		s.tells(number, "placed", nil)
		if o := s.order(number); o.OrderID != number {
			t.Errorf("%q is read as %q", number, o.OrderID)
		}
		// Some programs escape everything.
		var o order
		var all strings.Builder
		for _, b := range []byte(number) {
			fmt.Fprintf(&all, "%%%02X", b)
		}
		s.ask("GET", "/v1/orders/"+all.String(), nil).into(s, http.StatusOK, &o)
		if o.OrderID != number {
			t.Errorf("%q, all escaped, is read as %q", number, o.OrderID)
		}
	}
	for _, path := range []string{"/v1/orders/A/1042", "/v1/orders/", "/v1/orders/a%00b", "/v1/orders/%2525", "/v1/orders/nothing", "/v1/orders/" + strings.Repeat("a", 65)} {
		if a := s.ask("GET", path, nil); a.status != http.StatusNotFound {
			t.Errorf("%s answered %d", path, a.status)
		}
	}
	other := w.business("Other")
	if a := other.ask("GET", "/v1/orders/A-1042", nil); a.status != http.StatusNotFound {
		t.Errorf("another business read the order: %d", a.status)
	}
	if a := s.askWith(s.trial, "GET", "/v1/orders/A-1042", nil); a.status != http.StatusNotFound {
		t.Errorf("a test key read a live order: %d", a.status)
	}
}

func TestHandoverCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	u := s.link(goodPhone)
	var courier struct{ Key string }
	s.ask("POST", "/v1/keys", fields{"name": "courier", "scopes": []string{"check"}}).into(s, http.StatusCreated, &courier)
	o := s.tells("A-1", "out_for_delivery", fields{"handover_code": fields{"length": 6, "ttl": 3600}})
	m := s.inChat(u)
	code := m.Code()
	if o.VerificationID == "" || len(code) != 6 || !strings.Contains(m.Text, "Hand-over code") {
		t.Fatalf("answer %+v, message %q", o, m.Text)
	}
	check := func(id, code string) (c checked) {
		s.askWith(courier.Key, "POST", "/v1/verifications/"+id+"/check", fields{"code": code}).into(s, http.StatusOK, &c)
		return c
	}
	for range 5 {
		if c := check(o.VerificationID, other(code)); c.Valid || c.Reason != "invalid_code" {
			t.Fatalf("a wrong code: %+v", c)
		}
	}
	if c := check(o.VerificationID, code); c.Valid || c.Reason != "too_many_attempts" || c.Status != "pending" {
		t.Errorf("the right code, while it is locked: %+v", c)
	}
	// A new update issues a new code, which nobody has guessed at.
	again := s.tells("A-1", "out_for_delivery", fields{"handover_code": fields{}, "ring": false})
	var fresh telegramsim.Message
	w.until("the new code is in the chat", func() bool {
		i := slices.IndexFunc(s.news(u, "A-1"), func(m telegramsim.Message) bool { return m.Code() != "" && m.Code() != code })
		if i >= 0 {
			fresh = s.news(u, "A-1")[i]
		}
		return i >= 0
	})
	if fresh.ID != m.ID || again.VerificationID == o.VerificationID || len(fresh.Code()) != 4 {
		t.Errorf("the new code: %+v in message %d, before %d", again, fresh.ID, m.ID)
	}
	if c := check(o.VerificationID, code); c.Reason != "canceled" {
		t.Errorf("the code before: %+v", c)
	}
	if c := check(again.VerificationID, fresh.Code()); !c.Valid {
		t.Errorf("the new code: %+v", c)
	}
	if c := check(again.VerificationID, fresh.Code()); c.Reason != "already_used" {
		t.Errorf("the new code, again: %+v", c)
	}
	w.until("no code is readable", func() bool {
		return !slices.ContainsFunc(s.news(u, "A-1"), func(m telegramsim.Message) bool { return m.Code() != "" })
	})
	if a := s.askWith(courier.Key, "POST", "/v1/order-updates", fields{"order_id": "A-1", "order_status": "paid", "phone": goodPhone}); a.code != "missing_scope" {
		t.Errorf("a courier's key updated an order: %d %s", a.status, a.code)
	}
	w.stop()
	w.mu.Lock()
	said := w.said.String()
	w.mu.Unlock()
	for _, secret := range []string{code, goodPhone} {
		if strings.Contains(w.logs.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
	if strings.Contains(said, `"`+code+`"`) {
		t.Error("the API has told the code")
	}
}

func TestDeliveredOrderTakesItsCodeAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	u := s.link(goodPhone)
	o := s.tells("A-1", "shipped", fields{"handover_code": fields{}})
	code := s.inChat(u).Code()
	s.tells("A-1", "delivered", nil)
	if c := s.check(o.VerificationID, fields{"code": code}); c.Reason != "canceled" {
		t.Errorf("the code of a delivered order: %+v", c)
	}
	w.until("no message shows the code", func() bool {
		list := s.news(u, "is delivered")
		return len(list) == 2 && !slices.ContainsFunc(list, func(m telegramsim.Message) bool { return strings.Contains(m.Text, code) })
	})
}

func TestLateAndRepeatedUpdates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	u := s.link(goodPhone)
	at := func(ago time.Duration) string { return time.Now().Add(-ago).UTC().Format(time.RFC3339) }
	shipped := at(time.Hour)
	first := s.tells("A-1", "shipped", fields{"occurred_at": shipped}, "Idempotency-Key", "k1")
	if again := s.tells("A-1", "shipped", fields{"occurred_at": shipped}, "Idempotency-Key", "k1"); again.ID != first.ID || again.Delivery.Status != first.Delivery.Status {
		t.Errorf("a repeat: %+v, first %+v", again, first)
	}
	s.reads(u, "is on its way")
	if again := s.tells("A-1", "shipped", fields{"occurred_at": shipped}); again.ID != first.ID || again.Delivery.Status != "unchanged" {
		t.Errorf("the same again: %+v", again)
	}
	if late := s.tells("A-1", "paid", fields{"occurred_at": at(2 * time.Hour)}); late.Delivery.Status != "outdated" {
		t.Errorf("a late update: %+v", late)
	}
	a := s.ask("POST", "/v1/order-updates", fields{"order_id": "A-1", "order_status": "paid", "phone": goodPhone}, "Idempotency-Key", "k1")
	if a.code != "key_reused" {
		t.Errorf("another update under the key: %d %s", a.status, a.code)
	}
	o := s.order("A-1")
	if o.Status != "shipped" || len(o.Updates) != 2 || o.Updates[1].Shown {
		t.Errorf("order %+v", o)
	}
	if got := s.news(u, "A-1"); len(got) != 1 || got[0].Edited() {
		t.Errorf("the chat has %+v", texts(u.Chat(s.bot)))
	}
}

func TestUnlinkedCustomerGetsTheOrderOnLinking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	o := s.tells("A-1", "paid", fields{"handover_code": fields{}})
	if o.Delivery.Status != "no_link" || !strings.HasPrefix(o.Links["telegram"], "https://t.me/shop1_bot") {
		t.Errorf("answer %+v", o)
	}
	if n := len(w.sms.Calls()); n != 0 {
		t.Errorf("%d SMS that nobody asked for", n)
	}
	u := s.link(goodPhone)
	if m := s.inChat(u); !strings.Contains(m.Text, "order A-1 is paid") {
		t.Errorf("message %q", m.Text)
	}
	s.until("the order is shown", func() bool { return s.order("A-1").Delivery.Status == "sent" })
}

func TestOrderBySMSOnlyWhereAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	if o := s.tells("A-1", "ready_for_pickup", fields{"sms_fallback": true}); o.Delivery.Status != "sending" {
		t.Errorf("answer %+v", o)
	}
	m, err := w.sms.WaitSMS(w.ctx(), goodPhone, func(smssim.SMS) bool { return true })
	w.must(err)
	if m.Text != "Shop: order A-1 is ready for pickup" {
		t.Errorf("SMS %q", m.Text)
	}
	if o := s.tells("A-1", "delivered", nil); o.Delivery.Status != "no_link" {
		t.Errorf("answer %+v", o)
	}
}

func TestMuteHoldsOrdersAndNoCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	u := s.link(goodPhone)
	u.Say(s.bot, "/mute")
	s.reads(u, "No more messages about orders of Shop")
	if o := s.tells("A-1", "delivered", nil); o.Delivery.Status != "held" || o.Delivery.HeldUntil != "" {
		t.Errorf("muted: %+v", o)
	}
	s.begin(fields{"phone": goodPhone})
	s.inChat(u)
	if got := s.news(u, "A-1"); len(got) != 0 {
		t.Errorf("a muted chat has %+v", got)
	}
	u.Say(s.bot, "/unmute")
	s.reads(u, "come to this chat again")
	s.reads(u, "order A-1 is delivered")
}

func TestQuietHoursHoldOrdersAndNoCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	u := s.link(goodPhone)
	zone, err := time.LoadLocation("Asia/Almaty")
	w.must(err)
	now := time.Now().In(zone)
	quiet := now.Add(-time.Hour).Format("15:04") + "-" + now.Add(2*time.Hour).Format("15:04")
	if a := s.ask("PATCH", "/v1/settings", fields{"quiet_hours": quiet}); a.status != http.StatusOK {
		t.Fatalf("settings answered %d %s", a.status, a.body)
	}
	o := s.tells("A-1", "delivered", nil)
	until, err := time.Parse(time.RFC3339, o.Delivery.HeldUntil)
	if o.Delivery.Status != "held" || err != nil || time.Until(until) < time.Hour || time.Until(until) > 2*time.Hour {
		t.Errorf("held: %+v", o)
	}
	s.begin(fields{"phone": goodPhone})
	s.inChat(u)
	s.tells("A-2", "out_for_delivery", fields{"handover_code": fields{}})
	s.reads(u, "A-2")
	if got := s.news(u, "A-1"); len(got) != 0 {
		t.Errorf("the chat has %+v", got)
	}
	if a := s.ask("PATCH", "/v1/settings", fields{"quiet_hours": "8-22"}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong time was answered %d", a.status)
	}
}

func TestOrderWithATestKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	var o order
	s.askWith(s.trial, "POST", "/v1/order-updates", fields{
		"order_id": "T-1", "order_status": "shipped", "phone": otpcore.TrialDelivered, "handover_code": fields{},
	}).into(s, http.StatusCreated, &o)
	if o.Delivery.Status != "sending" || len(o.TestCode) != 4 {
		t.Errorf("answer %+v", o)
	}
	var c checked
	s.askWith(s.trial, "POST", "/v1/verifications/"+o.VerificationID+"/check", fields{"code": o.TestCode}).into(s, http.StatusOK, &c)
	if !c.Valid {
		t.Errorf("check %+v", c)
	}
	s.askWith(s.trial, "POST", "/v1/order-updates", fields{"order_id": "T-2", "order_status": "shipped", "phone": otpcore.TrialUnlinked}).into(s, http.StatusCreated, &o)
	if o.Delivery.Status != "no_link" {
		t.Errorf("answer %+v", o)
	}
}

func TestOrderEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	s.link(goodPhone)
	o := s.tells("№ 1", "placed", nil)
	var told []toldEvent
	var kinds []string
	w.until("the events are there", func() bool {
		told, kinds = s.told("order.updated,delivery.sent"), nil
		for _, e := range told {
			kinds = append(kinds, e.Type+" "+e.Data["order_id"])
		}
		return len(kinds) == 2
	})
	if !slices.Equal(kinds, []string{"order.updated № 1", "delivery.sent № 1"}) || told[0].Data["update_id"] != o.ID || told[0].Data["order_status"] != "placed" {
		t.Errorf("events %+v", told)
	}
	for _, e := range told {
		if phone := e.Data["phone"]; !strings.HasPrefix(phone, goodPhone[:5]) || !strings.Contains(phone, "•") || strings.Contains(phone, goodPhone) {
			t.Errorf("%s: phone %q", e.Type, phone)
		}
	}
	s.ask("POST", "/v1/phones/forget", fields{"phone": goodPhone}).into(s, http.StatusOK, &fields{})
	if told = s.told("order.updated"); len(told) != 1 || told[0].Data["phone"] != "" {
		t.Errorf("of an erased person %+v", told)
	}
}

// TestButtonLeadsToListedHostsOnly: a host that was taken off the list is not
// led to by anything that is sent from then on.
func TestButtonLeadsToListedHostsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	u := s.link(goodPhone)
	hosts := func(list ...string) {
		s.ask("PATCH", "/v1/settings", fields{"link_hosts": list}).into(s, http.StatusOK, &fields{})
	}
	led := func(m telegramsim.Message) bool {
		for _, row := range m.Buttons {
			for _, b := range row {
				if strings.HasPrefix(b.URL, "https://track.example.com/") {
					return true
				}
			}
		}
		return false
	}
	hosts("track.example.com")
	s.tells("A-1", "placed", fields{"tracking_url": "https://track.example.com/A-1"})
	if m := s.reads(u, "is placed"); !led(m) {
		t.Errorf("no button under %q: %+v", m.Text, m.Buttons)
	}
	hosts("other.example.com")
	s.tells("A-1", "paid", nil)
	if m := s.reads(u, "is paid"); led(m) {
		t.Errorf("an edit leads to a host that is off the list")
	}
	hosts("track.example.com")
	s.tells("A-1", "packed", nil)
	if m := s.reads(u, "is packed"); !led(m) {
		t.Errorf("the host is back, the button is not")
	}
}

func TestBatchHasAnOutcomeForEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	type results struct {
		Accepted, Refused int
		Results           []struct {
			Status  int
			Update  *order
			Problem *struct{ Code, Pointer string }
		}
	}
	update := func(n int) fields {
		return fields{"order_id": fmt.Sprint("A-", n), "order_status": "paid", "phone": goodPhone}
	}
	var rows []fields
	for n := range 1000 {
		rows = append(rows, update(n))
	}
	rows[3]["phone"] = "nonsense"
	rows[4]["surprise"] = 1
	rows[5]["order_status"] = 7
	rows[6]["idempotency_key"] = "own key" // with a space
	rows[7]["idempotency_key"] = "own-key"
	rows[9] = fields{"order_id": "A-8", "order_status": "shipped", "phone": goodPhone} // the order before it
	// A slow machine may run out of time for the last rows, which are then to be
	// sent again: that is what the key is for.
	send := func() (out results) {
		for range 20 {
			out = results{}
			s.ask("POST", "/v1/order-updates/batch", fields{"updates": rows}, "Idempotency-Key", "b1").into(s, http.StatusOK, &out)
			late := false
			for _, r := range out.Results {
				late = late || r.Status == http.StatusServiceUnavailable
			}
			if !late {
				break
			}
		}
		return out
	}
	out := send()
	if out.Accepted != 996 || out.Refused != 4 || len(out.Results) != 1000 {
		t.Fatalf("%d accepted, %d refused of %d, the first one: %+v", out.Accepted, out.Refused, len(out.Results), out.Results[0].Problem)
	}
	for i, want := range map[int]string{3: "phone_invalid /phone", 4: "unknown_field /surprise", 5: "wrong_type /order_status", 6: "invalid_value /idempotency_key"} {
		r := out.Results[i]
		if r.Problem == nil || r.Problem.Code+" "+r.Problem.Pointer != want || r.Update != nil {
			t.Errorf("row %d: %+v %+v, want %s", i, r, r.Problem, want)
		}
	}
	if o := s.order("A-8"); o.Status != "shipped" || len(o.Updates) != 2 {
		t.Errorf("order of two rows: %+v", o)
	}
	again := send()
	for i, r := range out.Results {
		if r.Update != nil && (again.Results[i].Update == nil || again.Results[i].Update.ID != r.Update.ID) {
			t.Fatalf("row %d was stored twice", i)
		}
	}
	rows = append(rows, update(1000))
	if a := s.ask("POST", "/v1/order-updates/batch", fields{"updates": rows}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("1,001 rows were answered %d", a.status)
	}
	if a := s.ask("POST", "/v1/order-updates/batch", fields{"updates": []any{}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("no rows were answered %d", a.status)
	}
}

// queueNews links as many people and gives each news of an order at once,
// which keeps a bot busy for a second per twenty-five of them. It returns how
// many have not read theirs yet.
func (s *shop) queueNews(many int) (waiting func() int) {
	s.Helper()
	var people []*telegramsim.User
	var rows []fields
	for n := range many {
		phone := fmt.Sprintf("+7701555%04d", 1000+n)
		people = append(people, s.link(phone))
		rows = append(rows, fields{"order_id": fmt.Sprint("A-", n), "order_status": "delivered", "phone": phone})
	}
	if a := s.ask("POST", "/v1/order-updates/batch", fields{"updates": rows}); a.status != http.StatusOK {
		s.Fatalf("batch answered %d %s", a.status, a.body)
	}
	return func() (waiting int) {
		for _, u := range people {
			if len(s.news(u, "is delivered")) == 0 {
				waiting++
			}
		}
		return waiting
	}
}

// Orders never delay codes: a bot with a long line of news sends a code first.
func TestCodesOvertakeOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	buyer := s.link(goodPhone)
	waiting := s.queueNews(120)
	s.begin(fields{"phone": goodPhone})
	s.inChat(buyer)
	if waiting() == 0 {
		t.Error("the code came after all orders")
	}
}

// A hand-over code is a code: it does not wait behind other orders' news.
func TestHandoverCodesOvertakeOtherNews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	buyer := s.link(goodPhone)
	waiting := s.queueNews(120)
	s.tells("B-1", "out_for_delivery", fields{"handover_code": fields{}})
	if m := s.inChat(buyer); m.Code() == "" {
		t.Errorf("message %q", m.Text)
	}
	if waiting() == 0 {
		t.Error("the hand-over code came after all other news")
	}
}

func TestOrdersAreListedInPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s, other := w.business("Shop"), w.business("Other")
	for _, number := range []string{"№ 3/a", "A-1", "A-2"} {
		s.tells(number, "placed", nil)
	}
	type list struct {
		Items []order
		Next  string `json:"next_cursor"`
	}
	var first, second list
	s.ask("GET", "/v1/orders?limit=2", nil).into(s, http.StatusOK, &first)
	if len(first.Items) != 2 || first.Next == "" || first.Items[0].Phone != goodPhone {
		t.Fatalf("the first page: %+v", first)
	}
	s.ask("GET", "/v1/orders?limit=2&cursor="+first.Next, nil).into(s, http.StatusOK, &second)
	if len(second.Items) != 1 || second.Next != "" || slices.ContainsFunc(first.Items, func(o order) bool { return o.OrderID == second.Items[0].OrderID }) {
		t.Errorf("the second page: %+v", second)
	}
	var none list
	other.ask("GET", "/v1/orders", nil).into(other, http.StatusOK, &none)
	if len(none.Items) != 0 {
		t.Errorf("another business reads %+v", none)
	}
	for _, by := range []string{other.keys[0], s.trial} {
		if a := s.askWith(by, "GET", "/v1/orders?cursor="+first.Next, nil); a.code != "bad_cursor" {
			t.Errorf("a cursor of somebody else: %d %s", a.status, a.code)
		}
	}
}
