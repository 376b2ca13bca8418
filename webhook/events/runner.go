package events

import (
	"errors"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"otpravka/internal/backoff"
	"otpravka/otpcore"
)

// runner posts the events of one endpoint. How much it does at once follows
// from how the endpoint fares: it begins with one event, doubles with every
// round that went well, and comes back to one as soon as nothing does.
type runner struct {
	poster   *Poster
	run      *posterRun
	endpoint otpcore.ID
	business otpcore.ID
	mode     otpcore.Mode
	poked    chan struct{} // holds one when the endpoint was changed

	position int64 // events up to here were looked at
	width    int   // tries at one time
	failures int   // rounds in a row in which nothing was taken
}

func (r *runner) poke() {
	select {
	case r.poked <- struct{}{}:
	default:
	}
}

// trouble paces rounds with an endpoint that takes nothing. It is shorter than
// the pauses of each event: events that were never tried need not wait hours
// for a receiver that is back.
var trouble = backoff.Pace{First: time.Second, Most: 5 * time.Minute}

// shortPause lets the machine come to itself.
const shortPause = time.Second

// serve works until the end, or until the endpoint is removed or disabled.
func (r *runner) serve() {
	ctx := r.run.ctx
	ear := r.poster.config.Events.Listen(r.business, r.mode)
	defer ear.Close()
	for n := 0; ctx.Err() == nil; {
		rings := ear.Rings()
		round, err := r.poster.config.Endpoints.Look(ctx, r.endpoint, r.position, r.size())
		switch {
		case errors.Is(err, otpcore.ErrNotFound):
			if r.poster.retire(r) {
				return
			}
		case err != nil:
			n++
			r.wait(nil, lookPace.Pause(n))
		default:
			n = 0
			r.round(round, rings)
		}
	}
}

// size is how many parcels to look for, of new ones and of old ones each.
func (r *runner) size() int {
	if r.failures > 0 {
		return 1
	}
	return 4 * r.width
}

// round posts what was found, stores what came of it, and waits for as long as
// there is nothing to do.
func (r *runner) round(round *otpcore.Round, rings <-chan struct{}) {
	parcels := round.Parcels
	if r.failures%2 == 1 && len(parcels) > 1 {
		parcels = parcels[1:] // in trouble, new and old ones are tried in turn
	}
	tried, short := r.post(round, parcels)
	r.position = reached(round, r.position, tried)
	if len(tried) > 0 || round.More && r.position > round.Endpoint.Position {
		r.poster.recorder.store(otpcore.Report{EndpointID: r.endpoint, Tried: tried, Position: r.position})
	}
	pause := r.learn(tried)
	if short {
		pause = max(pause, shortPause)
	}
	switch {
	case pause > 0:
		r.wait(nil, pause)
	case !round.More && len(tried) == len(round.Parcels):
		r.wait(rings, round.Rest)
	}
}

// reached is the position up to which everything was tried or is not wanted.
func reached(round *otpcore.Round, before int64, tried []otpcore.Tried) int64 {
	done := make(map[*otpcore.Posting]bool, len(tried))
	for _, t := range tried {
		done[t.Posting] = true
	}
	at := max(before, round.Endpoint.Position)
	for _, p := range round.Parcels {
		switch {
		case p.Position == 0:
		case !done[p.Posting]:
			return at
		default:
			at = p.Position
		}
	}
	return max(at, round.Position)
}

// post tries the parcels in their order, several at one time, and stops at the
// first failure. It gives those that were tried, and whether the machine was
// short of something.
func (r *runner) post(round *otpcore.Round, parcels []otpcore.Parcel) (tried []otpcore.Tried, short bool) {
	host := round.Endpoint.URL
	if u, err := url.Parse(host); err == nil {
		host = u.Host
	}
	results := make([]otpcore.PostResult, len(parcels))
	slots, failed, begun := make(chan struct{}, r.width), atomic.Bool{}, 0
	var under sync.WaitGroup
	for i, p := range parcels {
		if p.Gone {
			results[i].Failure = otpcore.PostNoEvent
			begun++
			continue
		}
		slots <- struct{}{} // freed within the time of a try
		if failed.Load() || !r.poster.gate.enter(r.run.ctx, r.business, host) {
			break
		}
		begun++
		under.Go(func() {
			defer func() { <-slots }()
			defer r.poster.gate.leave(host)
			results[i] = r.poster.config.Postman.Post(r.run.work, round.Endpoint.URL, round.Secrets, p.Event)
			if results[i].Failure != "" {
				failed.Store(true)
			}
		})
	}
	under.Wait()
	for i, p := range parcels[:begun] {
		if results[i].Ours || results[i].Failure != "" && r.run.work.Err() != nil {
			short = results[i].Ours
			break // it is no failure of the receiver
		}
		tried = append(tried, otpcore.Tried{Posting: p.Posting, Result: results[i]})
	}
	return tried, short
}

// learn draws the lesson of a round and gives the pause behind it.
func (r *runner) learn(tried []otpcore.Tried) time.Duration {
	taken, refused, asked := 0, 0, time.Duration(0)
	for _, t := range tried {
		switch t.Result.Failure {
		case "":
			taken++
		case otpcore.PostNoEvent: // of which the receiver knows nothing
		default:
			refused++
			asked = max(asked, t.Result.RetryAfter)
		}
	}
	switch {
	case refused > 0 && taken == 0:
		r.failures++
		r.width = 1
		return max(trouble.Pause(r.failures), min(asked, trouble.Most))
	case refused > 0:
		r.width = max(r.width/2, 1)
		r.failures = 0
	case taken > 0:
		r.width = min(2*r.width, mostWidth)
		r.failures = 0
	}
	return 0
}

// wait ends with rings, when the endpoint is changed, after the time where
// there is one, and with the run.
func (r *runner) wait(rings <-chan struct{}, rest time.Duration) {
	var over <-chan time.Time
	if rest > 0 {
		timer := time.NewTimer(rest)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-rings:
	case <-over:
	case <-r.poked:
		r.failures = 0
	case <-r.run.ctx.Done():
	}
}
