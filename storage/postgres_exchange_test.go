package storage

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"otpravka/otpcore"
)

// attempts is how many guesses at the verification are stored.
func (s *outageShop) attempts(id otpcore.ID) int {
	s.Helper()
	c, err := s.db.CaseOf(s.Context(), s.by.Business.ID, otpcore.Live, id)
	if err != nil {
		s.Fatal(err)
	}
	return c.Verification.Attempts
}

const endByHand = `UPDATE verifications SET status = 'canceled', seed = NULL, wake_at = NULL`

// TestWriteThatTouchesNoRowStoresNothing ends a verification behind the
// server's back. The next check decides by what is remembered, and its COMMIT
// travels with its writes: nothing of it may be stored.
func TestWriteThatTouchesNoRowStoresNothing(t *testing.T) {
	s := newOutageShop(t)
	id, code := s.started("+77010000001", "a")
	behind(t, s.direct, endByHand)
	_, err := s.check(id, code, "c")
	if otpcore.KindOf(err) != otpcore.KindUnavailable || !errors.Is(err, errStaleVerification) {
		t.Fatalf("a check of what has ended: %v", err)
	}
	if n := s.attempts(id); n != 0 {
		t.Errorf("%d attempts are stored", n)
	}
	if r, err := s.check(id, code, "c"); err != nil || r.Reason != otpcore.ReasonCanceled {
		t.Errorf("the next check: %+v, %v", r, err)
	}
}

// behind executes a statement that the server does not know of.
func behind(t testing.TB, url, statement string) {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Exec(t.Context(), statement).Close(); err != nil {
		t.Error(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestF28SacrificedBatchRunsAgain(t *testing.T) {
	s := newOutageShop(t)
	phone := 0
	for _, state := range []string{deadlockDetected, serializationFailure} {
		for _, c := range []struct {
			at       string
			times    int
			answered bool
		}{{"WITH touched AS", 4, true}, {"COMMIT", 4, true}, {"WITH touched AS", 5, false}} {
			phone++
			key := fmt.Sprint(phone)
			id, code := s.started(fmt.Sprintf("+7701%07d", phone), key)
			runs := 0
			s.faults.set(func(statement string) error {
				if strings.HasPrefix(statement, c.at) {
					if runs++; runs <= c.times {
						return &pgconn.PgError{Code: state}
					}
				}
				return nil
			})
			r, err := s.check(id, code, key)
			s.faults.set(nil)
			want := 0
			if c.answered {
				want = 1
			}
			if n := s.attempts(id); r.Valid != c.answered || (err == nil) != c.answered || n != want {
				t.Errorf("%s %d times at %s: %+v, %v, %d attempts", state, c.times, c.at, r, err, n)
			}
		}
	}
}

// TestNewConnectionRemembersNothing lets another server approve a code while
// the connection of the one that sent it is broken.
func TestNewConnectionRemembersNothing(t *testing.T) {
	s := newOutageShop(t)
	id, code := s.started("+77010000001", "a")
	s.proxy.Refuse(true)
	s.proxy.Cut()
	other := mustOpen(t, s.direct)
	inWriter(t, other, func(tr *transaction) error {
		_, err := tr.exec(endByHand)
		return err
	})
	mustClose(t, other)
	s.proxy.Refuse(false)
	var r otpcore.CheckResult
	s.eventually("check", func() (err error) { r, err = s.check(id, code, "c"); return err })
	if r.Valid || r.Reason != otpcore.ReasonCanceled {
		t.Errorf("a check of what another server has canceled: %+v", r)
	}
}

// TestFullBatchReadsItsOwnRows asks for the rows of as many cases as a batch holds.
func TestFullBatchReadsItsOwnRows(t *testing.T) {
	s := newOutageShop(t)
	ids := make([]otpcore.ID, batchOps)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			var err error
			if ids[i], err = s.start(fmt.Sprintf("+7701%07d", i), fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	inWriter(t, s.db, func(tr *transaction) error { tr.memory.clear(); return nil })
	before := s.db.Stats().BatchMax
	hold, held := make(chan struct{}), make(chan struct{})
	all.Go(func() {
		_ = s.db.Write(t.Context(), func(otpcore.Tx) error { close(held); <-hold; return nil })
	})
	<-held
	errs := make(chan error, len(ids))
	for _, id := range ids {
		s.db.Submit(otpcore.Op{Ref: otpcore.Ref{Verification: id}, Decide: func(c *otpcore.Case) error {
			if c.Verification.ID != id || len(c.Deliveries) != 1 || c.Standing.Phone != c.Verification.Phone.Index {
				return fmt.Errorf("%s got the rows of another one", id)
			}
			return nil
		}}, func(err error) { errs <- err })
	}
	close(hold)
	for range ids {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	all.Wait()
	if after := s.db.Stats().BatchMax; after < batchOps {
		t.Errorf("batches of up to %d and %d ops, want one of %d", before, after, batchOps)
	}
}
