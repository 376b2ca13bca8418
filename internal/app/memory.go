package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Little is alive here, a few megabytes, so that by the default of Go the
// collector would run dozens of times a second under load; six times a second
// already take an eighth of the CPU. A mere larger percentage would let a thousand
// bots, which keep more alive, take several times what they need. So the heap gets
// room in bytes: as much as lets the collector run about once a second, within these
// bounds.
const (
	quietRoom = 20 << 20
	busyRoom  = 120 << 20
	// leastAlive is the heap that the collector lets grow in any case.
	leastAlive = 4 << 20
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
		percent, calm := heap.look(readCollector())
		if percent != set {
			debug.SetGCPercent(percent)
			set = percent
		}
		if calm {
			debug.FreeOSMemory()
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
	idle        int    // looks since the last collection
}

// idleLooks without a collection tell the end of a load from a pause in it.
const idleLooks = 5

// look is called once a second, with the number of collections so far and the
// bytes that the last one left. It returns what GOGC should be, and whether a
// load has ended a moment ago, so that what it took may be given back.
func (r *heapRoom) look(collections, alive uint64) (percent int, calm bool) {
	since := collections - r.collections
	r.collections = collections
	if r.idle++; since > 0 {
		r.idle = 0
	}
	switch {
	case since > 1:
		r.bytes = min(2*r.bytes, busyRoom)
	case r.idle >= idleLooks && r.bytes > quietRoom:
		r.bytes = max(r.bytes/2, quietRoom)
		calm = r.bytes == quietRoom
	}
	return max(1, int(100*r.bytes/max(alive, leastAlive))), calm
}

func readCollector() (collections, alive uint64) {
	list := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(list)
	return list[0].Value.Uint64(), list[1].Value.Uint64()
}
