package storagetest

import (
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
)

// restart are the promises to a process that comes after another one.
var restart = []promise{
	{name: "everything answered is there again", test: answeredStays},
	{name: "leases of another process are void at once, in any number", test: leasesVoid},
	{name: "leases of this process are not", test: ownLeasesStay},
	{name: "time never falls below what was stored", test: markRestored, bubbles: true},
}

func answeredStays(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	id := s.start(phoneOf(1))
	code := s.code(liveA, id)
	s.check(id, wrong(code))
	synctest.Wait()
	before, err := s.db.Timeline(t.Context(), id)
	must(t, err)
	c := s.caseOf(liveA, id)
	s.close()

	s = openShop(t, lab)
	again := s.caseOf(liveA, id)
	equal(t, "verification", *again.Verification, *c.Verification)
	equal(t, "deliveries", again.Deliveries, c.Deliveries)
	equal(t, "standing", *again.Standing, *c.Standing)
	after, err := s.db.Timeline(t.Context(), id)
	must(t, err)
	equal(t, "timeline", after, before)
	equal(t, "valid", s.check(id, code).Valid, true)
}

func leasesVoid(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	s.db.OnCommit(func(*otpcore.Case) {}) // the process dies before it sends
	const started = 450                   // more than one statement may touch
	ids := make(map[otpcore.Ref]bool)
	for n := range started {
		ids[otpcore.Ref{Verification: s.start(phoneOf(n))}] = true
	}
	refs, next, err := s.db.Due(t.Context(), s.db.Now(), started)
	must(t, err)
	equal(t, "due in the first process", len(refs), 0)
	if next.IsZero() {
		t.Fatal("no lease ends")
	}
	s.close()

	s = openShop(t, lab)
	refs, _, err = s.db.Due(t.Context(), s.db.Now(), started+1)
	must(t, err)
	for _, ref := range refs {
		delete(ids, ref)
	}
	equal(t, "leases that are still held", len(ids), 0)
	dlv := s.caseOf(liveA, refs[0].Verification).Deliveries[0]
	equal(t, "status", dlv.Status, otpcore.Sending)
	if dlv.BootID == s.boot {
		t.Error("the lease went over to a process that knows nothing of it")
	}
}

func ownLeasesStay(t *testing.T, lab Lab) {
	s := openShop(t, lab)
	s.db.OnCommit(func(*otpcore.Case) {})
	id := s.start(phoneOf(1))
	due := s.caseOf(liveA, id).Deliveries[0].DueAt
	boot := s.boot
	s.close()
	db := lab.Open(t, Options{Boot: boot})
	defer func() { must(t, db.Close()) }()
	c, err := db.CaseOf(t.Context(), shopA.ID, otpcore.Live, id)
	must(t, err)
	equal(t, "lease", c.Deliveries[0].DueAt, due)
}

// markRestored stores something an hour ahead of the time at which the second
// bubble, like each one, begins.
func markRestored(t *testing.T, lab Lab) {
	var created, told time.Time
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, lab)
		time.Sleep(time.Hour)
		created = s.caseOf(liveA, s.start(phoneOf(1))).Verification.CreatedAt
	})
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, lab)
		if told = s.db.Now(); told.Before(created) {
			t.Fatalf("time fell from %s to %s", created, told)
		}
		time.Sleep(time.Minute)
		if !s.db.Now().After(told) {
			t.Error("time stands still while the machine's clock is behind")
		}
		time.Sleep(24 * time.Hour)
		equal(t, "now", s.db.Now(), time.Now().UTC().Truncate(time.Millisecond))
	})
}
