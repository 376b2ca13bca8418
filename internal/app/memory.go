package app

import (
	"os"
	"runtime/debug"
)

// heapGrowth lets the heap grow to five times what is alive before it is
// collected. Little is alive here, a few megabytes, so the default of twice as
// much would collect dozens of times a second under load: measured over pairs
// of runs of BenchmarkStart in storage, starts/s rose by a fifth.
const heapGrowth = 400

// tuneMemory leaves the choice to an operator who made one.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
}
