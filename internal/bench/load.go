package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// Load is one scenario under load: what the customers saw, and what it cost
// the server. What cannot be known is left out.
type Load struct {
	Scenario string             `json:"scenario"`
	PerS     float64            `json:"per_s"`
	Calls    map[string]Latency `json:"ms"` // by call: start, check, cycle
	Errors   map[string]int     `json:"errors,omitempty"`
	Cost     map[string]float64 `json:"server,omitempty"` // by the names below
}

// Latency is how long calls took, in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
}

// scenario is a load by name.
type scenario struct {
	name    string
	act     act
	counted string // the call that its rate counts
	prepare func(ctx context.Context, c crew, o Options) (act, error)
}

// loads are the scenarios that load the API with one kind of act.
var loads = []scenario{
	{name: "cycle", act: (*customer).cycle, counted: timedCycle},
	{name: "start", act: (*customer).ask, counted: timedStart},
	{name: "check", counted: timedCheck, prepare: collectGuesses},
}

// guesses is how many wrong codes a verification gets: one more would end it.
const guesses = 4

// collectGuesses starts verifications first, so that the load itself is
// nothing but checks. It goes round them, so that two guesses at one code are
// far apart, and ends early when all are used.
func collectGuesses(ctx context.Context, c crew, o Options) (act, error) {
	if _, err := c.work(ctx, (*customer).askAndKeep, o.Duration/2); err != nil {
		return nil, err
	}
	var ids []string
	for _, cu := range c {
		ids = append(ids, cu.began...)
		cu.began = nil
	}
	if len(ids) == 0 {
		return nil, c.nothing()
	}
	var used atomic.Int64
	return func(cu *customer, _ context.Context) error {
		i := int(used.Add(1)) - 1
		if i >= len(ids)*guesses {
			return errDone
		}
		return cu.guess(ids[i%len(ids)])
	}, nil
}

// measure puts one load on the site, Options.Runs times, and returns the
// medians.
func (s *site) measure(ctx context.Context, sc scenario, o Options) (load Load, err error) {
	c, err := s.hire(ctx, o.Connections, "")
	defer func() { err = errors.Join(err, c.dismiss()) }()
	if err != nil {
		return Load{}, err
	}
	do := sc.act
	if do != nil {
		if _, err := c.work(ctx, do, o.Warmup); err != nil {
			return Load{}, err
		}
	}
	var runs []Load
	for range o.Runs {
		if sc.prepare != nil {
			if do, err = sc.prepare(ctx, c, o); err != nil {
				return Load{}, err
			}
		}
		run, err := s.run(ctx, c, sc, do, o.Duration)
		if err != nil {
			return Load{}, err
		}
		runs = append(runs, run)
	}
	return median(runs), nil
}

// run is one measured stretch of a load.
func (s *site) run(ctx context.Context, c crew, sc scenario, do act, planned time.Duration) (Load, error) {
	for _, cu := range c {
		cu.forget()
	}
	watch, err := s.meter(ctx)
	if err != nil {
		return Load{}, err
	}
	took, err := c.work(ctx, do, planned)
	if err != nil {
		return Load{}, errors.Join(err, watch.end())
	}
	load := Load{Scenario: sc.name, Calls: map[string]Latency{}, Errors: map[string]int{}}
	waits := map[string][]time.Duration{}
	for _, cu := range c {
		for call, took := range cu.took {
			waits[call] = append(waits[call], took...)
		}
		for status, n := range cu.refused {
			load.Errors[strconv.Itoa(status)] += n
		}
	}
	for call, list := range waits {
		load.Calls[call] = latencyOf(list)
	}
	done := len(waits[sc.counted])
	if done == 0 {
		return Load{}, errors.Join(c.nothing(), watch.end())
	}
	load.PerS = round(float64(done) / took.Seconds())
	load.Cost, err = watch.read(ctx, done)
	return load, err
}

// nothing says why no call succeeded, which is no measurement.
func (c crew) nothing() error {
	for _, cu := range c {
		if cu.last != nil {
			return fmt.Errorf("nothing succeeded: %w", cu.last)
		}
	}
	return errors.New("nothing was done in time: make the runs longer")
}

func latencyOf(list []time.Duration) Latency {
	slices.Sort(list)
	at := func(q float64) float64 {
		if len(list) == 0 {
			return 0
		}
		return milliseconds(list[int(q*float64(len(list)-1))])
	}
	return Latency{at(.50), at(.95), at(.99)}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// round keeps what a measurement can tell.
func round(v float64) float64 { return math.Round(v*10) / 10 }

// median takes each figure's own median over the runs; errors are summed up,
// because none may be lost.
func median(runs []Load) Load {
	out := Load{Scenario: runs[0].Scenario, Calls: map[string]Latency{}, Errors: map[string]int{}, Cost: map[string]float64{}}
	out.PerS = middle(runs, func(l Load) float64 { return l.PerS })
	for call := range runs[0].Calls {
		out.Calls[call] = Latency{
			P50: middle(runs, func(l Load) float64 { return l.Calls[call].P50 }),
			P95: middle(runs, func(l Load) float64 { return l.Calls[call].P95 }),
			P99: middle(runs, func(l Load) float64 { return l.Calls[call].P99 }),
		}
	}
	for name := range runs[0].Cost {
		out.Cost[name] = middle(runs, func(l Load) float64 { return l.Cost[name] })
	}
	for _, l := range runs {
		for status, n := range l.Errors {
			out.Errors[status] += n
		}
	}
	return out
}

func middle(runs []Load, of func(Load) float64) float64 {
	values := make([]float64, len(runs))
	for i, l := range runs {
		values[i] = of(l)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// total adds up the refusals of several loads.
func total(all []Load) map[string]int {
	out := map[string]int{}
	for _, l := range all {
		for _, status := range slices.Sorted(maps.Keys(l.Errors)) {
			out[status] += l.Errors[status]
		}
	}
	return out
}
