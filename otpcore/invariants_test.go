package otpcore_test

import (
	"fmt"
	"slices"
	"strings"

	"otpravka/otpcore"
)

// invariants holds a decided case to what is true of every verification at all
// times.
func (w *world) invariants(c *otpcore.Case) {
	w.t.Helper()
	v := c.Verification
	if v == nil {
		w.t.Fatalf("decision left no verification")
	}
	terminal := v.Status.Terminal()
	for rule, broken := range map[string]bool{
		"a terminal status changed":              w.v != nil && w.v.Status.Terminal() && (w.v.Status != v.Status || w.v.EndReason != v.EndReason),
		"a terminal verification has its secret": terminal && (v.Seed != nil || v.OwnCode != nil),
		"a pending verification lost its secret": !terminal && v.Seed == nil && v.OwnCode == nil,
		"a terminal verification wakes":          terminal && (!v.FallbackAt.IsZero() || !v.WakeAt().IsZero()),
		"a terminal verification has no end":     terminal == v.EndedAt.IsZero(),
		"more attempts than allowed":             v.Attempts > v.MaxAttempts,
		"attempts went back":                     w.v != nil && v.Attempts < w.v.Attempts,
		"more sends than allowed":                v.Sends > w.rules.MaxSends,
		"the code outlives its longest life":     v.Kind == otpcore.KindCode && v.ExpiresAt.Sub(v.CreatedAt) > w.rules.MaxLife,
		"the life got shorter":                   w.v != nil && v.ExpiresAt.Before(w.v.ExpiresAt),
		"the fallback comes after the end":       !v.FallbackAt.IsZero() && !v.FallbackAt.Before(v.ExpiresAt),
		"nothing carries a pending code":         !terminal && !carried(c),
	} {
		if broken {
			w.t.Errorf("%s: %s", rule, describe(c))
		}
	}
	w.deliveryInvariants(c)
	w.eventInvariants(c)
}

func carried(c *otpcore.Case) bool {
	return slices.ContainsFunc(c.Deliveries, func(d *otpcore.Delivery) bool {
		return d.Kind == otpcore.DeliverCode && d.Status.Live()
	})
}

func (w *world) deliveryInvariants(c *otpcore.Case) {
	w.t.Helper()
	editing := map[otpcore.ID]int{}
	for i, d := range c.Deliveries {
		due := d.Status == otpcore.Sending || d.Status == otpcore.Queued
		if due == d.DueAt.IsZero() {
			w.t.Errorf("a delivery that is %s has the due time %v", d.Status, d.DueAt)
		}
		if d.Kind == otpcore.DeliverCode && c.Verification.Status.Terminal() && (d.Status == otpcore.Queued || d.Status == otpcore.WaitingLink) {
			w.t.Errorf("a code is %s after the end", d.Status)
		}
		if d.Kind == otpcore.DeliverEdit && d.Status == otpcore.Sending {
			editing[d.Edits]++
		}
		if i < len(w.deliveries) && w.deliveries[i].Status.Arrived() && !d.Status.Arrived() && d.Status != otpcore.FailedDlv {
			w.t.Errorf("a delivery went back from %s to %s", w.deliveries[i].Status, d.Status)
		}
	}
	for id, n := range editing {
		if n > 1 {
			w.t.Errorf("%d edits of %s are under way at once", n, id)
		}
	}
}

// statusEvent is the event that every change into a status has.
var statusEvent = map[otpcore.Status]otpcore.EventType{
	otpcore.Pending: otpcore.EventVerificationStarted, otpcore.Approved: otpcore.EventVerificationApproved,
	otpcore.Canceled: otpcore.EventVerificationCanceled, otpcore.Expired: otpcore.EventVerificationExpired,
	otpcore.Failed: otpcore.EventVerificationFailed,
}

func (w *world) eventInvariants(c *otpcore.Case) {
	w.t.Helper()
	counts := map[otpcore.EventType]int{}
	for _, e := range c.Changes().Events {
		counts[e.Type]++
	}
	want := map[otpcore.EventType]int{}
	v := c.Verification
	if w.v == nil {
		want[otpcore.EventVerificationStarted] = 1
	}
	if v.Status != otpcore.Pending && (w.v == nil || w.v.Status != v.Status) {
		event := statusEvent[v.Status]
		if v.EndReason == otpcore.EndReported {
			event = otpcore.EventVerificationReported
		}
		want[event] = 1
	}
	for t, n := range counts {
		if strings.HasPrefix(string(t), "verification.") && want[t] != n {
			w.t.Errorf("%d events %s, want %d: %s", n, t, want[t], describe(c))
		}
	}
	for t, n := range want {
		if counts[t] != n {
			w.t.Errorf("%d events %s, want %d: %s", counts[t], t, n, describe(c))
		}
	}
}

// describe prints a case in one line for a failed test.
func describe(c *otpcore.Case) string {
	v := c.Verification
	out := fmt.Sprintf("%s %s attempts=%d sends=%d pos=%d", v.Status, v.EndReason, v.Attempts, v.Sends, v.Position)
	for _, d := range c.Deliveries {
		out += fmt.Sprintf(" [%s %s %s %s]", d.Kind, d.Channel, d.Status, d.Cause)
	}
	return out
}

// trail prints the deliveries of the world, for comparison.
func (w *world) trail() string {
	var parts []string
	for _, d := range w.deliveries {
		part := string(d.Channel) + ":" + string(d.Status)
		if d.Kind == otpcore.DeliverEdit {
			part = "edit(" + string(d.Wanted) + "):" + string(d.Status)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

func (w *world) expect(trail string) {
	w.t.Helper()
	if got := w.trail(); got != trail {
		w.t.Errorf("deliveries are %q, want %q", got, trail)
	}
}

// noted counts the events of a type, with the given value in their data.
func (w *world) noted(t otpcore.EventType, value string) int {
	n := 0
	for _, e := range w.events {
		if e.Type != t {
			continue
		}
		for _, have := range e.Data {
			if have == value {
				n++
				break
			}
		}
	}
	return n
}
