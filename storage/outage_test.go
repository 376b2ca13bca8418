package storage

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"otpravka/internal/pgtest"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// outageShop is the domain over PostgreSQL behind a proxy.
type outageShop struct {
	testing.TB
	db     *DB
	direct string // the database's URL past the proxy
	proxy  *pgtest.Proxy
	faults faults
	core   *otpcore.Core
	sms    *coretest.Sender
	by     otpcore.Caller
}

func newOutageShop(t testing.TB) *outageShop {
	t.Helper()
	direct := pgtest.URL(t)
	proxy := pgtest.NewProxy(t, direct)
	s := newOutageShopAt(t, proxy.URL)
	s.direct, s.proxy = direct, proxy
	return s
}

// newOutageShopAt is one without a proxy of its own.
func newOutageShopAt(t testing.TB, url string) *outageShop {
	t.Helper()
	s := &outageShop{TB: t}
	db, err := Open(t.Context(), Config{URL: url, Boot: "run_1", wrap: s.faults.wrap})
	if err != nil {
		t.Fatal(err)
	}
	s.db = db
	shop := &otpcore.Business{ID: otpcore.NewID(otpcore.PrefixBusiness, time.Now()), Name: "Shop", Settings: otpcore.Settings{Countries: []string{"KZ"}}}
	inWriter(t, db, func(tr *transaction) error { return tr.saveBusiness(shop) })
	carriers := coretest.NewCarriers(otpcore.SMS)
	s.sms = carriers.Of(otpcore.SMS)
	s.core = otpcore.New(otpcore.Config{
		Ledger: db, Reader: db, Vault: coretest.NewVault(), Carriers: carriers, Renderer: coretest.NewRenderer(),
		Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(), Boot: "run_1", Logger: slog.New(slog.DiscardHandler),
	})
	db.OnCommit(s.core.Committed)
	s.by = otpcore.Caller{Business: shop, Mode: otpcore.Live}
	t.Cleanup(func() {
		s.core.Dispatcher.Close(context.WithoutCancel(t.Context()))
		mustClose(t, db)
	})
	return s
}

func (s *outageShop) start(phone, key string) (otpcore.ID, error) {
	r, err := s.core.Verifications.Start(s.Context(), s.by, otpcore.StartRequest{
		Phone: phone, Idempotency: &otpcore.IdempotencyKey{Key: key, Fingerprint: [32]byte{1}},
	})
	if err != nil {
		return "", err
	}
	return r.Verification.ID, nil
}

// started starts a verification and returns its code.
func (s *outageShop) started(phone, key string) (otpcore.ID, string) {
	s.Helper()
	sent := len(s.sms.Sent())
	id, err := s.start(phone, key)
	if err != nil {
		s.Fatal(err)
	}
	return id, coretest.CodeIn(s.sms.Await(sent + 1)[sent])
}

// eventually repeats what may be refused while the connection is away.
func (s *outageShop) eventually(what string, try func() error) {
	s.Helper()
	over := time.After(30 * time.Second)
	for {
		err := try()
		if err == nil {
			return
		}
		if otpcore.KindOf(err) != otpcore.KindUnavailable {
			s.Fatalf("%s: %v", what, err)
		}
		select {
		case <-over:
			s.Fatalf("%s: still %v", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *outageShop) check(id otpcore.ID, code, key string) (otpcore.CheckResult, error) {
	return s.core.Verifications.Check(s.Context(), s.by, id, code, nil, &otpcore.IdempotencyKey{Key: key, Fingerprint: [32]byte{2}})
}

func TestIdleConnectionThatBrokeIsNotNoticed(t *testing.T) {
	s := newOutageShop(t)
	s.proxy.Cut()
	if _, err := s.start("+77010000001", "a"); err != nil {
		t.Errorf("the first start on a new connection: %v", err)
	}
}

func TestAwayDatabaseLosesNothing(t *testing.T) {
	s := newOutageShop(t)
	id, code := s.started("+77010000001", "a")
	s.proxy.Refuse(true)
	s.proxy.Cut()
	for n := range 20 {
		err := func() error { _, err := s.check(id, code, "c"); return err }()
		e, ok := errors.AsType[*otpcore.Error](err)
		if !ok || e.Kind != otpcore.KindUnavailable || e.RetryAfter <= 0 {
			t.Fatalf("check %d without a database: %v", n, err)
		}
	}
	if s.db.Ping(t.Context()) == nil {
		t.Error("it is ready without a database")
	}
	s.proxy.Refuse(false)
	var r otpcore.CheckResult
	s.eventually("check", func() (err error) { r, err = s.check(id, code, "c"); return err })
	if !r.Valid {
		t.Errorf("the right code after the outage: %+v", r)
	}
	if err := s.db.Ping(t.Context()); err != nil {
		t.Errorf("after the outage: %v", err)
	}
	var c *otpcore.Case
	s.eventually("read", func() (err error) {
		c, err = s.db.CaseOf(t.Context(), s.by.Business.ID, otpcore.Live, id)
		return err
	})
	if c.Verification.Attempts != 1 {
		t.Errorf("attempts %d, want only the one that was answered", c.Verification.Attempts)
	}
}

// TestAnswerOfACommitIsLost breaks the connection after COMMIT was done and
// before anybody learns of it.
func TestAnswerOfACommitIsLost(t *testing.T) {
	s := newOutageShop(t)
	unknown := false
	lose := func(do func() error) {
		t.Helper()
		s.faults.set(func(statement string) error {
			if statement == "COMMIT" {
				s.proxy.Mute(true)
			}
			return nil
		})
		err := do()
		s.faults.set(nil)
		s.proxy.Mute(false)
		if otpcore.KindOf(err) != otpcore.KindUnavailable {
			t.Fatalf("the outcome is not known, and the answer is %v", err)
		}
		// The commit may be somebody else's, before this one could begin.
		lost := strings.Contains(err.Error(), "commit:")
		if e, _ := errors.AsType[*otpcore.Error](err); lost != strings.Contains(e.Detail, "not known whether") || lost == strings.Contains(e.Detail, "Nothing happened") {
			t.Errorf("the answer to %v says %q", err, e.Detail)
		}
		unknown = unknown || lost
	}
	var id otpcore.ID
	lose(func() (err error) { _, err = s.start("+77010000001", "a"); return err })
	s.eventually("start", func() (err error) { id, err = s.start("+77010000001", "a"); return err })
	list, err := s.db.VerificationsOf(t.Context(), otpcore.PhoneQuery{
		BusinessID: s.by.Business.ID, Mode: otpcore.Live, Limit: 10, Phone: coretest.NewVault().Index("phone", "+77010000001"),
	})
	if err != nil || len(list) != 1 || list[0].ID != id {
		t.Fatalf("%d verifications, want the one that was stored: %v", len(list), err)
	}

	id, code := s.started("+77010000002", "b")
	lose(func() error { _, err := s.check(id, code, "c"); return err })
	var again otpcore.CheckResult
	s.eventually("check", func() (err error) { again, err = s.check(id, code, "c"); return err })
	if !again.Valid {
		t.Errorf("the same key after a lost answer: %+v", again)
	}
	other, err := s.check(id, code, "other")
	if err != nil || other.Reason != otpcore.ReasonAlreadyUsed {
		t.Errorf("another key: %+v, %v", other, err)
	}
	if !unknown {
		t.Error("no commit was lost, so nothing is shown")
	}
}

func TestSecondServerIsRefusedOnPostgres(t *testing.T) {
	url := pgtest.URL(t)
	db := mustOpen(t, url)
	if _, err := openAt(t, url); !errors.Is(err, errHeld) {
		t.Errorf("second open: %v", err)
	}
	mustClose(t, db)
	mustClose(t, mustOpen(t, url))
}

// TestLockIsTakenAgain lets another server in while the first one has lost its
// connection: from then on only the other one writes.
func TestLockIsTakenAgain(t *testing.T) {
	url := pgtest.URL(t)
	proxy := pgtest.NewProxy(t, url)
	first := mustOpen(t, proxy.URL)
	defer mustClose(t, first)
	proxy.Refuse(true)
	proxy.Cut()
	second := mustOpen(t, url)
	proxy.Refuse(false)
	save := func(db *DB) error {
		return db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.SetOffset("bot_1", 1) })
	}
	if err := save(first); otpcore.KindOf(err) != otpcore.KindUnavailable {
		t.Errorf("a write without the lock: %v", err)
	}
	if err := save(second); err != nil {
		t.Error(err)
	}
	mustClose(t, second)
	s := &outageShop{TB: t}
	s.eventually("write", func() error { return save(first) })
}
