package storage

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// benchShop is the real domain over a fresh file, without sending anything.
func benchShop(b *testing.B) (*otpcore.Core, otpcore.Caller) {
	b.Helper()
	boot := otpcore.NewID(otpcore.PrefixBoot, time.Now())
	db, err := Open(b.Context(), Config{URL: filepath.Join(b.TempDir(), "bench.db"), Boot: boot})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	shop := &otpcore.Business{
		ID: otpcore.NewID(otpcore.PrefixBusiness, time.Now()), Name: "Shop", Settings: otpcore.Settings{Countries: []string{"KZ"}},
	}
	if err := db.Write(b.Context(), func(tx otpcore.Tx) error { return tx.SaveBusiness(shop) }); err != nil {
		b.Fatal(err)
	}
	core := otpcore.New(otpcore.Config{
		Ledger: db, Reader: db, Vault: coretest.NewVault(), Carriers: coretest.NewCarriers(otpcore.SMS),
		Renderer: coretest.NewRenderer(), Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(), Boot: boot,
		Logger: slog.New(slog.DiscardHandler),
	})
	return core, otpcore.Caller{Business: shop, Mode: otpcore.Live}
}

// callers runs do b.N times from n goroutines.
func callers(b *testing.B, n int, do func(i int)) {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for range n {
		all.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				do(int(i))
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func startOne(b *testing.B, core *otpcore.Core, by otpcore.Caller, i int) otpcore.ID {
	b.Helper()
	s, err := core.Verifications.Start(context.Background(), by, otpcore.StartRequest{Phone: fmt.Sprintf("+7701%08d", i)})
	if err != nil {
		b.Error(err)
		return ""
	}
	return s.Verification.ID
}

func BenchmarkStart(b *testing.B) {
	for _, n := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", n), func(b *testing.B) {
			core, by := benchShop(b)
			callers(b, n, func(i int) { startOne(b, core, by, i) })
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", n), func(b *testing.B) {
			core, by := benchShop(b)
			ids := make([]otpcore.ID, b.N+1)
			callers(b, 64, func(i int) { ids[i] = startOne(b, core, by, i) })
			callers(b, n, func(i int) {
				if _, err := core.Verifications.Check(context.Background(), by, ids[i], "000000", nil, nil); err != nil {
					b.Error(err)
				}
			})
		})
	}
}
