package otpcore

import "time"

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
