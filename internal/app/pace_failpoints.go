//go:build failpoints

package app

import (
	"time"

	"otpravka/otpcore"
)

const purgePause = 100 * time.Millisecond

// pace shortens every clock of the rules, so that the whole life of a code fits
// into the seconds that a crash test has for it.
func (c *Config) pace() {
	c.CallsPerSecond = 10_000
	c.Rules = otpcore.DefaultRules()
	c.Rules.TTL, c.Rules.FallbackAfter = 4*time.Second, time.Second
	c.Rules.MaxLife, c.Rules.SMSLife = 8*time.Second, 2*time.Second
	c.Rules.Cooldowns = []time.Duration{50 * time.Millisecond}
	c.Rules.CallTimeout, c.Rules.LeaseSlack = 2*time.Second, 500*time.Millisecond
	c.Rules.Retries = []time.Duration{100 * time.Millisecond, 300 * time.Millisecond}
	c.Rules.ReceiptWait = 300 * time.Millisecond
}
