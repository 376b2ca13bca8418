package telegramsim

import (
	"math"
	"time"
)

// Limits are the rates above which sendMessage answers 429 with retry_after.
// A rate of 0 is no limit.
type Limits struct {
	BotPerSecond  float64 // messages per second of one bot
	BotBurst      float64 // how many of them at once
	ChatPerSecond float64 // messages per second into one chat
	ChatBurst     float64 // how many of them at once
}

// TelegramLimits are the rates of https://core.telegram.org/bots/faq: about
// 30 messages per second of one bot and about one per second into one chat,
// where short bursts pass.
func TelegramLimits() Limits {
	return Limits{BotPerSecond: 30, BotBurst: 30, ChatPerSecond: 1, ChatBurst: 3}
}

// bucket is a token bucket; one without a rate is never empty.
type bucket struct {
	rate, burst float64
	level       float64
	at          time.Time
}

func newBucket(rate, burst float64) bucket {
	burst = max(burst, 1)
	return bucket{rate: rate, burst: burst, level: burst}
}

// wait returns how long the next message must wait; 0 means that it may go.
func (b *bucket) wait(now time.Time) time.Duration {
	if b.rate <= 0 {
		return 0
	}
	if !b.at.IsZero() {
		b.level = min(b.burst, b.level+b.rate*now.Sub(b.at).Seconds())
	}
	b.at = now
	if b.level >= 1 {
		return 0
	}
	return time.Duration((1 - b.level) / b.rate * float64(time.Second))
}

func (b *bucket) take() { b.level-- }

// spend takes one message from both buckets, or from neither.
func spend(bot, chat *bucket, now time.Time) error {
	wait := max(bot.wait(now), chat.wait(now))
	if wait > 0 {
		return tooManyRequests(int(math.Ceil(wait.Seconds())))
	}
	bot.take()
	chat.take()
	return nil
}
