//go:build !nowhatsmeow

package whatsappdevice

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"otpravka/otpcore"
)

// BenchmarkSend measures how fast devices send where nothing holds them back: the
// pace that they keep, for WhatsApp's sake, is thousands of times slower. The
// simulator, which deciphers everything, is in the figures.
func BenchmarkSend(b *testing.B) {
	for _, n := range []int{1, 10} {
		b.Run(fmt.Sprintf("%d devices", n), func(b *testing.B) {
			desks := make([]*desk, n)
			for i := range desks {
				desks[i] = newLinked(b)
				desks[i].Connector.pace.every = time.Nanosecond
			}
			anna := newPhone("Anna")
			b.ResetTimer()
			var work sync.WaitGroup
			for i, d := range desks {
				work.Go(func() {
					for m := i; m < b.N; m += n {
						o := to(anna, "482913 is your code")
						o.DeliveryID = otpcore.NewID(otpcore.PrefixDelivery, time.Now())
						if _, err := d.Send(b.Context(), o); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			work.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sends/s")
		})
	}
}

// BenchmarkDevice measures the memory of a device that is linked and online, with
// the simulator's half of it.
func BenchmarkDevice(b *testing.B) {
	used := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse + m.StackInuse
	}
	before, goroutines := used(), runtime.NumGoroutine()
	for range b.N {
		newLinked(b)
	}
	b.ReportMetric(float64(used()-before)/float64(b.N)/1024, "KiB/device")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/float64(b.N), "goroutines/device")
}
