package events_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"otpravka/internal/sim/loopback"
	"otpravka/internal/sim/receiversim"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// BenchmarkEvents posts b.N events, signed, one after the other to each receiver,
// and stores what became of them in a real database. The receivers are in this
// process; there is no network between.
func BenchmarkEvents(b *testing.B) {
	for _, endpoints := range []int{1, 16} {
		b.Run(fmt.Sprintf("endpoints=%d", endpoints), func(b *testing.B) {
			w := &world{TB: b, path: filepath.Join(b.TempDir(), "otpravka.db"), vault: coretest.NewVault(), hosts: map[string]*loopback.Memory{}}
			w.start()
			defer func() { w.stop() }()
			var shops []otpcore.Caller
			var receivers []*receiversim.Server
			for n := range endpoints {
				name := fmt.Sprintf("shop%d", n)
				by, at := w.business(name), w.receiver(name)
				w.endpoint(by, name, at)
				shops, receivers = append(shops, by), append(receivers, at)
			}
			each := (b.N + endpoints - 1) / endpoints
			b.ResetTimer()
			for _, by := range shops {
				w.happen(by, otpcore.EventLinkCreated, each)
			}
			for _, at := range receivers {
				w.must(at.WaitDistinct(b.Context(), each))
			}
			b.ReportMetric(float64(each*endpoints)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
