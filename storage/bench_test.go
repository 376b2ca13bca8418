package storage

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"otpravka/internal/pgtest"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// benchURL is a fresh file, or a schema of the PostgreSQL that the environment
// names: one that a test starts for itself does not sync, and would flatter.
func benchURL(b *testing.B) string {
	b.Helper()
	if os.Getenv(pgtest.EnvVar) != "" {
		return pgtest.URL(b)
	}
	return filepath.Join(b.TempDir(), "bench.db")
}

// benchShop is the real domain over a fresh file, without sending anything
// unless the benchmark hands it the commits.
func benchShop(b *testing.B, carriers *coretest.Carriers) (*otpcore.Core, otpcore.Caller, *DB) {
	b.Helper()
	boot := otpcore.NewID(otpcore.PrefixBoot, time.Now())
	db, err := Open(b.Context(), Config{URL: benchURL(b), Boot: boot})
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
		Ledger: db, Reader: db, Vault: coretest.NewVault(), Carriers: carriers,
		Renderer: coretest.NewRenderer(), Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(), Boot: boot,
		Logger: slog.New(slog.DiscardHandler),
	})
	return core, otpcore.Caller{Business: shop, Mode: otpcore.Live}, db
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
			core, by, _ := benchShop(b, coretest.NewCarriers(otpcore.SMS))
			callers(b, n, func(i int) { startOne(b, core, by, i) })
		})
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", n), func(b *testing.B) {
			core, by, _ := benchShop(b, coretest.NewCarriers(otpcore.SMS))
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

// BenchmarkCycle is what a user costs the storage: a start, the record of its
// message's sending, and the check of the right code, each committed. The
// provider answers at once, so a check often overtakes the record.
func BenchmarkCycle(b *testing.B) {
	for _, n := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", n), func(b *testing.B) {
			carriers := coretest.NewCarriers(otpcore.SMS)
			codes := make([]chan string, b.N+1)
			for i := range codes {
				codes[i] = make(chan string, 1)
			}
			carriers.Of(otpcore.SMS).Always(func(_ context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
				at := o.Message.Mono[0]
				codes[numberOf(o.Phone)] <- o.Message.Text[at.Start:at.End]
				return otpcore.Accepted{Provider: "bench", MessageID: string(o.DeliveryID)}, nil
			})
			core, by, db := benchShop(b, carriers)
			db.OnCommit(core.Committed)
			callers(b, n, func(i int) {
				id := startOne(b, core, by, i)
				r, err := core.Verifications.Check(context.Background(), by, id, <-codes[i], nil, nil)
				if err != nil || !r.Valid {
					b.Errorf("the right code was refused: %+v, %v", r, err)
				}
			})
			core.Dispatcher.Close(context.Background())
			stats := db.Stats()
			b.ReportMetric(float64(stats.Jobs)/float64(stats.Commits), "jobs/commit")
		})
	}
}

// numberOf is the number of the start that went to the phone.
func numberOf(p otpcore.Phone) int {
	n, err := strconv.Atoi(strings.TrimPrefix(p.E164(), "+7701"))
	if err != nil {
		panic(err)
	}
	return n
}
