package storage

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"otpravka/internal/pgtest"
	"otpravka/otpcore"
)

// caughtUp waits until the standby shows what the row of meta is on the primary.
func caughtUp(t testing.TB, pair *pgtest.Pair, mark int64) {
	t.Helper()
	for over := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		conn, err := pgx.Connect(t.Context(), pair.Standby())
		if err != nil {
			t.Fatal(err)
		}
		var seen int64
		err = conn.QueryRow(t.Context(), `SELECT value::bigint FROM meta WHERE name = 'high_water'`).Scan(&seen)
		if closeErr := conn.Close(t.Context()); closeErr != nil {
			t.Fatal(closeErr)
		}
		if err == nil && seen >= mark {
			return
		}
		if time.Now().After(over) {
			t.Fatalf("the standby does not follow: %d of %d, %v", seen, mark, err)
		}
	}
}

// mark is the high-water mark of what was committed.
func (s *outageShop) mark() (mark int64) {
	s.Helper()
	inWriter(s, s.db, func(tr *transaction) (err error) {
		mark, err = metaNumber(&tr.session, "high_water")
		return err
	})
	return mark
}

// TestF26StandbyTakesOver guesses at a code while the standby does not follow.
// It takes over without those guesses, so it would let the code be guessed at
// as often again.
func TestF26StandbyTakesOver(t *testing.T) {
	pair := pgtest.NewPair(t)
	s := newOutageShopAt(t, pair.URL)
	id, code := s.started("+77010000001", "a")
	quiet, quietCode := s.started("+77010000002", "b")
	caughtUp(t, pair, s.mark())
	pair.StopStandby()
	wrong := string('0'+(code[0]-'0'+1)%10) + code[1:]
	for n := range 4 {
		if r, err := s.check(id, wrong, fmt.Sprint("wrong", n)); err != nil || r.Reason != otpcore.ReasonInvalidCode {
			t.Fatalf("a wrong guess: %+v, %v", r, err)
		}
	}
	pair.LosePrimary()
	pair.StartStandby()
	if _, err := s.check(id, code, "c"); otpcore.KindOf(err) != otpcore.KindUnavailable {
		t.Errorf("a check while there is only a standby: %v", err)
	}
	pair.Promote()
	for _, old := range []struct {
		id   otpcore.ID
		code string
	}{{id, code}, {quiet, quietCode}} {
		var r otpcore.CheckResult
		s.eventually("check", func() (err error) { r, err = s.check(old.id, old.code, "c-"+string(old.id)); return err })
		if r.Valid || r.Reason != otpcore.ReasonExpired {
			t.Errorf("a code of before the take-over: %+v", r)
		}
	}
	if n := s.db.writer.epoch.Load(); n != 2 {
		t.Errorf("epoch %d after a take-over, want 2", n)
	}
	fresh, code := s.started("+77010000003", "d")
	if r, err := s.check(fresh, code, "e"); err != nil || !r.Valid {
		t.Errorf("a code of after the take-over: %+v, %v", r, err)
	}
}

// TestF26TimelineIsSeenAtOnce opens what a standby has taken over a moment ago,
// with nothing lost, by a process that remembers nothing: only the timeline
// tells.
func TestF26TimelineIsSeenAtOnce(t *testing.T) {
	pair := pgtest.NewPair(t)
	s := newOutageShopAt(t, pair.URL)
	id, code := s.started("+77010000001", "a")
	s.core.Dispatcher.Close(t.Context())
	mark := s.mark()
	mustClose(t, s.db)
	caughtUp(t, pair, mark)
	pair.LosePrimary()
	pair.Promote()
	again := newOutageShopAt(t, pair.URL)
	again.by = s.by
	if n := again.db.writer.epoch.Load(); n != 2 {
		t.Errorf("epoch %d after a take-over, want 2", n)
	}
	if r, err := again.check(id, code, "c"); err != nil || r.Valid || r.Reason != otpcore.ReasonExpired {
		t.Errorf("a code of before the take-over: %+v, %v", r, err)
	}
}

// TestF25RestoredDumpReplaysNoCode puts a dump back into the cluster that it is of,
// whose identifier and timeline stay what they were.
func TestF25RestoredDumpReplaysNoCode(t *testing.T) {
	url := pgtest.URL(t)
	s := newOutageShopAt(t, url)
	id, code := s.started("+77010000001", "a")
	reopen := func() {
		s.core.Dispatcher.Close(t.Context())
		mustClose(t, s.db)
		by := s.by
		s = newOutageShopAt(t, url)
		s.by = by
	}
	inPostgres(t, url, `UPDATE meta SET value = regexp_replace(value, '/[^/]*$', '') WHERE name = 'lineage'`) // as older versions wrote it
	reopen()
	if n := s.db.writer.epoch.Load(); n != 1 {
		t.Errorf("epoch %d after a start without a restore, want 1", n)
	}
	// A restore makes the tables anew.
	inPostgres(t, url, `ALTER TABLE meta RENAME TO dumped; CREATE TABLE meta (LIKE dumped INCLUDING ALL); INSERT INTO meta SELECT * FROM dumped; DROP TABLE dumped`)
	reopen()
	if n := s.db.writer.epoch.Load(); n != 2 {
		t.Errorf("epoch %d after a restore, want 2", n)
	}
	if r, err := s.check(id, code, "c"); err != nil || r.Valid || r.Reason != otpcore.ReasonExpired {
		t.Errorf("a code of before the restore: %+v, %v", r, err)
	}
	reopen()
	if n := s.db.writer.epoch.Load(); n != 2 {
		t.Errorf("epoch %d after a start that followed, want 2", n)
	}
}

// inPostgres runs statements behind the server's back.
func inPostgres(t testing.TB, url, statements string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}
