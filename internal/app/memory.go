package app

import (
	"os"
	"runtime/debug"
	"sync"
)

// The collector runs when the heap has grown by heapGrowth percent of what is
// alive. Little is alive here, a few megabytes, so the default would collect
// dozens of times a second under load; a mere larger percentage would let a
// thousand bots, which keep more alive, take several times what they need.
// Ballast counts as alive, so it gives every heap a room of some twenty
// megabytes between collections, and a lower percentage keeps large ones small.
const (
	ballastBytes = 40 << 20
	heapGrowth   = 50
)

// tuneMemory leaves the choice to an operator who made one. It holds the
// ballast, which is never touched, so that the operating system never backs it
// with memory.
var tuneMemory = sync.OnceValue(func() []byte {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	debug.SetGCPercent(heapGrowth)
	return make([]byte, ballastBytes)
})
