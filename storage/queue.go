package storage

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"otpravka/otpcore"
)

// job is one op or one cold function that waits for the writer.
type job struct {
	op    *otpcore.Op            // hot
	write func(otpcore.Tx) error // cold
	done  func(error)            // called once, after the commit
	state atomic.Int32           // jobWaiting, jobPicked, jobLeft
	since time.Time              // when it was queued
}

// A job that waits is dropped when its caller leaves: nobody was told anything
// of it, and work that nobody waits for only makes an overload worse. Once it
// is picked it runs to its end.
const (
	jobWaiting = iota
	jobPicked
	jobLeft
)

func (j *job) lane() otpcore.Lane {
	if j.op == nil {
		return otpcore.LaneRequests
	}
	return j.op.Lane
}

// batchKey is what no two jobs of one batch may share.
type batchKey struct {
	id    otpcore.ID
	phone otpcore.Index
	once  onceKey
	order orderKey
}

// orderKey names an order as its business does.
type orderKey struct {
	business otpcore.ID
	mode     otpcore.Mode
	number   string
}

// onceKey names an idempotency key.
type onceKey struct {
	business   otpcore.ID
	mode       otpcore.Mode
	route, key string
}

// key names the verification, the reply or the phone of a start. A start counts
// for its phone at all businesses, so the business is not in it.
func (j *job) key() batchKey {
	switch ref := j.op.Ref; {
	case ref.Verification != "":
		return batchKey{id: ref.Verification}
	case ref.Order != "":
		return batchKey{id: ref.Order}
	case ref.Delivery != "":
		return batchKey{id: ref.Delivery}
	case j.op.OrderNumber != "":
		return batchKey{order: orderKey{j.op.BusinessID, j.op.Mode, j.op.OrderNumber}}
	}
	return batchKey{phone: j.op.Phone}
}

// onceKey names the idempotency key of the op's request, if it has one.
func (j *job) onceKey() (batchKey, bool) {
	if j.op.Once == nil {
		return batchKey{}, false
	}
	return batchKey{once: onceKey{j.op.BusinessID, j.op.Mode, j.op.Once.Route, j.op.Once.Key}}, true
}

var (
	errFull   = errors.New("too many requests wait for the database")
	errClosed = errors.New("the database is closed")
)

// queue holds the jobs of both lanes in the order they came.
type queue struct {
	mu      sync.Mutex
	lanes   [2][]*job
	depth   int // of each lane
	wake    chan struct{}
	closed  bool
	cold    bool // the last batch was a cold function
	refused []*job
	full    int // jobs that found their lane full
}

func newQueue(depth int) *queue {
	return &queue{depth: depth, wake: make(chan struct{}, 1)}
}

// add queues the job, or says why it cannot.
func (q *queue) add(j *job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	lane := &q.lanes[j.lane()]
	switch {
	case q.closed:
		return errClosed
	case len(*lane) >= q.depth:
		q.full++
		return errFull
	}
	j.since = time.Now()
	*lane = append(*lane, j)
	q.signal()
	return nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// refuse hands the writer a job that found its lane full, to be answered from
// the writer's goroutine: a caller of Submit may hold a lock that done takes.
func (q *queue) refuse(j *job) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.refused = append(q.refused, j)
	q.signal()
	return true
}

// putBack returns picked jobs to the head of their lanes, in their old order.
func (q *queue) putBack(jobs []*job) {
	if len(jobs) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	var heads [2][]*job
	for _, j := range jobs {
		j.state.Store(jobWaiting)
		heads[j.lane()] = append(heads[j.lane()], j)
	}
	for lane := range heads {
		q.lanes[lane] = append(heads[lane], q.lanes[lane]...)
	}
	q.signal()
}

// close ends next, and returns what still waits.
func (q *queue) close() []*job {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	rest := slices.Concat(q.refused, q.lanes[0], q.lanes[1])
	q.lanes, q.refused = [2][]*job{}, nil
	q.signal()
	return rest
}

// next waits for work. It picks a batch, which is a single cold function or up
// to limit ops of both lanes, and hands over the jobs that were refused
// meanwhile. It returns nothing once the queue has closed and is empty.
//
// Whoever can run now runs first: under load those are callers about to ask,
// and a batch is about twice as large for it. Nobody waits for it otherwise.
func (q *queue) next(limit int) (batch, refused []*job) {
	for {
		runtime.Gosched()
		q.mu.Lock()
		closed := q.closed
		batch, refused = q.pick(limit), q.refused
		q.refused = nil
		waiting := len(q.lanes[otpcore.LaneRequests]) + len(q.lanes[otpcore.LaneDeliveries])
		q.mu.Unlock()
		if len(batch) > 0 || len(refused) > 0 || closed {
			return batch, refused
		}
		if waiting == 0 { // else the job at the head left while it was picked
			<-q.wake
		}
	}
}

// pick is called with the lock held.
func (q *queue) pick(limit int) []*job {
	requests, deliveries := &q.lanes[otpcore.LaneRequests], &q.lanes[otpcore.LaneDeliveries]
	dropLeft(requests)
	if len(*requests) > 0 && (*requests)[0].op == nil && (!q.cold || len(*deliveries) == 0) {
		j := (*requests)[0]
		*requests = (*requests)[1:]
		if j.state.CompareAndSwap(jobWaiting, jobPicked) {
			q.cold = true
			return []*job{j}
		}
	}
	q.cold = false
	p := picker{seen: make(map[batchKey]bool)}
	// Each lane gets half of the batch, and what the other one leaves.
	p.take(deliveries, max(limit/2, limit-len(*requests)))
	p.take(requests, limit)
	return p.batch
}

// dropLeft removes the jobs at the head whose callers have gone.
func dropLeft(lane *[]*job) {
	for len(*lane) > 0 && (*lane)[0].state.Load() == jobLeft {
		*lane = (*lane)[1:]
	}
}

type picker struct {
	batch []*job
	seen  map[batchKey]bool
}

// take moves jobs from the lane to the batch until it holds limit. Jobs that
// share a key with the batch stay where they are, and so does everything
// behind a cold function, which must see what was asked before it.
func (p *picker) take(lane *[]*job, limit int) {
	kept, i := (*lane)[:0], 0
	for ; i < len(*lane) && len(p.batch) < limit; i++ {
		j := (*lane)[i]
		if j.op == nil {
			break
		}
		key := j.key()
		once, has := j.onceKey()
		if p.seen[key] || has && p.seen[once] {
			kept = append(kept, j)
			continue
		}
		if j.state.CompareAndSwap(jobWaiting, jobPicked) {
			p.seen[key] = true
			if has {
				p.seen[once] = true
			}
			p.batch = append(p.batch, j)
		}
	}
	n := len(kept) + copy((*lane)[len(kept):], (*lane)[i:])
	clear((*lane)[n:])
	*lane = (*lane)[:n]
}
