package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Little is alive here, a few megabytes, so that by the default of Go the
// collector would run dozens of times a second under load, and take an eighth of
// the CPU. A mere larger percentage would let a thousand bots, which keep more
// alive, take several times what they need. So the heap gets room in bytes: as
// much as lets the collector run about once a second, within these bounds.
const (
	quietRoom = 20 << 20
	busyRoom  = 120 << 20
)

// tendMemory adjusts the room to the load until ctx ends. It leaves the choice
// to an operator who made one.
func tendMemory(ctx context.Context) error {
	if os.Getenv("GOGC") != "" {
		<-ctx.Done()
		return nil
	}
	look := time.NewTicker(time.Second)
	defer look.Stop()
	heap, set := heapRoom{bytes: quietRoom}, 0
	for {
		if percent := heap.percent(readCollector()); percent != set {
			debug.SetGCPercent(percent)
			set = percent
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// heapRoom is how much the heap may grow between two collections of garbage.
type heapRoom struct {
	bytes       uint64
	collections uint64 // until the last look
}

// percent is called once a second, with the number of collections so far and
// the bytes that the last one left, and returns what GOGC should be.
func (r *heapRoom) percent(collections, alive uint64) int {
	switch since := collections - r.collections; {
	case since > 1:
		r.bytes = min(2*r.bytes, busyRoom)
	case since == 0:
		r.bytes = max(r.bytes/2, quietRoom)
	}
	r.collections = collections
	return int(100 * r.bytes / max(alive, 1<<20))
}

func readCollector() (collections, alive uint64) {
	list := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(list)
	return list[0].Value.Uint64(), list[1].Value.Uint64()
}
