package storage

import (
	"slices"
	"sync"
	"time"
)

// Stats is what the writer has done since the database was opened, and what
// waits for it now.
type Stats struct {
	Commits  int // transactions that are durable
	Jobs     int // jobs in them
	BatchMax int // most jobs in one of them
	Lost     int // transactions that could not begin, run or commit
	Refused  int // jobs that found their lane full

	Batches Histogram // jobs per committed transaction
	Seconds Histogram // of committed transactions, from begin to durable

	Lanes [2]LaneStats // by otpcore.Lane
}

// LaneStats is what waits in one lane.
type LaneStats struct {
	Waiting int
	Oldest  time.Duration // how long the job at the head has waited; zero: none does
}

// Histogram counts observations by size.
type Histogram struct {
	Bounds []float64 // upper bounds, each inclusive, ascending
	Counts []uint64  // observations up to each bound, smaller ones included
	Count  uint64    // all of them
	Sum    float64
}

// The bounds tell apart what an operator would act on: a writer that commits
// single jobs from a saturated one, a fast disk from a slow one.
var (
	batchBounds   = []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}
	secondsBounds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}
)

func newHistogram(bounds []float64) Histogram {
	return Histogram{Bounds: bounds, Counts: make([]uint64, len(bounds))}
}

func (h *Histogram) observe(v float64) {
	h.Count++
	h.Sum += v
	for i, bound := range h.Bounds {
		if v <= bound {
			h.Counts[i]++
		}
	}
}

func (h Histogram) clone() Histogram {
	h.Counts = slices.Clone(h.Counts)
	return h
}

// Stats tells how the writer fares. It waits for no transaction.
func (db *DB) Stats() Stats {
	s := db.writer.tally.read()
	s.Lanes, s.Refused = db.writer.queue.stats()
	return s
}

// tally counts what the writer does.
type tally struct {
	mu    sync.Mutex
	stats Stats
}

func newTally() *tally {
	return &tally{stats: Stats{Batches: newHistogram(batchBounds), Seconds: newHistogram(secondsBounds)}}
}

// committed counts a transaction that is durable.
func (t *tally) committed(jobs int, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Commits++
	t.stats.Jobs += jobs
	t.stats.BatchMax = max(t.stats.BatchMax, jobs)
	t.stats.Batches.observe(float64(jobs))
	t.stats.Seconds.observe(took.Seconds())
}

// lost counts a transaction that came to nothing by the storage's fault.
func (t *tally) lost() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stats.Lost++
}

func (t *tally) read() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats
	s.Batches, s.Seconds = s.Batches.clone(), s.Seconds.clone()
	return s
}

// stats tells what waits, and how many jobs were refused so far.
func (q *queue) stats() (lanes [2]LaneStats, refused int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, lane := range q.lanes {
		lanes[i].Waiting = len(lane)
		if len(lane) > 0 {
			lanes[i].Oldest = time.Since(lane[0].since)
		}
	}
	return lanes, q.full
}
