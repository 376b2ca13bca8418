package otpcore

import (
	"maps"
	"time"
)

// post is the queue of one bot whose chat network limits how fast it may write.
// It keeps in memory only what leaves within the leases; the rest waits in the
// ledger, each message with the moment at which its turn will come.
type post struct {
	*gauge
	lanes   [laneCount]line
	running int
	timer   *time.Timer // looks again when something may leave; nil: never set yet
}

// postMemory is how long a bot that writes nothing keeps what was learned of
// its pace.
const postMemory = time.Hour

// postOf returns the queue for the job's bot, or nil where nothing limits the
// pace. The caller holds the lock.
func (d *Dispatcher) postOf(j *job) *post {
	if j.delivery.BotID == "" || j.delivery.Mode == Test {
		return nil
	}
	p := d.posts[j.delivery.BotID]
	if p == nil {
		pace := d.desk.rules.Paces[d.carriers.Kind(j.delivery.BotID)]
		if pace.PerSecond <= 0 {
			return nil
		}
		now := time.Now()
		maps.DeleteFunc(d.posts, func(_ ID, p *post) bool {
			return p.running == 0 && p.waiting() == 0 && now.Sub(p.bot.at) > postMemory && !p.pauses(now)
		})
		p = &post{gauge: newGauge(pace)}
		d.posts[j.delivery.BotID] = p
	}
	return p
}

func (p *post) waiting() int {
	n := 0
	for lane := range p.lanes {
		n += p.lanes[lane].len()
	}
	return n
}

// ahead is how long it takes until the turn comes of another job of the
// business in the lane.
func (p *post) ahead(lane int, business ID, now time.Time) time.Duration {
	n := p.lanes[lane].ahead(business)
	for better := range lane {
		n += p.lanes[better].len()
	}
	return max(0, p.until.Sub(now)) + span(n, p.rate(now))
}

// queue takes the job in if its turn comes while its lease lasts, and gives it
// back with the moment of its turn if not: a chat network that asks for an hour
// must not cost the message its life, and a code that cannot wait so long goes
// to the next channel at once. The caller holds the lock.
func (d *Dispatcher) queue(p *post, j *job) {
	j.chat = d.chatOf(j)
	lane, now := laneOf(&j.delivery), time.Now()
	spare := d.spare(j) * 3 / 4 // jobs of better lanes may still come in between
	ahead, pause := p.ahead(lane, j.delivery.BusinessID, now), p.chatWait(j.chat, now)
	if fresh := j.delivery.DueAt.Sub(j.delivery.QueuedAt) <= d.desk.rules.lease(); fresh {
		// Those who were told their turn keep it.
		ahead = max(ahead, p.lanes[lane].given[j.delivery.BusinessID].Sub(now))
		pause = p.chatTurn(j.chat, lane, now)
	}
	if max(ahead, pause) <= spare {
		p.lanes[lane].add(j)
		d.hold(j, 1)
		d.turn(p)
		return
	}
	d.giveTurn(p, j, ahead, pause, now)
}

// giveTurn hands the job back until it is its turn. Turns lie as close as the
// full rate allows, whatever the rate is now: what comes back too early is given
// another turn, while a rate that recovers could not make up for turns that are
// too far apart.
func (d *Dispatcher) giveTurn(p *post, j *job, ahead, pause time.Duration, now time.Time) {
	wait, lane := pause, laneOf(&j.delivery)
	if ahead > pause {
		l := &p.lanes[lane]
		wait = l.give(j.delivery.BusinessID, now.Add(ahead), span(1, p.pace.PerSecond)).Sub(now)
	} else if c := p.chats[j.chat]; c != nil {
		at := now.Add(pause)
		if next := c.givenBefore(lane).Add(span(1, p.pace.PerChat)); next.After(at) {
			at = next
		}
		c.given[lane], wait = at, at.Sub(now)
	}
	d.handBack(j, wait)
}

// span is how long n messages take at the rate.
func span(n int, rate float64) time.Duration {
	return time.Duration(float64(n) / rate * float64(time.Second))
}

// spare is how long the job can wait for its turn under its lease.
func (d *Dispatcher) spare(j *job) time.Duration {
	return j.delivery.DueAt.Sub(d.ledger.Now()) - d.desk.rules.CallTimeout
}

// chatOf tells chats apart, and bare numbers. One that cannot be read fails when it
// is rendered.
func (d *Dispatcher) chatOf(j *job) string {
	dlv := &j.delivery
	if dlv.Target == nil && j.verification != nil {
		return string(j.verification.Phone.Index[:])
	}
	chat, err := d.desk.vault.Open(targetPlace(dlv), dlv.Target)
	if err != nil {
		return ""
	}
	return readTarget(chat).address
}

// turn lets everything leave that may, gives back what would outlive its lease,
// and looks again when that changes. The caller holds the lock.
func (d *Dispatcher) turn(p *post) {
	if d.closed.Load() {
		return
	}
	now := time.Now()
	d.giveBackLate(p, now)
	for p.running < roadWidth && p.botWait(now) == 0 {
		j := p.next(now)
		if j == nil {
			break
		}
		p.take(j.chat, now)
		p.running++
		d.workers.Add(1)
		go d.deliver(p, j)
	}
	d.setTimer(p, now)
}

func (d *Dispatcher) giveBackLate(p *post, now time.Time) {
	for lane := range p.lanes {
		for _, j := range p.lanes[lane].late(d.ledger.Now(), d.desk.rules.CallTimeout) {
			d.hold(j, -1)
			ahead := p.ahead(lane, j.delivery.BusinessID, now) + span(1, p.rate(now))
			d.giveTurn(p, j, ahead, p.chatTurn(j.chat, lane, now), now)
		}
	}
}

// next removes the first job whose chat is ready, or returns nil.
func (p *post) next(now time.Time) *job {
	for lane := range p.lanes {
		if j := p.lanes[lane].take(func(j *job) bool { return p.chatWait(j.chat, now) <= 0 }); j != nil {
			return j
		}
	}
	return nil
}

// setTimer looks again when the bot may write, or a chat may be written to, or
// a job has to be given back; what the end of a call changes, its worker sees.
func (d *Dispatcher) setTimer(p *post, now time.Time) {
	if p.waiting() == 0 {
		return
	}
	wait := p.botWait(now)
	if wait <= 0 {
		wait = p.soonestChat(now)
	}
	for lane := range p.lanes {
		if at := p.lanes[lane].lapse(d.desk.rules.CallTimeout); !at.IsZero() {
			wait = min(wait, at.Sub(d.ledger.Now())+time.Millisecond)
		}
	}
	wait = max(wait, time.Millisecond)
	if p.timer == nil {
		p.timer = time.AfterFunc(wait, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.turn(p)
		})
		return
	}
	p.timer.Reset(wait)
}

// soonestChat is how long until one of the chats that are waited for is ready.
func (p *post) soonestChat(now time.Time) time.Duration {
	soonest := time.Minute
	for lane := range p.lanes {
		for _, jobs := range p.lanes[lane].waiting {
			for _, j := range jobs {
				soonest = min(soonest, p.chatWait(j.chat, now))
			}
		}
	}
	return soonest
}

// deliver makes one call and learns from its answer.
func (d *Dispatcher) deliver(p *post, j *job) {
	defer d.workers.Done()
	began := time.Now()
	err := d.send(j)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hold(j, -1)
	p.running--
	if err != nil {
		if e := asSendError(err); e.Class == ClassThrottled {
			p.complained(j.chat, e, began, time.Now())
		}
	}
	d.turn(p)
}

// clear gives everything back that waits, for a dispatcher that closes.
func (d *Dispatcher) clear(p *post) {
	if p.timer != nil {
		p.timer.Stop()
	}
	for lane := range p.lanes {
		for {
			j := p.lanes[lane].take(func(*job) bool { return true })
			if j == nil {
				break
			}
			d.hold(j, -1)
			d.handBack(j, 0)
		}
	}
}
