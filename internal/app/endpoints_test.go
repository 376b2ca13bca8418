package app_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/receiversim"
	"otpravka/internal/sim/smssim"
)

// endpoint is what tests read of one.
type endpoint struct {
	ID             string   `json:"id"`
	URL            string   `json:"url"`
	Types          []string `json:"types"`
	Status         string   `json:"status"`
	StatusReason   string   `json:"status_reason"`
	FailingSince   string   `json:"failing_since"`
	Secret         string   `json:"secret"`
	OldSecretUntil string   `json:"old_secret_until"`
}

// posted is what tests read of a delivery to an endpoint.
type posted struct {
	ID             string            `json:"id"`
	EventID        string            `json:"event_id"`
	EventType      string            `json:"event_type"`
	Cause          string            `json:"cause"`
	Status         string            `json:"status"`
	Tries          int               `json:"tries"`
	ResponseStatus int               `json:"response_status"`
	Error          map[string]string `json:"error"`
	NextTryAt      string            `json:"next_try_at"`
}

// receiver starts a merchant's receiver, which the server may reach although
// it is on this machine.
func (w *world) receiver() *receiversim.Server {
	w.Helper()
	s := receiversim.New(receiversim.Options{})
	url, err := s.Listen()
	w.must(err)
	w.Cleanup(s.Close)
	w.cfg.WebhooksAllow = append(w.cfg.WebhooksAllow, strings.TrimPrefix(url, "http://"))
	return s
}

// newReceivers starts a world with receivers.
func newReceivers(t *testing.T, n int, changes ...func(*app.Config)) (*world, []*receiversim.Server) {
	t.Helper()
	w := newWorld(t, changes...)
	w.stop()
	var all []*receiversim.Server
	for range n {
		all = append(all, w.receiver())
	}
	w.start()
	return w, all
}

// addEndpoint registers the receiver's address, and tells it the secret.
func (s *shop) addEndpoint(at *receiversim.Server, f fields) endpoint {
	s.Helper()
	if f == nil {
		f = fields{}
	}
	f["url"] = at.URL() + "/hooks"
	var e endpoint
	s.ask("POST", "/v1/webhooks", f).into(s, http.StatusCreated, &e)
	at.Trust(e.Secret)
	return e
}

func (s *shop) endpoint(id string) (e endpoint) {
	s.Helper()
	s.ask("GET", "/v1/webhooks/"+id, nil).into(s, http.StatusOK, &e)
	return e
}

func (s *shop) posted(id string) []posted {
	s.Helper()
	var page struct{ Items []posted }
	s.ask("GET", "/v1/webhooks/"+id+"/deliveries?limit=100", nil).into(s, http.StatusOK, &page)
	return page.Items
}

func (w *world) event(at *receiversim.Server, kind string) receiversim.Event {
	w.Helper()
	e, err := at.WaitEvent(w.ctx(), receiversim.OfType(kind))
	if err != nil {
		w.Fatalf("no %s at the receiver: %v", kind, err)
	}
	return e
}

func TestEventsReachAnEndpoint(t *testing.T) { eachDatabase(t, eventsReachAnEndpoint) }

func eventsReachAnEndpoint(t *testing.T, on func(*app.Config)) {
	w, receivers := newReceivers(t, 1, on)
	at := receivers[0]
	shop := w.business("Shop")
	before := shop.begin(fields{"phone": "+77011234560", "channels": []string{"sms"}})
	shop.settled(before.ID, "sms:delivered")
	shop.cancel(before.ID)
	e := shop.addEndpoint(at, nil)
	v := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	code := w.waitSMS(goodPhone).Code()
	shop.check(v.ID, fields{"code": code})
	approved := w.event(at, "verification.approved")
	if approved.Data["verification_id"] != v.ID || approved.Mode != "live" || approved.Signers != 1 {
		t.Errorf("the receiver got %+v", approved)
	}
	w.event(at, "verification.started")
	var list struct{ Items []map[string]any }
	shop.ask("GET", "/v1/events", nil).into(shop, http.StatusOK, &list)
	for _, got := range at.Events() {
		var sent map[string]any
		w.must(json.Unmarshal(got.Body, &sent))
		if !slices.ContainsFunc(list.Items, func(kept map[string]any) bool { return reflect.DeepEqual(kept, sent) }) {
			t.Errorf("the receiver got %s, which is not in the list", got.Body)
		}
		if got.Data["verification_id"] == before.ID {
			t.Errorf("the receiver got %s of before the endpoint", got.Type)
		}
	}
	w.until("the log holds what arrived", func() bool {
		for _, p := range shop.posted(e.ID) {
			if p.EventID == approved.ID {
				return p.Status == "delivered" && p.Tries == 1 && p.ResponseStatus == 204 && p.Cause == "event"
			}
		}
		return false
	})
}

func TestEndpointsAreScoped(t *testing.T) {
	t.Parallel()
	w, receivers := newReceivers(t, 2)
	shop, neighbour := w.business("Shop"), w.business("Neighbour")
	e := shop.addEndpoint(receivers[0], fields{"types": []string{"verification.started"}, "description": "Orders"})
	neighbour.addEndpoint(receivers[1], nil)
	unknown := e.ID[:len(e.ID)-2] + "zz"
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"GET", "", nil},
		{"PATCH", "", fields{"description": "mine"}},
		{"DELETE", "", nil},
		{"POST", "/rotate", nil},
		{"POST", "/test", nil},
		{"POST", "/replay", fields{"from": "2026-01-01T00:00:00Z"}},
		{"GET", "/deliveries", nil},
	} {
		want := neighbour.ask(call.method, "/v1/webhooks/"+unknown+call.path, call.body)
		if want.status != 404 || want.code != "not_found" {
			t.Fatalf("%s%s of an unknown id: %d %s", call.method, call.path, want.status, want.body)
		}
		sameAnswer(t, call.method+call.path+" by another business", neighbour.ask(call.method, "/v1/webhooks/"+e.ID+call.path, call.body), want)
		sameAnswer(t, call.method+call.path+" by the test key", shop.askWith(shop.trial, call.method, "/v1/webhooks/"+e.ID+call.path, call.body), want)
	}
	shop.askWith(shop.trial, "POST", "/v1/verifications", fields{"phone": "+15005550001"})
	mine := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	theirs := neighbour.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	w.event(receivers[1], "verification.started")
	if got := w.event(receivers[0], "verification.started"); got.Data["verification_id"] != mine.ID {
		t.Errorf("the shop heard of %v", got.Data)
	}
	for i, id := range []string{mine.ID, theirs.ID} {
		for _, got := range receivers[i].Events() {
			if got.Data["verification_id"] != id || got.Mode != "live" || i == 0 && got.Type != "verification.started" {
				t.Errorf("receiver %d got %s %v", i, got.Type, got.Data)
			}
		}
	}
	if got := shop.endpoint(e.ID); got.Secret != "" || got.Status != "active" || got.URL != e.URL {
		t.Errorf("the endpoint is %+v", got)
	}
}

// F33, T29: what a receiver took whose answer was lost comes again under the
// same id.
func TestEventOfALostAnswerComesAgain(t *testing.T) {
	t.Parallel()
	w, receivers := newReceivers(t, 1)
	at := receivers[0]
	shop := w.business("Shop")
	e := shop.addEndpoint(at, fields{"types": []string{"verification.started"}})
	at.Fail(fault.Rule{Drop: fault.DropAfter})
	shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	again, err := at.WaitEvent(w.ctx(), func(e receiversim.Event) bool { return e.Repeated })
	w.must(err)
	if n := at.Taken(again.ID); n != 2 || at.Distinct() != 1 {
		t.Errorf("the event came %d times, among %d", n, at.Distinct())
	}
	w.until("the log tells of both tries", func() bool {
		all := shop.posted(e.ID)
		return len(all) == 1 && all[0].Tries == 2 && all[0].Status == "delivered"
	})
}

func TestReceiverThatIsGoneDisables(t *testing.T) {
	t.Parallel()
	w, receivers := newReceivers(t, 2)
	shop := w.business("Shop")
	shop.named(ownersPhone)
	gone, other := receivers[0], receivers[1]
	dead := shop.addEndpoint(gone, fields{"types": []string{"verification.started"}})
	shop.addEndpoint(other, fields{"types": []string{"webhook.disabled"}})
	gone.Fail(fault.Rule{Times: fault.Always, Status: http.StatusGone})
	v := shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	if got := w.event(other, "webhook.disabled"); got.Data["webhook_id"] != dead.ID || got.Data["reason"] != "gone" {
		t.Errorf("the business is told %v", got.Data)
	}
	m, err := w.sms.WaitSMS(w.ctx(), ownersPhone, func(smssim.SMS) bool { return true }) // the owner has no chat
	w.must(err)
	if !strings.Contains(m.Text, "127.0.0.1 gets no more events of Shop") || strings.Contains(m.Text, "/") {
		t.Errorf("the owner is told %q", m.Text)
	}
	if got := shop.endpoint(dead.ID); got.Status != "disabled" || got.StatusReason != "gone" {
		t.Errorf("the endpoint is %+v", got)
	}
	if a := shop.ask("POST", "/v1/webhooks/"+dead.ID+"/replay", fields{"from": "2026-01-01T00:00:00Z"}); a.status != 409 || a.code != "webhook_disabled" {
		t.Errorf("a replay to a disabled endpoint: %d %s", a.status, a.body)
	}
	missed := shop.begin(fields{"phone": "+77011234599", "channels": []string{"sms"}})
	gone.ClearFaults()
	var e endpoint
	shop.ask("PATCH", "/v1/webhooks/"+dead.ID, fields{"status": "active"}).into(shop, http.StatusOK, &e)
	for _, id := range []string{missed.ID, v.ID} { // the second was tried once, and comes after 5 s
		if _, err := gone.WaitEvent(w.ctx(), func(e receiversim.Event) bool { return e.Data["verification_id"] == id }); err != nil {
			t.Errorf("an endpoint that is active again misses %s: %v", id, err)
		}
	}
}

// T29: while the secret is being changed, both sign.
func TestT29RotationSignsTwice(t *testing.T) {
	t.Parallel()
	w, receivers := newReceivers(t, 1)
	at := receivers[0]
	shop := w.business("Shop")
	old := shop.addEndpoint(at, fields{"types": []string{"verification.started"}})
	path := "/v1/webhooks/" + old.ID + "/rotate"
	var rotated, again endpoint
	shop.ask("POST", path, nil, "Idempotency-Key", "one").into(shop, http.StatusOK, &rotated)
	shop.ask("POST", path, nil, "Idempotency-Key", "one").into(shop, http.StatusOK, &again)
	until, err := time.Parse(time.RFC3339, rotated.OldSecretUntil)
	w.must(err)
	if rotated.Secret == old.Secret || rotated.Secret == "" || again.Secret != "" || time.Until(until).Round(time.Hour) != 24*time.Hour {
		t.Errorf("rotated to %+v, then %+v", rotated, again)
	}
	at.Trust(old.Secret, rotated.Secret)
	shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	got := w.event(at, "verification.started")
	if n := len(strings.Fields(got.Header.Get("webhook-signature"))); got.Signers != 2 || n != 2 {
		t.Errorf("%d signatures, %d of which are good: %s", n, got.Signers, got.Header.Get("webhook-signature"))
	}
	shop.ask("POST", path, nil).into(shop, http.StatusOK, &again)
	at.Trust(old.Secret)
	var test posted
	shop.ask("POST", "/v1/webhooks/"+old.ID+"/test", nil).into(shop, http.StatusOK, &test)
	if test.Status != "failed" || test.ResponseStatus != 401 || test.Error["kind"] != "status" {
		t.Errorf("the secret of two changes ago still signs: %+v", test)
	}
}

func TestTestEvent(t *testing.T) {
	t.Parallel()
	w, receivers := newReceivers(t, 1)
	at := receivers[0]
	shop := w.business("Shop")
	e := shop.addEndpoint(at, fields{"types": []string{"verification.started"}})
	shop.ask("PATCH", "/v1/webhooks/"+e.ID, fields{"status": "disabled"})
	test := func() (p posted) {
		t.Helper()
		a := shop.ask("POST", "/v1/webhooks/"+e.ID+"/test", nil)
		a.into(shop, http.StatusOK, &p)
		if strings.Contains(string(a.body), "secret-of-the-receiver") {
			t.Errorf("what the receiver says is shown: %s", a.body)
		}
		return p
	}
	if p := test(); p.Status != "delivered" || p.ResponseStatus != 204 || p.EventType != "webhook.test" || p.Tries != 1 {
		t.Errorf("a test is %+v", p)
	}
	if got := w.event(at, "webhook.test"); got.Data["webhook_id"] != e.ID {
		t.Errorf("the receiver got %v", got.Data)
	}
	for _, c := range []struct {
		rule   fault.Rule
		kind   string
		status int
	}{
		{fault.Rule{Status: 500}, "status", 500},
		{fault.Rule{Status: 302}, "redirect", 302},
		{fault.Rule{Drop: fault.DropBefore}, "connect", 0},
		{fault.Rule{Status: 410}, "status", 410},
		{fault.Rule{Status: 429, RetryAfter: time.Minute}, "status", 429},
	} {
		at.Fail(c.rule)
		if p := test(); p.Status != "failed" || p.Error["kind"] != c.kind || p.Error["message"] == "" || p.ResponseStatus != c.status || p.NextTryAt != "" {
			t.Errorf("a test with %+v is %+v", c.rule, p)
		}
	}
	calls := at.CallCount()
	var once, twice posted
	shop.ask("POST", "/v1/webhooks/"+e.ID+"/test", nil, "Idempotency-Key", "one").into(shop, http.StatusOK, &once)
	shop.ask("POST", "/v1/webhooks/"+e.ID+"/test", nil, "Idempotency-Key", "one").into(shop, http.StatusOK, &twice)
	if !reflect.DeepEqual(once, twice) || at.CallCount() != calls+1 {
		t.Errorf("one key made %d tests: %+v and %+v", at.CallCount()-calls, once, twice)
	}
	if all := shop.posted(e.ID); len(all) != 7 || all[6].Status != "delivered" || all[0].Cause != "test" {
		t.Errorf("the log is %+v", all)
	}
	if a := shop.ask("GET", "/v1/events?types=webhook.test", nil); strings.Contains(string(a.body), "evt_") {
		t.Errorf("a test is in the list of events: %s", a.body)
	}
}

func TestReplay(t *testing.T) { eachDatabase(t, replay) }

func replay(t *testing.T, on func(*app.Config)) {
	w, receivers := newReceivers(t, 1, on, wide)
	at := receivers[0]
	shop := w.business("Shop")
	shop.moreKeys(3)
	shop.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	from := time.Now().UTC()
	const n = 130 // more than are unfolded at once
	ids := map[string]bool{}
	for range n {
		v := shop.begin(fields{"phone": "+77011110000", "channels": []string{"sms"}})
		shop.cancel(v.ID)
		ids[v.ID] = true
	}
	e := shop.addEndpoint(at, fields{"types": []string{"verification.canceled"}})
	path := "/v1/webhooks/" + e.ID + "/replay"
	a := shop.ask("POST", path, fields{"from": from.Format(time.RFC3339Nano)})
	if a.status != http.StatusAccepted {
		t.Fatalf("replay: %d %s", a.status, a.body)
	}
	w.must(at.WaitDistinct(w.ctx(), n))
	for _, got := range at.Events() {
		if !ids[got.Data["verification_id"]] || got.Type != "verification.canceled" {
			t.Errorf("a replay brings %s %v", got.Type, got.Data)
		}
	}
	one := at.Events()[7].ID
	var again struct {
		EventID string `json:"event_id"`
	}
	shop.ask("POST", path, fields{"event_id": one}, "Idempotency-Key", "once").into(shop, http.StatusAccepted, &again)
	shop.ask("POST", path, fields{"event_id": one}, "Idempotency-Key", "once").into(shop, http.StatusAccepted, &again)
	if _, err := at.WaitEvent(w.ctx(), func(e receiversim.Event) bool { return e.Repeated && e.ID == one }); err != nil || again.EventID != one {
		t.Errorf("one event again: %v", err)
	}
	w.until("the replay of one event is in the log", func() bool {
		newest := shop.posted(e.ID)[0]
		return newest.EventID == one && newest.Cause == "replay" && newest.Status == "delivered"
	})
	if got := at.Taken(one); got != 2 {
		t.Errorf("the event came %d times", got)
	}
}
