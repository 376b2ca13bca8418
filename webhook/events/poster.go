package events

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"otpravka/internal/backoff"
	"otpravka/otpcore"
)

// How many tries may be under way: in all, to one host, and to one endpoint.
const (
	mostTries    = 256
	triesPerHost = 32
	mostWidth    = 16
)

// stopGrace is how long tries that are under way may go on after the end. What
// is cut off then is sent again after the next start.
const stopGrace = 3 * time.Second

// PosterConfig is what a Poster works with.
type PosterConfig struct {
	Endpoints *otpcore.Endpoints
	Events    *otpcore.Events
	Postman   otpcore.Postman
	Log       *slog.Logger
}

// Poster follows the events of every active endpoint, each endpoint for
// itself, and has them posted. An endpoint that does not take them is tried
// with one event at a time, and seldom; nobody else notices.
type Poster struct {
	config   PosterConfig
	gate     *gate
	recorder *recorder

	mu      sync.Mutex
	runners map[otpcore.ID]*runner
	running *posterRun // nil unless Run is active
}

// posterRun is one call of Run.
type posterRun struct {
	ctx     context.Context // ends when nothing new may begin
	work    context.Context // ends when what is under way is cut off
	runners sync.WaitGroup
}

// NewPoster returns a poster; Run sets it to work.
func NewPoster(cfg PosterConfig) *Poster {
	return &Poster{
		config: cfg, gate: newGate(mostTries, triesPerHost), recorder: newRecorder(cfg.Endpoints, cfg.Log),
		runners: make(map[otpcore.ID]*runner),
	}
}

// lookPace paces looks at a database that cannot be asked.
var lookPace = backoff.Pace{First: 200 * time.Millisecond, Most: 10 * time.Second}

// Run posts until ctx ends, and returns once nothing is under way and all that
// was posted is stored. Call it once.
func (p *Poster) Run(ctx context.Context) error {
	work, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	run := &posterRun{ctx: ctx, work: work}
	p.mu.Lock()
	p.running = run
	p.mu.Unlock()
	p.config.Endpoints.OnChange(p.follow)
	var recording sync.WaitGroup
	stored, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	recording.Go(func() { p.recorder.run(stored, work) })
	p.begin(ctx)
	<-ctx.Done()
	p.mu.Lock()
	p.running = nil // from here on nobody is added
	p.mu.Unlock()
	late := time.AfterFunc(stopGrace, cut)
	defer late.Stop()
	run.runners.Wait()
	stop()
	recording.Wait()
	return nil
}

// begin sets a runner to every active endpoint.
func (p *Poster) begin(ctx context.Context) {
	for n := 1; ctx.Err() == nil; n++ {
		active, err := p.config.Endpoints.Active(ctx)
		if err == nil {
			for _, e := range active {
				p.follow(e)
			}
			return
		}
		p.config.Log.Warn("endpoints not readable", "error", err)
		backoff.Sleep(ctx, lookPace.Pause(n))
	}
}

// follow sets a runner to an active endpoint, or has the one that is there look
// anew. It is told of every endpoint that somebody changed.
func (p *Poster) follow(e *otpcore.Endpoint) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.runners[e.ID]; r != nil {
		r.poke()
		return
	}
	if p.running == nil || e.Status != otpcore.EndpointActive {
		return
	}
	r := &runner{
		poster: p, run: p.running, endpoint: e.ID, business: e.BusinessID, mode: e.Mode, poked: make(chan struct{}, 1), width: 1,
	}
	p.runners[e.ID] = r
	p.running.runners.Go(r.serve)
}

// retire takes a runner out that found its endpoint gone, unless somebody
// changed the endpoint since.
func (p *Poster) retire(r *runner) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-r.poked:
		return false
	default:
		delete(p.runners, r.endpoint)
		return true
	}
}
