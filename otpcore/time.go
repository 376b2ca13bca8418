package otpcore

import (
	"sync"
	"time"
)

const day = 24 * time.Hour

// noTime is the zero time, which stands for never.
var noTime time.Time

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// zones keeps the time zones that were asked for: reading one from the system's
// files costs several times what rendering a text does.
var zones sync.Map // of *time.Location, by name

// zone is the time zone of the name, or UTC where the system does not know it.
func zone(name string) *time.Location {
	if known, ok := zones.Load(name); ok {
		return known.(*time.Location)
	}
	at, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	zones.Store(name, at)
	return at
}
