package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"

	"otpravka/internal/app"
)

// together runs fn n times at once and waits for all of them.
func together(n int, fn func(i int)) {
	gate := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-gate
			fn(i)
		})
	}
	close(gate)
	all.Wait()
}

func TestT41EqualStartsHaveOneEffect(t *testing.T) { eachDatabase(t, equalStartsHaveOneEffect) }

func equalStartsHaveOneEffect(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
	shop, neighbour := w.business("Shop"), w.business("Neighbour")
	const phone = "+77011234567"
	body := fields{"phone": phone, "channels": []string{"sms"}}
	answers := make([]answer, 50)
	errs := make([]error, len(answers))
	together(len(answers), func(i int) {
		answers[i], errs[i] = shop.do(shop.request("POST", "/v1/verifications", body, "Idempotency-Key", "order-7"), shop.keys[0])
	})
	w.must(errors.Join(errs...))
	var first verification
	answers[0].into(shop, http.StatusCreated, &first)
	for _, a := range answers {
		if a.status != http.StatusCreated || string(a.body) != string(answers[0].body) {
			t.Fatalf("equal requests were answered %s and %d %s", answers[0].body, a.status, a.body)
		}
	}
	other := fields{"phone": phone, "channels": []string{"sms"}, "ttl": 60}
	if a := shop.ask("POST", "/v1/verifications", other, "Idempotency-Key", "order-7"); a.status != 422 || a.code != "key_reused" {
		t.Errorf("the key with another body: %d %s", a.status, a.body)
	}
	w.waitSMS(phone)
	shop.settled(first.ID, "sms:delivered")
	if n := len(w.sms.Inbox(phone)); n != 1 {
		t.Errorf("%d messages for one start", n)
	}
	theirs := neighbour.begin(body, "Idempotency-Key", "order-7")
	if theirs.ID == first.ID {
		t.Error("another business got this business's verification")
	}
	w.stop()
	if n := len(w.sms.Inbox(phone)); n != 2 {
		t.Errorf("%d messages for the starts of two businesses", n)
	}
	w.start()
	if again := shop.begin(body, "Idempotency-Key", "order-7"); again.ID != first.ID {
		t.Error("the key is forgotten after a restart")
	}
}

func TestT42AnswerOfACheckIsRepeated(t *testing.T) { eachDatabase(t, answerOfACheckIsRepeated) }

func answerOfACheckIsRepeated(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
	shop := w.business("Shop")
	v := shop.begin(fields{"phone": "+77011234567", "channels": []string{"sms"}})
	right := fields{"code": w.waitSMS("+77011234567").Code()}
	w.loseAnswer(shop.request("POST", "/v1/verifications/"+v.ID+"/check", right, "Idempotency-Key", "first"), shop.keys[0])

	for range 2 {
		if c := shop.check(v.ID, right, "Idempotency-Key", "first"); !c.Valid || c.Status != "approved" {
			t.Errorf("the same key after a lost answer: %+v", c)
		}
	}
	if c := shop.check(v.ID, right, "Idempotency-Key", "second"); c.Valid || c.Reason != "already_used" {
		t.Errorf("another key: %+v", c)
	}
	if c := shop.check(v.ID, right); c.Valid || c.Reason != "already_used" {
		t.Errorf("no key: %+v", c)
	}
	if got := shop.get(v.ID); got.happened("verification.approved") != 1 {
		t.Errorf("approved %d times", got.happened("verification.approved"))
	}
	wrong := fields{"code": other(right["code"].(string))}
	if a := shop.ask("POST", "/v1/verifications/"+v.ID+"/check", wrong, "Idempotency-Key", "first"); a.status != 422 || a.code != "key_reused" {
		t.Errorf("the key with another code: %d %s", a.status, a.body)
	}
}

// loseAnswer sends the request and drops the connection once the answer's
// first byte is there.
func (w *world) loseAnswer(req *http.Request, key string) {
	w.Helper()
	req.Header.Set("Authorization", "Bearer "+key)
	conn := w.dial()
	w.must(req.Write(conn))
	_, err := io.ReadFull(conn, make([]byte, 1))
	w.must(err)
	w.must(conn.Close())
}

func TestClientsThatLeaveHarmNobody(t *testing.T) { eachDatabase(t, clientsThatLeaveHarmNobody) }

func clientsThatLeaveHarmNobody(t *testing.T, on func(*app.Config)) {
	w := newWorld(t, on)
	shop := w.business("Shop")
	const clients = 32 // three requests each stay within a key's burst
	phone := func(i int) string { return fmt.Sprintf("+77010000%03d", i) }
	body := func(i int) fields { return fields{"phone": phone(i), "channels": []string{"sms"}} }
	var lost atomic.Int64
	ids := make([]string, clients)
	together(clients, func(i int) {
		req := shop.request("POST", "/v1/verifications", body(i), "Idempotency-Key", fmt.Sprint("client-", i))
		if i%2 == 0 {
			// This client leaves when its request is on its way and no answer is
			// there: in the middle of a batch of the others, if ever.
			ctx, leave := context.WithCancel(req.Context())
			req = req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
				WroteRequest: func(httptrace.WroteRequestInfo) { leave() },
			}))
		}
		a, err := shop.do(req, shop.keys[0])
		var v verification
		if err != nil || json.Unmarshal(a.body, &v) != nil {
			lost.Add(1)
			return
		}
		ids[i] = v.ID
	})
	if lost.Load() == 0 {
		t.Fatal("no client has left")
	}
	for i, id := range ids {
		if i%2 == 1 && id == "" {
			t.Errorf("client %d stayed and got no answer", i)
		}
		again := shop.begin(body(i), "Idempotency-Key", fmt.Sprint("client-", i))
		if id != "" && again.ID != id {
			t.Errorf("client %d has two verifications", i)
		}
		code := w.waitSMS(phone(i)).Code()
		if c := shop.check(again.ID, fields{"code": code}); !c.Valid {
			t.Errorf("the code of client %d was refused: %s", i, c.Reason)
		}
	}
	w.stop()
	for i := range clients {
		if n := len(w.sms.Inbox(phone(i))); n != 1 {
			t.Errorf("client %d: %d messages", i, n)
		}
	}
}
