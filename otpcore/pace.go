package otpcore

import "time"

// Pace is how fast a chat network takes the messages of one bot. The zero value
// is no limit.
type Pace struct {
	PerSecond float64 // messages of one bot; halved when the network complains
	Burst     float64 // how many of them at once
	PerChat   float64 // messages per second into one chat
	ChatBurst float64 // how many of them at once
}

// TelegramPace stays a little under what Telegram asks for: about 30 messages
// per second of one bot and about one per second into one chat, where short
// bursts pass (https://core.telegram.org/bots/faq#broadcasting-to-users). Full
// rate and burst together are 30 in any one second.
func TelegramPace() Pace { return Pace{PerSecond: 25, Burst: 5, PerChat: 1, ChatBurst: 3} }

// CloudPace stays a little under what Meta takes of one number at the WhatsApp Cloud
// API, 80 messages per second, and of those to one person: one every 6 s, where a
// burst passes that is made up for by silence
// (https://developers.facebook.com/docs/whatsapp/cloud-api/overview#throughput).
func CloudPace() Pace { return Pace{PerSecond: 70, Burst: 10, PerChat: 1. / 6, ChatBurst: 10} }

// The adaptive part of a pace: a complaint halves the rate, and within regainAll
// without one all of it comes back, bit by bit.
const (
	leastRate = 1.0 // messages per second, whatever the network complains of
	regainAll = 25 * time.Minute
	// leastPause is kept after a complaint that names no time.
	leastPause = time.Second
)

// bucket is a token bucket.
type bucket struct {
	level float64
	at    time.Time // when level was true; zero: it is full
}

// wait returns how long until a token is there; zero: it is.
func (b *bucket) wait(now time.Time, rate, burst float64) time.Duration {
	b.fill(now, rate, burst)
	if b.level >= 1 {
		return 0
	}
	return time.Duration((1-b.level)/rate*float64(time.Second)) + 1 // never rounds down to a moment too early
}

func (b *bucket) fill(now time.Time, rate, burst float64) {
	if b.at.IsZero() {
		b.level = burst
	} else if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.level = min(burst, b.level+rate*passed)
	}
	b.at = now
}

// gauge is how one bot is doing under its pace. Its clock is the machine's own,
// not the storage's: it measures spans, and a storage clock that waits for real
// time to catch up would stop every bot.
type gauge struct {
	pace   Pace
	base   float64   // rate right after the latest complaint
	halved time.Time // that complaint; zero: none
	until  time.Time // the bot pauses
	bot    bucket
	chats  map[string]*chatGauge
}

type chatGauge struct {
	bucket
	until time.Time // the chat pauses
	// given is until when turns were given to messages that wait in the ledger, by
	// lane: news must not make a code wait.
	given [laneCount]time.Time
}

// givenBefore is the last turn that was given in the lane or in a better one.
func (c *chatGauge) givenBefore(lane int) time.Time {
	var last time.Time
	for _, at := range c.given[:lane+1] {
		last = later(last, at)
	}
	return last
}

func newGauge(p Pace) *gauge {
	return &gauge{pace: p, base: p.PerSecond, chats: make(map[string]*chatGauge)}
}

// rate is the messages per second that the bot may send at present.
func (g *gauge) rate(now time.Time) float64 {
	return min(g.pace.PerSecond, g.base+g.pace.PerSecond*now.Sub(g.halved).Minutes()/regainAll.Minutes())
}

// botWait returns how long the bot as a whole has to wait.
func (g *gauge) botWait(now time.Time) time.Duration {
	return max(g.until.Sub(now), g.bot.wait(now, g.rate(now), g.pace.Burst))
}

// chatWait returns how long the chat has to wait, apart from its bot.
func (g *gauge) chatWait(chat string, now time.Time) time.Duration {
	c := g.chats[chat]
	if c == nil {
		return 0
	}
	return max(c.until.Sub(now), c.wait(now, g.pace.PerChat, g.pace.ChatBurst))
}

// chatTurn is chatWait for one more message of the lane, behind those that were
// given a turn there or in a better one.
func (g *gauge) chatTurn(chat string, lane int, now time.Time) time.Duration {
	if c := g.chats[chat]; c != nil {
		return max(g.chatWait(chat, now), c.givenBefore(lane).Sub(now))
	}
	return 0
}

// pauses reports whether the bot or one of its chats still has to wait because the
// network asked for it, which may be for many hours.
func (g *gauge) pauses(now time.Time) bool {
	for _, c := range g.chats {
		if c.until.After(now) {
			return true
		}
	}
	return g.until.After(now)
}

// take spends a token of the bot and one of the chat, both of which are there.
func (g *gauge) take(chat string, now time.Time) {
	g.bot.level--
	g.chat(chat, now).level--
}

func (g *gauge) chat(name string, now time.Time) *chatGauge {
	c := g.chats[name]
	if c == nil {
		g.prune(now)
		c = &chatGauge{}
		c.fill(now, g.pace.PerChat, g.pace.ChatBurst)
		g.chats[name] = c
	}
	return c
}

// complained follows a refusal of the network's that asks to wait, of a call
// that began at the given time. Where the network does not say whether it means the
// chat or the bot, the chat pauses, and a second chat that is refused while the
// first still has to wait shows that it means the bot.
func (g *gauge) complained(chat string, e *SendError, began, now time.Time) {
	until := now.Add(max(e.RetryAfter, leastPause))
	if e.OfChat {
		c := g.chat(chat, now)
		c.until = later(c.until, until)
		return
	}
	for name, c := range g.chats {
		if name != chat && c.until.After(now) && until.After(g.until) {
			g.until = until
		}
	}
	if c := g.chat(chat, now); until.After(c.until) {
		c.until = until
	}
	if began.After(g.halved) { // calls that were under way at a complaint repeat it
		g.base, g.halved = max(leastRate, g.rate(now)/2), now
	}
}

// keptChats is how many chats are remembered before those are forgotten of
// which nothing needs to be known any more.
const keptChats = 256

func (g *gauge) prune(now time.Time) {
	if len(g.chats) < keptChats {
		return
	}
	for name, c := range g.chats {
		c.fill(now, g.pace.PerChat, g.pace.ChatBurst)
		if c.level >= g.pace.ChatBurst && !c.until.After(now) && !c.givenBefore(laneCount-1).After(now) {
			delete(g.chats, name)
		}
	}
}
