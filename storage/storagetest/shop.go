package storagetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// shop is the real domain over the engine under test, with two businesses and
// an SMS provider in memory.
type shop struct {
	t        *testing.T
	db       Engine
	core     *otpcore.Core
	vault    *coretest.Vault
	carriers *coretest.Carriers
	boot     otpcore.ID
	close    func()
}

// The businesses of every shop.
var (
	shopA = otpcore.Business{ID: businessID(1), Name: "Shop", Settings: otpcore.Settings{
		Countries: []string{"KZ"}, ReturnHosts: []string{"shop.example.com"}, LinkHosts: []string{"shop.example.com"},
	}, CreatedAt: time.UnixMilli(1).UTC()}
	shopB = otpcore.Business{ID: businessID(2), Name: "Taxi", Settings: otpcore.Settings{Countries: []string{"KZ"}}, CreatedAt: time.UnixMilli(2).UTC()}
)

func businessID(n byte) otpcore.ID {
	return otpcore.FormatID(otpcore.PrefixBusiness, [16]byte{6: 0x70, 8: 0x80, 15: n})
}

var (
	liveA = otpcore.Caller{Business: &shopA, Mode: otpcore.Live}
	testA = otpcore.Caller{Business: &shopA, Mode: otpcore.Test}
	liveB = otpcore.Caller{Business: &shopB, Mode: otpcore.Live}
	testB = otpcore.Caller{Business: &shopB, Mode: otpcore.Test}
)

// openShop opens the lab's database and the domain over it. It closes both at
// the end of the test, unless the test has done so.
func openShop(t *testing.T, lab Lab, channels ...otpcore.Channel) *shop {
	t.Helper()
	if len(channels) == 0 {
		channels = []otpcore.Channel{otpcore.SMS}
	}
	s := &shop{t: t, vault: coretest.NewVault(), carriers: coretest.NewCarriers(channels...), boot: newBoot()}
	s.db = lab.Open(t, Options{Boot: s.boot})
	s.core = otpcore.New(otpcore.Config{
		Ledger: s.db, Reader: s.db, Vault: s.vault, Carriers: s.carriers, Renderer: coretest.NewRenderer(),
		Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(), Boot: s.boot, Logger: slog.New(slog.DiscardHandler),
	})
	s.db.OnCommit(s.core.Committed)
	var closed atomic.Bool
	s.close = func() {
		if closed.CompareAndSwap(false, true) {
			s.core.Dispatcher.Close(context.WithoutCancel(t.Context()))
			must(t, s.db.Close())
		}
	}
	t.Cleanup(s.close)
	s.write(func(tx otpcore.Tx) error {
		return errors.Join(tx.SaveBusiness(&shopA), tx.SaveBusiness(&shopB))
	})
	return s
}

func newBoot() otpcore.ID { return otpcore.NewID(otpcore.PrefixBoot, time.Now()) }

func (s *shop) write(fn func(otpcore.Tx) error) {
	s.t.Helper()
	must(s.t, s.db.Write(s.t.Context(), fn))
}

// start begins a live verification at shop A.
func (s *shop) start(phone string) otpcore.ID {
	s.t.Helper()
	return s.startBy(liveA, otpcore.StartRequest{Phone: phone})
}

func (s *shop) startBy(by otpcore.Caller, r otpcore.StartRequest) otpcore.ID {
	s.t.Helper()
	started, err := s.core.Verifications.Start(s.t.Context(), by, r)
	if err != nil {
		s.t.Fatalf("start for %s: %v", r.Phone, err)
	}
	return started.Verification.ID
}

// code reads the code where a person would, in the message.
func (s *shop) code(by otpcore.Caller, id otpcore.ID) string {
	s.t.Helper()
	dlv := s.caseOf(by, id).Deliveries[0].ID
	for n := 1; ; n++ {
		for _, o := range s.carriers.Of(otpcore.SMS).Await(n) {
			if o.DeliveryID == dlv {
				return coretest.CodeIn(o)
			}
		}
	}
}

func (s *shop) caseOf(by otpcore.Caller, id otpcore.ID) *otpcore.Case {
	s.t.Helper()
	c, err := s.db.CaseOf(s.t.Context(), by.Business.ID, by.Mode, id)
	if err != nil {
		s.t.Fatalf("case of %s: %v", id, err)
	}
	return c
}

func (s *shop) check(id otpcore.ID, code string) otpcore.CheckResult {
	s.t.Helper()
	r, err := s.core.Verifications.Check(s.t.Context(), liveA, id, code, nil, nil)
	if err != nil {
		s.t.Fatalf("check of %s: %v", id, err)
	}
	return r
}

// wrong is a code of the right form that is not the given one.
func wrong(code string) string {
	return string('0'+(code[0]-'0'+1)%10) + code[1:]
}

// phoneOf gives every test number a phone of its own.
func phoneOf(n int) string { return fmt.Sprintf("+7701%07d", n) }

// phoneIndex is the blind index that the domain files the phone under.
func (s *shop) phoneIndex(phone string) otpcore.Index { return s.vault.Index("phone", phone) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, err error, kind otpcore.Kind) {
	t.Helper()
	if got := otpcore.KindOf(err); got != kind {
		t.Fatalf("error %v is of kind %q, want %q", err, got, kind)
	}
}
