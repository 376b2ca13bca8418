package storage

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"otpravka/internal/pgtest"
	"otpravka/otpcore"
)

const secretWord = "hunter2-do-not-print"

// changed returns the URL with a password and one more change.
func changed(t testing.TB, base string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(u.User.Username(), secretWord)
	change(u)
	return u.String()
}

func TestOpenPostgresSaysWhatToDo(t *testing.T) {
	base := pgtest.URL(t)
	for _, c := range []struct {
		what, url, want string
	}{
		{"unknown role", changed(t, base, func(u *url.URL) { u.User = url.UserPassword("nobody_here", secretWord) }), `does not let "nobody_here" in`},
		{"unknown database", changed(t, base, func(u *url.URL) { u.Path = "/nothing" }), "CREATE DATABASE nothing OWNER"},
		{"unknown schema", pgtest.With(t, changed(t, base, func(*url.URL) {}), "search_path", "nothing"), "no schema of the search path exists"},
		{"nobody listens", changed(t, base, func(u *url.URL) { u.RawQuery, u.Host = "sslmode=disable", "127.0.0.1:1" }), "cannot be reached: start PostgreSQL"},
		{"no address", "postgres://user:" + secretWord + "@host:port%zz/db", "is no PostgreSQL address"},
		{"bare slash in the password", "postgres://user:x@" + secretWord + "/x@127.0.0.1:1/db", "is no PostgreSQL address"},
		{"bare hash in the password", "postgres://user:x@" + secretWord + "#x@127.0.0.1:1/db", "is no PostgreSQL address"},
		{"bare question mark in the password", "postgres://user:" + secretWord + "?x@127.0.0.1:1/db", "is no PostgreSQL address"},
		{"old server", pgtest.With(t, changed(t, base, func(*url.URL) {}), "unknown_setting", "1"), "or newer without a pooler"},
		{"no rights", pgtest.With(t, changed(t, base, func(*url.URL) {}), "search_path", "pg_catalog"), "may not do what is needed"},
	} {
		db, err := openAt(t, c.url)
		if err == nil {
			mustClose(t, db)
			t.Errorf("%s: opened", c.what)
			continue
		}
		text := err.Error()
		if !strings.Contains(text, c.want) || strings.Contains(text, "\n") || strings.Contains(text, secretWord) {
			t.Errorf("%s: %q does not say %q in one line without the password", c.what, text, c.want)
		}
	}
}

// What the first write of a start runs into is told to the operator, and not in the
// words that callers of the API get.
func TestOpenPostgresSaysWhyItCannotWrite(t *testing.T) {
	base := pgtest.URL(t)
	mustClose(t, mustOpen(t, base))
	_, err := openAt(t, pgtest.With(t, base, "default_transaction_read_only", "on"))
	if err == nil || !strings.Contains(err.Error(), "takes no writes: name the primary") || strings.Contains(err.Error(), "could not be stored") {
		t.Errorf("read-only: %v", err)
	}
}

func TestNewerSchemaIsRefusedOnPostgres(t *testing.T) {
	base := pgtest.URL(t)
	db := mustOpen(t, base)
	inWriter(t, db, func(tr *transaction) error {
		_, err := tr.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`)
		return err
	})
	mustClose(t, db)
	if _, err := openAt(t, base); err == nil || !strings.Contains(err.Error(), "schema version 99") {
		t.Errorf("open: %v", err)
	}
	if in, err := Inspect(t.Context(), base); err != nil || in.Closed == nil || !strings.Contains(in.Closed.Error(), "schema version 99") {
		t.Errorf("the doctor sees %v, %v", in.Closed, err)
	}
}

func TestNameHoldsNoPassword(t *testing.T) {
	db := mustOpen(t, changed(t, pgtest.URL(t), func(*url.URL) {}))
	defer mustClose(t, db)
	if name := db.Name(); strings.Contains(name, secretWord) || !strings.HasPrefix(name, "postgres://") {
		t.Errorf("name %q", name)
	}
}

// TestClockFollowsTheDatabase gives the clock a database that is an hour
// behind, and then an hour ahead, of the machine.
func TestClockFollowsTheDatabase(t *testing.T) {
	c := newClock(time.Time{})
	now := time.Now()
	first := c.Now()
	c.follow(sight{at: now, shown: now.Add(-time.Hour).Round(0)})
	second := c.Now()
	if second.Before(first) {
		t.Errorf("time fell from %s to %s", first, second)
	}
	if behind := c.follow(sight{at: now, shown: now.Add(time.Hour).Round(0)}); behind != -time.Hour {
		t.Errorf("the machine is ahead by %s, want -1h", behind)
	}
	if told := c.Now(); told.Sub(now) < time.Hour-time.Millisecond {
		t.Errorf("the clock tells %s, the database %s", told, now.Add(time.Hour))
	}
}

func TestPostgresLeadsTheClock(t *testing.T) {
	db := mustOpen(t, pgtest.URL(t))
	defer mustClose(t, db)
	if !db.writer.clock.leads() {
		t.Error("the database's clock is not looked at")
	}
	// The server runs on this machine, so both clocks are one.
	if apart := time.Until(db.Now()).Abs(); apart > 5*time.Second {
		t.Errorf("the clock is %s off", apart)
	}
}

// TestAnotherHistoryBeginsAnEpoch makes the database look like one that a
// standby has taken over, and like one that lost its last commits.
func TestAnotherHistoryBeginsAnEpoch(t *testing.T) {
	base := pgtest.URL(t)
	epoch := func(change string) int64 {
		t.Helper()
		db := mustOpen(t, base)
		defer mustClose(t, db)
		if change != "" {
			inWriter(t, db, func(tr *transaction) error {
				_, err := tr.exec(change)
				return err
			})
		}
		return db.writer.epoch.Load()
	}
	if first, again := epoch(""), epoch(`UPDATE meta SET value = '7/1' WHERE name = 'lineage'`); first != 1 || again != 1 {
		t.Errorf("epochs %d and %d of one history, want 1", first, again)
	}
	if taken, after := epoch(""), epoch(""); taken != 2 || after != 2 {
		t.Errorf("epochs %d and %d after a take-over, want 2", taken, after)
	}
}

func TestLostCommitsBeginAnEpoch(t *testing.T) {
	proxy := pgtest.NewProxy(t, pgtest.URL(t))
	db, err := Open(t.Context(), Config{URL: proxy.URL, Boot: "run_1", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, db)
	save := func() error {
		return db.Write(context.WithoutCancel(t.Context()), func(tx otpcore.Tx) error { return tx.SetOffset("bot_1", 1) })
	}
	if err := save(); err != nil {
		t.Fatal(err)
	}
	inWriter(t, db, func(tr *transaction) error { // and time stands still meanwhile, so the mark stays
		tr.wrote = false
		st, err := tr.stmt(tr.ctx, `UPDATE meta SET value = '1' WHERE name = 'high_water'`)
		if err == nil {
			_, err = st.ExecContext(tr.ctx)
		}
		return err
	})
	proxy.Cut()
	s := &outageShop{TB: t}
	s.eventually("write", save)
	if n := db.writer.epoch.Load(); n != 2 {
		t.Errorf("epoch %d after commits were lost, want 2", n)
	}
}

// TestAnyTextIsKept stores what a provider may have called its message.
func TestAnyTextIsKept(t *testing.T) {
	db := openLab(t, newPostgresLab)
	for _, name := range []string{"m\x00'; --", "m\xff"} {
		r := &otpcore.Receipt{Provider: "sms", MessageID: name, Status: otpcore.Delivered, At: db.Now()}
		inWriter(t, db, func(tr *transaction) error {
			if _, _, err := tr.findSent("sms", name); !errors.Is(err, otpcore.ErrNotFound) {
				t.Errorf("message %q: %v", name, err)
			}
			return tr.keepReceipt(r)
		})
		inWriter(t, db, func(tr *transaction) error {
			got, err := tr.takeReceipt("sms", name)
			if got == nil || got.Status != r.Status {
				t.Errorf("receipt of %q: %+v", name, got)
			}
			return err
		})
	}
}

// TestPendingOfAnotherHistoryEndAtOnce has a standby take over while a code is
// on its way.
func TestPendingOfAnotherHistoryEndAtOnce(t *testing.T) {
	s := newOutageShop(t)
	id, code := s.started("+77010000001", "a")
	behind(t, s.direct, `UPDATE meta SET value = '7/1' WHERE name = 'lineage'`)
	s.proxy.Cut()
	var r otpcore.CheckResult
	s.eventually("check", func() (err error) { r, err = s.check(id, code, "c"); return err })
	if r.Valid || r.Reason != otpcore.ReasonExpired {
		t.Errorf("a code of the old history: %+v", r)
	}
	waits, _ := s.started("+77010000002", "b")
	behind(t, s.direct, `UPDATE meta SET value = '7/2' WHERE name = 'lineage'`)
	s.proxy.Cut()
	s.eventually("write", func() error {
		return s.db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.SetOffset("bot_1", 1) })
	})
	var refs []otpcore.Ref
	s.eventually("read", func() (err error) { refs, _, err = s.db.Due(t.Context(), s.db.Now(), 10); return err })
	if !slices.Contains(refs, otpcore.Ref{Verification: waits}) {
		t.Errorf("due after a take-over: %+v", refs)
	}
}

func TestEpochIsBegunOnPostgres(t *testing.T) {
	s := newOutageShop(t)
	s.started("+77010000001", "a")
	if _, err := BeginEpoch(t.Context(), s.direct); !errors.Is(err, errHeld) {
		t.Errorf("beside a running server: %v", err)
	}
	mustClose(t, s.db)
	if e, err := BeginEpoch(t.Context(), s.direct); err != nil || e.Number != 2 || e.Ended != 1 {
		t.Errorf("epoch %+v, %v", e, err)
	}
}
