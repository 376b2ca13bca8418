package storage

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"otpravka/internal/pgtest"
	"otpravka/otpcore"
)

func (m *mover) copyRefused(words ...string) {
	m.Helper()
	_, err := m.transfer().Run(m.Context())
	said(m, err, words...)
}

// vacantTarget expects that nothing was made at the target.
func (m *mover) vacantTarget() {
	m.Helper()
	d, err := dialectOf(Config{URL: m.to})
	must(m, err)
	pool, err := d.connect(true)
	must(m, err)
	if err := d.find(m.Context(), pool); !errors.Is(err, ErrNone) {
		m.Errorf("something is at the target: %v", err)
	}
	must(m, pool.Close())
}

func TestCopyWithAnotherKeyWritesNothing(t *testing.T) {
	eachTarget(t, func(t *testing.T, m *mover) {
		before, err := os.ReadFile(m.from)
		must(t, err)
		wrong := m.transfer()
		wrong.Key = func(string) error { return errors.New("the source was sealed with key 1") }
		_, err = wrong.Run(t.Context())
		said(t, err, "sealed with key 1")
		m.vacantTarget()
		if after, err := os.ReadFile(m.from); err != nil || string(after) != string(before) {
			t.Errorf("the source was changed (%v)", err)
		}
	})
}

func TestCopyOverwritesNothing(t *testing.T) {
	eachTarget(t, func(t *testing.T, m *mover) {
		db := m.mustOpen(m.to)
		must(t, db.Write(t.Context(), func(x otpcore.Tx) error { return x.SaveBusiness(&otpcore.Business{ID: "biz_9", Name: "Taxi"}) }))
		mustClose(t, db)
		over := m.transfer()
		over.StartOver = true
		for _, tr := range []Transfer{m.transfer(), over} {
			_, err := tr.Run(t.Context())
			said(t, err, "holds data already", "businesses", "nothing is overwritten")
		}
		db = m.mustOpen(m.to)
		defer mustClose(t, db)
		if b, err := db.Business(t.Context(), "biz_9"); err != nil || b.Name != "Taxi" {
			t.Errorf("what was there is %+v (%v)", b, err)
		}
		mustClose(t, m.mustOpen(m.from)) // still the server's
	})
}

func TestCopyNeedsBothForItself(t *testing.T) {
	eachTarget(t, func(t *testing.T, m *mover) {
		running := m.mustOpen(m.from)
		m.copyRefused("another otpravka process uses "+m.from, "stop it")
		m.vacantTarget()
		mustClose(t, running)
		name, err := Name(m.to)
		must(t, err)
		running = m.mustOpen(m.to)
		m.copyRefused("another otpravka process uses "+name, "stop it")
		mustClose(t, running)
		m.mustMove(m.transfer())
	})
}

func TestCopyRefusesNewerSchemas(t *testing.T) {
	eachTarget(t, func(t *testing.T, m *mover) {
		newer := func(url string) {
			db := m.mustOpen(url)
			inWriter(t, db, func(tr *transaction) error {
				_, err := tr.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`)
				return err
			})
			mustClose(t, db)
		}
		name, err := Name(m.to)
		must(t, err)
		newer(m.to)
		m.copyRefused(name, "schema version 99")
		newer(m.from)
		m.copyRefused(m.from, "schema version 99")
	})
}

func TestCopyNeedsASource(t *testing.T) {
	m := &mover{TB: t, from: newFile(t), to: newFile(t)}
	m.copyRefused("there is no database at " + m.from)
	mustClose(t, mustOpen(t, m.from)) // without a key
	m.copyRefused("nothing to copy")
	m.vacantTarget()
	m.to = "sqlite://" + m.from
	m.copyRefused("one database")
	link := newFile(t)
	must(t, os.Symlink(m.from, link))
	m.to = link
	m.copyRefused("one database")
	m.to = "mysql://root@localhost/otp"
	m.copyRefused("the target", "sqlite:///path/file.db")
	m.to = "postgres:/root@localhost/otp"
	m.copyRefused("the target", "OTPRAVKA_COPY_TO", "postgres://user:password@host")
}

// A driver quotes the value that it does not take; an error of a copy does not.
func TestCopyErrorsHoldNoRow(t *testing.T) {
	const word = "a-word-of-a-row"
	m := newMover(t, newFile(t), newFile(t))
	m.inSource(`UPDATE events SET at = $1 WHERE seq = 2`, word)
	_, err := m.transfer().Run(t.Context())
	said(t, err, "copy events", "of another type")
	if strings.Contains(err.Error(), word) {
		t.Errorf("%q holds a value", err)
	}
	conn, err := pgx.Connect(t.Context(), pgtest.URL(t))
	must(t, err)
	_, err = conn.Exec(t.Context(), `SELECT CAST(CAST($1 AS TEXT) AS INTEGER)`, word)
	if err == nil || !strings.Contains(err.Error(), word) {
		t.Fatalf("PostgreSQL quotes no value: %v", err)
	}
	if text := withoutRows(err).Error(); text != "PostgreSQL answers SQLSTATE 22P02" {
		t.Errorf("the error is %q", text)
	}
	_, err = conn.Exec(t.Context(), `SELECT CAST($1 AS INTEGER)`, 5_000_000_000_001)
	if err == nil || !strings.Contains(err.Error(), "5000000000001") {
		t.Fatalf("the driver quotes no value: %v", err)
	}
	if text := withoutRows(err).Error(); text != "the driver refuses" {
		t.Errorf("the error is %q", text)
	}
	must(t, conn.Close(t.Context()))
}
