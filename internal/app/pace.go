//go:build !failpoints

package app

import "time"

// purgePause is the time between two clean-ups.
const purgePause = time.Minute

// pace changes nothing. A build that is there to be killed is in a hurry.
func (c *Config) pace() {}
