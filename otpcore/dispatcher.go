package otpcore

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Dispatcher sends what the ledger has committed. It gets each delivery in
// memory, straight after the commit that leased it, renders it, calls the
// sender outside of any transaction, and submits the answer without waiting.
//
// Work is kept apart by road, which is one business on one channel of one bot:
// a provider that hangs fills its own road and no other.
type Dispatcher struct {
	desk       *desk
	ledger     Ledger
	carriers   Carriers
	renderer   Renderer
	businesses *Businesses
	templates  *Templates
	receipts   *Receipts
	log        *slog.Logger

	backlog atomic.Int64 // deliveries in memory, the ones in a call included
	closed  atomic.Bool

	mu       sync.Mutex
	held     map[ID]int // of the backlog, by business
	roads    map[road]*lanes
	posts    map[ID]*post // by bot, where the chat network limits the pace
	confirms int          // confirmations under way
	workers  sync.WaitGroup
	sends    context.Context // of the calls in hand; outlives the intake
	cut      context.CancelFunc
}

type road struct {
	business ID
	channel  Channel
	bot      ID
}

// lanes are a road's waiting jobs.
type lanes struct {
	waiting [laneCount][]*job
	running int
}

// job is one leased delivery with what its text is made of.
type job struct {
	delivery     Delivery
	verification *Verification // nil for replies; the code of an order, where it has one
	order        *Order        // of news of an order
	heard        time.Time     // of an order: when its chat's person was heard of last
	chat         string        // tells chats apart where the pace counts
}

// roadWidth bounds the calls under way on one road.
const roadWidth = 50

func newDispatcher(d *desk, cfg Config, businesses *Businesses, templates *Templates, receipts *Receipts) *Dispatcher {
	sends, cut := context.WithCancel(context.Background())
	return &Dispatcher{
		desk: d, ledger: cfg.Ledger, carriers: cfg.Carriers, renderer: cfg.Renderer, businesses: businesses, templates: templates, receipts: receipts,
		log: cfg.Logger, held: make(map[ID]int), roads: make(map[road]*lanes), posts: make(map[ID]*post), sends: sends, cut: cut,
	}
}

// Backlog is the number of deliveries in memory.
func (d *Dispatcher) Backlog() int { return int(d.backlog.Load()) }

// full reports whether the business must not start more codes: there are too
// many messages in memory, or half of what may be there is its own. So one
// business in a hurry leaves room for the others.
func (d *Dispatcher) full(business ID) bool {
	most := d.desk.rules.Backlog
	if d.Backlog() >= most {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held[business] >= (most+1)/2
}

// hold counts a job that comes into memory or leaves it. The caller holds the
// lock.
func (d *Dispatcher) hold(j *job, n int) {
	d.backlog.Add(int64(n))
	business := j.delivery.BusinessID
	if d.held[business] += n; d.held[business] == 0 {
		delete(d.held, business)
	}
}

// Committed takes over the deliveries that a committed case leased to this
// process. It never blocks.
func (d *Dispatcher) Committed(c *Case) {
	for _, dlv := range c.Leased() {
		j := &job{delivery: *dlv}
		if c.Verification != nil {
			snapshot := *c.Verification
			j.verification = &snapshot
		}
		if c.Order != nil {
			snapshot := *c.Order
			j.order = &snapshot
			if link := c.Link(dlv.LinkID); link != nil {
				j.heard = link.ActedAt
			}
		}
		d.add(j)
	}
}

func (d *Dispatcher) add(j *job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed.Load() {
		return // its lease runs out, and the next process takes it over
	}
	if p := d.postOf(j); p != nil {
		d.queue(p, j)
		return
	}
	key := road{j.delivery.BusinessID, j.delivery.Channel, j.delivery.BotID}
	r := d.roads[key]
	if r == nil {
		r = &lanes{}
		d.roads[key] = r
	}
	lane := laneOf(&j.delivery)
	r.waiting[lane] = append(r.waiting[lane], j)
	d.hold(j, 1)
	if r.running < roadWidth {
		r.running++
		d.workers.Add(1)
		go d.drive(key, r)
	}
}

// drive works on one road until nothing waits there.
func (d *Dispatcher) drive(key road, r *lanes) {
	defer d.workers.Done()
	for {
		j := d.next(key, r)
		if j == nil {
			return
		}
		_ = d.send(j) // the outcome is on its way to the ledger
		d.mu.Lock()
		d.hold(j, -1)
		d.mu.Unlock()
	}
}

// next takes the road's next job, or nil where none waits any more.
func (d *Dispatcher) next(key road, r *lanes) *job {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, waiting := range r.waiting {
		if len(waiting) > 0 {
			j := waiting[0]
			waiting[0] = nil // the slice lives on, and must not hold what left
			r.waiting[i] = waiting[1:]
			return j
		}
	}
	if r.running--; r.running == 0 {
		delete(d.roads, key)
	}
	return nil
}

// Close takes no more work, lets the calls in hand finish until ctx ends, and
// returns when every outcome was submitted. What waited in memory goes back to
// the ledger unsent.
func (d *Dispatcher) Close(ctx context.Context) {
	d.mu.Lock()
	d.closed.Store(true)
	for _, p := range d.posts {
		d.clear(p)
	}
	d.mu.Unlock()
	finished := make(chan struct{})
	go func() {
		d.workers.Wait()
		close(finished)
	}()
	select {
	case <-finished:
	case <-ctx.Done():
		d.cut()
		<-finished
	}
	d.cut()
}
