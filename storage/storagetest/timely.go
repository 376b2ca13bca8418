package storagetest

import (
	"errors"
	"testing"
	"time"

	"otpravka/otpcore"
)

// timely are the promises about what is due, and what is over.
var timely = []promise{
	{name: "time is told in whole milliseconds of UTC and goes on", test: clockGoesOn},
	{name: "what is due is found, oldest first and each case once", test: dueFound},
	{name: "an idempotency key is forgotten after its time", test: onceForgotten},
	{name: "the purge takes what is past its time and nothing else", test: purgeTakes},
	{name: "the purge takes idle standings only", test: purgeStandings},
}

func clockGoesOn(t *testing.T, lab Lab) {
	db := open(t, lab)
	time.Sleep(1500 * time.Microsecond)
	first := db.Now()
	equal(t, "now", first, time.Now().UTC().Truncate(time.Millisecond))
	time.Sleep(time.Hour)
	equal(t, "elapsed", db.Now().Sub(first), time.Hour)
	write(t, db, func(tx otpcore.Tx) error {
		equal(t, "a transaction's time", tx.Now(), db.Now())
		return nil
	})
}

func dueFound(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	s.db.OnCommit(func(*otpcore.Case) {}) // nothing is ever sent
	look := func(limit int) ([]otpcore.Ref, time.Duration) {
		t.Helper()
		refs, next, err := s.db.Due(t.Context(), s.db.Now(), limit)
		must(t, err)
		if next.IsZero() {
			return refs, -1
		}
		return refs, next.Sub(s.db.Now())
	}
	refs, next := look(10)
	equal(t, "due before any start", len(refs), 0)
	equal(t, "next", next, time.Duration(-1))

	a := s.startBy(liveA, otpcore.StartRequest{Phone: phoneOf(1), Channels: []otpcore.Channel{otpcore.SMS}})
	time.Sleep(time.Second)
	b := s.startBy(liveA, otpcore.StartRequest{Phone: phoneOf(2), Channels: []otpcore.Channel{otpcore.SMS}})
	refs, next = look(10)
	equal(t, "due at once", len(refs), 0)
	equal(t, "next is the end of the first lease", next, 14*time.Second)

	time.Sleep(5 * time.Minute) // both the leases and the codes are over
	refs, next = look(10)
	equal(t, "due", refs, []otpcore.Ref{{Verification: a}, {Verification: b}})
	equal(t, "next", next, time.Duration(-1))
	refs, _ = look(1)
	equal(t, "due with a limit", refs, []otpcore.Ref{{Verification: a}})

	s.check(a, "000000") // expires it; its delivery is still leased
	refs, _ = look(10)
	equal(t, "due", refs, []otpcore.Ref{{Verification: a}, {Verification: b}})
}

func onceForgotten(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	must(t, s.db.Do(t.Context(), remembering(s, s.start(phoneOf(1)), "k")))
	time.Sleep(time.Hour - time.Second)
	equal(t, "remembered within its time", s.remembers("k"), true)
	time.Sleep(time.Second)
	equal(t, "remembered after its time", s.remembers("k"), false)
	must(t, s.db.Do(t.Context(), remembering(s, s.start(phoneOf(2)), "k")))
	equal(t, "remembered anew", s.remembers("k"), true)
}

func purgeTakes(t *testing.T, lab Lab) {
	db := open(t, lab)
	id := bot(1).ID
	const updates = 450 // several batches
	fill := func(tx otpcore.Tx) error {
		var err error
		for n := range int64(updates) {
			_, seen := tx.FirstSight(id, n)
			err = errors.Join(err, seen)
		}
		_, used := tx.UseToken("lnk_1")
		return errors.Join(err, used,
			tx.KeepReceipt(otpcore.Receipt{Provider: "sms", MessageID: "m1", Status: otpcore.Delivered}),
			tx.SaveSession(&otpcore.LinkSession{BotID: id, Chat: index(1), ExpiresAt: tx.Now().Add(time.Hour)}),
			tx.Remember(businessID(1), otpcore.Live, otpcore.Once{Route: "r", Key: "k", Keep: 24 * time.Hour}, otpcore.Remembered{Result: []byte("1")}))
	}
	write(t, db, fill)
	for _, step := range []struct {
		after time.Duration
		rows  int
	}{
		{0, 0},
		{14 * time.Minute, 0},
		{time.Minute, 1},      // the receipt
		{45 * time.Minute, 1}, // the session
		{22*time.Hour + 59*time.Minute, 0},
		{time.Minute, 1}, // the idempotency record
		{23*time.Hour + 59*time.Minute, 0},
		{time.Minute, updates},
		{5 * 24 * time.Hour, 0},
		{24 * time.Hour, 1}, // the token
		{24 * time.Hour, 0},
	} {
		time.Sleep(step.after)
		rows, err := db.Purge(t.Context())
		must(t, err)
		if rows != step.rows {
			t.Fatalf("purged %d rows %s after the last purge, want %d", rows, step.after, step.rows)
		}
	}
}

func purgeStandings(t *testing.T, lab Lab) {
	db := open(t, lab)
	now := db.Now()
	idle := func(n int) *otpcore.Standing {
		return &otpcore.Standing{
			BusinessID: businessID(1), Phone: otpcore.Index{byte(n), byte(n >> 8)}, Failures: []time.Time{now},
		}
	}
	busy := &otpcore.Standing{BusinessID: businessID(2), Phone: index(1), Consecutive: 3, Failures: []time.Time{now}}
	const phones = 450
	for first := 0; first < phones; first += 150 {
		write(t, db, func(tx otpcore.Tx) error {
			err := tx.SaveStanding(busy)
			for n := first; n < first+150; n++ {
				err = errors.Join(err, tx.SaveStanding(idle(n)))
			}
			return err
		})
	}
	for _, step := range []struct {
		after time.Duration
		rows  int
	}{{23 * time.Hour, 0}, {2 * time.Hour, phones}, {0, 0}} {
		time.Sleep(step.after)
		rows, err := db.Purge(t.Context())
		must(t, err)
		equal(t, "purged", rows, step.rows)
	}
	got, err := db.StandingOf(t.Context(), busy.BusinessID, busy.Phone)
	must(t, err)
	equal(t, "busy standing", got, busy)
}
