package storage

import (
	"context"
	"errors"
	"testing"

	"otpravka/internal/pgtest"
)

// eachTarget runs a test with a source of SQLite and a target of each kind.
func eachTarget(t *testing.T, test func(*testing.T, *mover)) {
	t.Helper()
	for name, target := range map[string]func(testing.TB) string{"sqlite": newFile, "postgres": pgtest.URL} {
		t.Run(name, func(t *testing.T) { test(t, newMover(t, newFile(t), target(t))) })
	}
}

// stopAfter runs the transfer until it has copied n batches.
func (m *mover) stopAfter(n int) (Transferred, int, error) {
	m.Helper()
	ctx, stop := context.WithCancel(m.Context())
	defer stop()
	t, told := m.transfer(), 0
	t.Told = func(p Progress) {
		if p.Checking {
			return // that begins again each time
		}
		if told++; told == n {
			stop()
		}
	}
	done, err := t.Run(ctx)
	return done, told, err
}

func TestCopyGoesOnWhereItStopped(t *testing.T) {
	eachTarget(t, func(t *testing.T, m *mover) {
		_, told, err := m.stopAfter(1)
		copied, stops := told, 1
		for ; err != nil; stops++ {
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			said(t, err, "run the same command again")
			m.refused(m.to, "unfinished copy of "+m.from, "otpravka copy")
			var done Transferred
			done, told, err = m.stopAfter(3)
			if !done.Resumed {
				t.Error("the copy began again")
			}
			copied += told
			if stops > 1000 {
				t.Fatal("the copy never ends")
			}
		}
		if stops < 10 {
			t.Errorf("it was stopped %d times only, after %d batches", stops, copied)
		}
		m.goesOn()
	})
}

// The move is done in two databases, one after the other. When it ends between
// them, no server starts on either, and the next run finishes it.
func TestCopyEndsBetweenTheTwo(t *testing.T) {
	eachTarget(t, func(t *testing.T, m *mover) {
		ctx, stop := context.WithCancel(t.Context())
		last := m.transfer()
		last.Told = func(p Progress) {
			if p.Checking && p.Table == "kept_receipts" {
				stop()
			}
		}
		if _, err := last.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		name, err := Name(m.to)
		must(t, err)
		m.inSource(saveMeta, movedMeta, name)
		m.refused(m.from, "was moved to")
		m.refused(m.to, "unfinished copy of")
		if done := m.mustMove(m.transfer()); !done.Resumed {
			t.Error("the copy began again")
		}
		m.refused(m.from, "was moved to")
		m.goesOn()
	})
}

// inSource changes the source behind everybody's back.
func (m *mover) inSource(query string, args ...any) { m.behind(m.from, query, args...) }

// behind changes a SQLite database behind everybody's back.
func (m *mover) behind(path, query string, args ...any) {
	m.Helper()
	pool, err := connectSQLite(path, false, 1, nil)
	must(m, err)
	_, err = pool.Exec(query, args...)
	must(m, errors.Join(err, pool.Close()))
}

func TestCopyNoticesAnotherServer(t *testing.T) {
	for name, query := range map[string]string{
		"differ": `UPDATE businesses SET name = 'Shop of somebody else'`,
		"became": `DELETE FROM inbox WHERE update_id = 4`,
	} {
		m := newMover(t, newFile(t), newFile(t))
		meddled := m.transfer()
		meddled.Told = func(p Progress) {
			if p.Checking && p.Table == "boots" {
				m.behind(m.to, query)
			}
		}
		_, err := meddled.Run(t.Context())
		said(t, err, name, "--start-over")
		m.refused(m.to, "unfinished copy")
		again := m.transfer()
		if _, err := again.Run(t.Context()); err == nil {
			t.Error("the target is taken as it is")
		}
		again.StartOver = true
		if done := m.mustMove(again); done.Resumed {
			t.Error("it did not start over")
		}
		m.goesOn()
	}
}

func TestCopyNoticesAnOtherSource(t *testing.T) {
	eachTarget(t, func(t *testing.T, m *mover) {
		if _, _, err := m.stopAfter(5); err == nil {
			t.Fatal("it was not stopped")
		}
		mustClose(t, m.mustOpen(m.from)) // a server ran
		_, err := m.transfer().Run(t.Context())
		said(t, err, "was in use since", "--start-over")
		other := newMover(t, newFile(t), m.to)
		_, err = other.transfer().Run(t.Context())
		said(t, err, "unfinished copy of "+m.from)
		back := m.transfer()
		back.From, back.To = m.to, newFile(t)
		_, err = back.Run(t.Context())
		said(t, err, "unfinished copy of "+m.from+" itself")
		again := m.transfer()
		again.StartOver = true
		m.mustMove(again)
		m.goesOn()
	})
}
