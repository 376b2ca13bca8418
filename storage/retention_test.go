package storage

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/storage/storagetest"
)

func TestT48PersonalDataGoes(t *testing.T) { onBoth(t, storagetest.T48PersonalDataGoes) }

func TestT48ForgottenAtOnce(t *testing.T) { onBoth(t, storagetest.T48ForgottenAtOnce) }

// inBubbles runs a test over a new database of each kind, in a time of its own.
func inBubbles(t *testing.T, test func(*testing.T, *DB)) {
	t.Helper()
	onBoth(t, func(t *testing.T, newLab storagetest.NewLab) {
		lab := newLab(t) // a server is started outside of bubbles
		synctest.Test(t, func(t *testing.T) {
			test(t, openLab(t, func(testing.TB) storagetest.Lab { return lab }))
		})
	})
}

func purged(t testing.TB, db *DB) {
	t.Helper()
	if _, err := db.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func held(t testing.TB, db *DB, id otpcore.ID) bool {
	t.Helper()
	v, err := db.reader(t.Context()).verification(id)
	if err != nil {
		t.Fatal(err)
	}
	return v.Phone.Sealed != nil
}

// pendingCode begins a verification that lives for a while.
func pendingCode(t testing.TB, db *DB, life time.Duration) *otpcore.Verification {
	t.Helper()
	v := filled[otpcore.Verification](t)
	v.ID, v.Status, v.CreatedAt = otpcore.NewID(otpcore.PrefixVerification, db.Now()), otpcore.Pending, db.Now()
	v.ExpiresAt, v.EndedAt = db.Now().Add(life), time.Time{}
	inWriter(t, db, func(tr *transaction) error { return tr.tell(putVerification(v)) })
	return v
}

func expire(t testing.TB, db *DB, v *otpcore.Verification) {
	t.Helper()
	v.Status, v.EndedAt = otpcore.Expired, db.Now()
	inWriter(t, db, func(tr *transaction) error { return tr.tell(changeVerification(v)) })
}

// putMessage stores a message of a verification, with everything that one can
// tell of a person.
func putMessage(t testing.TB, db *DB, v *otpcore.Verification) *otpcore.Delivery {
	t.Helper()
	d := filled[otpcore.Delivery](t)
	d.ID, d.VerificationID = otpcore.NewID(otpcore.PrefixDelivery, db.Now()), v.ID
	d.QueuedAt, d.DueAt = db.Now(), time.Time{}
	inWriter(t, db, func(tr *transaction) error { return tr.tell(putDelivery(d)) })
	return d
}

// messageHeld names what a message still tells of its person.
func messageHeld(t testing.TB, db *DB, id otpcore.ID) string {
	t.Helper()
	d, err := db.reader(t.Context()).delivery(id)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for name, held := range map[string]bool{
		"target": d.Target != nil, "content": d.Content != nil, "message": d.MessageID != "", "link": d.LinkID != "", "error": d.Error != nil,
	} {
		if held {
			left = append(left, name)
		}
	}
	slices.Sort(left)
	return strings.Join(left, " ")
}

// A hand-over code lives longer than the first walks wait for it, and the second
// ones come for it.
func TestHandoverCodesKeepTheirPhoneAMonthLonger(t *testing.T) { inBubbles(t, handoverKept) }

func handoverKept(t *testing.T, db *DB) {
	const (
		day   = 24 * time.Hour
		whole = "content error link message target"
		names = "error link message"
	)
	handover := pendingCode(t, db, 14*day)
	message := putMessage(t, db, handover)
	begin := db.Now()
	for _, step := range []struct {
		at      time.Duration
		when    string
		phone   bool
		message string
	}{
		{5 * day, "while it is pending", true, whole},
		{14 * day, "at the end", true, whole},
		{17*day - time.Hour, "almost 3 days after the end", true, whole},
		{17*day + time.Hour, "3 days after the end", true, names},
		{31 * day, "a month after the start", true, names},
		{44*day - time.Hour, "almost a month after the end", true, names},
		{44*day + time.Hour, "a month after the end", false, ""},
	} {
		time.Sleep(begin.Add(step.at).Sub(db.Now()))
		if step.at == 14*day {
			expire(t, db, handover)
		}
		purged(t, db)
		if got := held(t, db, handover.ID); got != step.phone {
			t.Errorf("%s, the phone is held: %t", step.when, got)
		}
		if got := messageHeld(t, db, message.ID); got != step.message {
			t.Errorf("%s, the message has %q, want %q", step.when, got, step.message)
		}
	}
}

// While the program stood still, nothing ended.
func TestWhatEndsLateWasOverWhenItWasDue(t *testing.T) { inBubbles(t, lateEndsGo) }

func lateEndsGo(t *testing.T, db *DB) {
	late, stuck := pendingCode(t, db, 10*time.Minute), pendingCode(t, db, 10*time.Minute)
	time.Sleep(60 * 24 * time.Hour)
	expire(t, db, late)
	purged(t, db)
	if held(t, db, late.ID) {
		t.Error("after an outage, the phone is held")
	}
	if !held(t, db, stuck.ID) {
		t.Error("while it is pending, the phone is gone")
	}
}

// TestWalksSeek holds what the walks read and change to the same rule as the
// statements of requests.
func TestWalksSeek(t *testing.T) {
	db := openFile(t)
	for _, query := range []string{
		heldAddresses, takeAddresses, heldMessages, takeMessages, oldDeliveries, deleteDeliveries, oldVerifications, deleteVerifications,
		heldPersons, ripePersons, erasePerson, walkEvents, deleteEvents, lastKeptEvent, walkLinks, tracesOfDay, eraseMessages, countUnderWay,
	} {
		plan, err := all(db.reader(t.Context()), func(scan func(...any) error) (line string, err error) {
			var id, parent, unused int
			err = scan(&id, &parent, &unused, &line)
			return line, err
		}, "EXPLAIN QUERY PLAN "+query, make([]any, bytes.Count([]byte(query), []byte("$")))...)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for _, line := range plan {
			if len(line) > 4 && line[:4] == "SCAN" {
				t.Errorf("%s\nruns as %s", query, line)
			}
		}
	}
}

// TestT48FileHoldsNobody reads the file itself, as a thief would.
func TestT48FileHoldsNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "otpravka.db")
	var secrets [][]byte
	synctest.Test(t, func(t *testing.T) {
		db, err := Open(t.Context(), Config{URL: path, Boot: labOptions.Boot})
		if err != nil {
			t.Fatal(err)
		}
		secrets = storagetest.FillWithPersons(t, db)
		if err := checkpointed(t, db); err != nil {
			t.Fatal(err)
		}
		if n := inFile(t, path, secrets); n != len(secrets) {
			t.Errorf("the file holds %d of %d values before they are past their time", n, len(secrets))
		}
		time.Sleep(personKept + time.Hour)
		for range 3 { // the walk of links goes round
			purged(t, db)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	})
	vacuum(t, path)
	if n := inFile(t, path, secrets); n != 0 {
		t.Errorf("the file still holds %d of %d values", n, len(secrets))
	}
}

// checkpointed folds the log into the file.
func checkpointed(t testing.TB, db *DB) error {
	t.Helper()
	return checkpoint(t.Context(), db.writer.conn)
}

func vacuum(t testing.TB, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "VACUUM"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// inFile counts the values that stand in the file or beside it.
func inFile(t testing.TB, path string, values [][]byte) int {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	n := 0
	for _, value := range values {
		if bytes.Contains(all, value) {
			n++
		}
	}
	return n
}

// BenchmarkRetention strips verifications that are past their time, which must
// be faster than any machine starts them.
func BenchmarkRetention(b *testing.B) {
	db, err := Open(b.Context(), Config{URL: benchURL(b), Boot: labOptions.Boot})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	old := db.Now().Add(-personKept - time.Hour)
	for done := 0; done < b.N; {
		inWriter(b, db, func(tr *transaction) error {
			for range min(200, b.N-done) {
				done++
				if err := tr.tell(oldCase(done, old)...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	b.ResetTimer()
	rows, err := db.Purge(b.Context())
	if err != nil || rows < b.N {
		b.Fatalf("%d rows, %v", rows, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "verifications/s")
}

// oldCase is an approved verification with its message and two events.
func oldCase(n int, at time.Time) []write {
	v := &otpcore.Verification{
		ID: otpcore.NewID(otpcore.PrefixVerification, at), BusinessID: "biz_1", Mode: otpcore.Live, Status: otpcore.Approved,
		Phone:     otpcore.SealedPhone{Index: otpcore.Index{byte(n), byte(n >> 8), byte(n >> 16), 1}, Sealed: make([]byte, 56), Region: "KZ"},
		CreatedAt: at, ExpiresAt: at.Add(time.Minute), EndedAt: at, OrderID: fmt.Sprint(n),
	}
	d := &otpcore.Delivery{
		ID: otpcore.NewID(otpcore.PrefixDelivery, at), VerificationID: v.ID, BusinessID: v.BusinessID, Target: make([]byte, 50),
		MessageID: fmt.Sprint(n), QueuedAt: at, Status: otpcore.Sent,
	}
	list := []write{putVerification(v), putDelivery(d)}
	for range 2 {
		list = append(list, putEvent(&otpcore.Event{
			ID: otpcore.NewID(otpcore.PrefixEvent, at), BusinessID: v.BusinessID, Mode: otpcore.Live, Type: otpcore.EventVerificationStarted,
			VerificationID: v.ID, At: at,
		}))
	}
	return list
}
