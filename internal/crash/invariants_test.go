package crash

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The rules of internal/app's hurried build that the invariants speak of.
const (
	quiet      = 4 * time.Second / 3 // the last part of a code's life, in which chats are left alone
	sendSlack  = 700 * time.Millisecond
	mostTrials = 3 // sends of one message, whatever happens
)

// hold checks I1 to I7 on every verification, and I9.
func (w *world) hold(people []*cycle) {
	w.Helper()
	views := make([]view, len(people))
	for i, c := range people {
		views[i] = c.terminal()
	}
	if w.Failed() {
		return
	}
	told := w.events()
	w.holdPosted()
	for i, c := range people {
		v := &views[i]
		c.holdApproved(v)
		c.holdSends(v)
		c.holdQuiet(v)
		c.holdEvents(v)
		for _, kind := range []string{"verification.started", "verification." + v.Status} {
			if n := told[c.id+" "+kind]; n != 1 {
				c.Errorf("I7: the list of events has %s of %s %d times", kind, c.id, n)
			}
		}
	}
	for _, key := range w.keys {
		w.key = key
		if status := w.ask(http.MethodGet, "/v1/settings", "", nil, new(struct{})); status != http.StatusOK {
			w.Errorf("a business that was made is answered %d", status)
		}
	}
}

// holdApproved is I2, as callers were told it.
func (c *cycle) holdApproved(v *view) {
	if c.approvals > 1 || (c.approvals == 1) != (v.Status == "approved") {
		c.Errorf("I2: %s is %s, and %d checks were told that it is approved", c.id, v.Status, c.approvals)
	}
	if c.habit == guesses && v.Status == "approved" {
		c.Errorf("I3: %s was approved after five wrong codes", c.id)
	}
}

// holdSends is I4 and I5, by what arrived on the phones.
func (c *cycle) holdSends(v *view) {
	var codes []string
	sends := map[string]int{}
	for _, m := range c.sms.Inbox(c.phone) {
		codes, sends["sms"] = append(codes, m.Code()), sends["sms"]+1
	}
	if c.user != nil {
		for _, m := range c.user.Chat(c.bot).Messages {
			if code := codeIn(m); m.FromBot && code != "" {
				codes, sends["telegram"] = append(codes, code), sends["telegram"]+1
			}
		}
	}
	slices.Sort(codes)
	if different := slices.Compact(slices.Clone(codes)); len(different) > 1 {
		c.Errorf("I4: %s has %d codes in %d messages", c.id, len(different), len(codes))
	}
	most := min(mostTrials, 1+c.died()+c.ambiguous)
	for channel, n := range sends {
		allowed := most
		if channel == "sms" {
			allowed += c.resends
		}
		if n > allowed {
			c.Errorf("I5: %s was sent %d times over %s, after %d crashes and %d lost answers", c.id, n, channel, c.died(), c.ambiguous)
		}
	}
	for _, d := range v.Deliveries {
		if (d.Status == "sent" || d.Status == "delivered") && sends[d.Channel] == 0 {
			c.Errorf("I1: %s is %s over %s, and nothing arrived", c.id, d.Status, d.Channel)
		}
	}
	if len(codes) == 0 && v.Status == "approved" {
		c.Errorf("I1: %s was approved, and no code ever arrived", c.id)
	}
}

// holdQuiet is I6. Telegram's messages are the ones that are no fallback.
func (c *cycle) holdQuiet(v *view) {
	if c.user == nil {
		return
	}
	chat := strconv.FormatInt(c.user.ID(), 10)
	for _, call := range c.tg.Calls("sendMessage") {
		if call.Params["chat_id"] != chat || codeForm.FindString(call.Params["text"]) == "" {
			continue
		}
		if late := call.Time.Sub(v.ExpiresAt.Add(-quiet)); late > sendSlack {
			c.Errorf("I6: %s was sent into the chat %s too late", c.id, late)
		}
	}
}

// holdEvents is I7 for one verification.
func (c *cycle) holdEvents(v *view) {
	for kind, want := range map[string]bool{
		"verification.started":  true,
		"verification.approved": v.Status == "approved", "verification.canceled": v.Status == "canceled",
		"verification.expired": v.Status == "expired", "verification.failed": v.Status == "failed",
	} {
		if n := v.happened(kind, ""); n > 1 || (n == 1) != want {
			c.Errorf("I7: %s is %s, and %s happened %d times", c.id, v.Status, kind, n)
		}
	}
	for _, d := range v.Deliveries {
		for status, kinds := range map[string][]string{
			"sent": {"delivery.sent"}, "delivered": {"delivery.delivered"}, "failed": {"delivery.failed"},
		} {
			for _, kind := range kinds {
				if n := v.happened(kind, d.ID); d.Status == status && n != 1 {
					c.Errorf("I7: a delivery of %s is %s, and %s happened %d times", c.id, status, kind, n)
				}
			}
		}
	}
}

// events counts what the business's list of events has, by verification and type.
func (w *world) events() map[string]int {
	w.Helper()
	counts := map[string]int{}
	for _, e := range w.listed() {
		counts[e.Data.VerificationID+" "+e.Type]++
	}
	return counts
}

// eventIDs are the ids of the list.
func (w *world) eventIDs() []string {
	w.Helper()
	var ids []string
	for _, e := range w.listed() {
		ids = append(ids, e.ID)
	}
	return ids
}

type listedEvent struct {
	ID, Type string
	Data     struct {
		VerificationID string `json:"verification_id"`
	}
}

// listed is the business's list of events.
func (w *world) listed() []listedEvent {
	w.Helper()
	var all []listedEvent
	for after := "beginning"; ; {
		var page struct {
			Items     []listedEvent
			NextAfter string `json:"next_after"`
			HasMore   bool   `json:"has_more"`
		}
		if status := w.ask(http.MethodGet, "/v1/events?limit=100&after="+after, "", nil, &page); status != http.StatusOK {
			w.Fatalf("the events were answered %d", status)
		}
		all = append(all, page.Items...)
		if after = page.NextAfter; !page.HasMore {
			return all
		}
	}
}
