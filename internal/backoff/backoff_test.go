package backoff

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestPauseDoublesUpToTheMost(t *testing.T) {
	for _, c := range []struct {
		failures int
		want     time.Duration
	}{
		{1, 300 * time.Millisecond},
		{2, 600 * time.Millisecond},
		{3, 1200 * time.Millisecond},
		{8, 30 * time.Second},
		{1000, 30 * time.Second},
	} {
		for spread, want := range map[float64]time.Duration{0: c.want / 2, 1: c.want} {
			p := Pace{First: 300 * time.Millisecond, Most: 30 * time.Second, Spread: func() float64 { return spread }}
			if got := p.Pause(c.failures); got != want {
				t.Errorf("pause %d with spread %v is %v, want %v", c.failures, spread, got, want)
			}
		}
	}
}

func TestPauseIsSpread(t *testing.T) {
	p, seen := Pace{First: time.Second, Most: time.Minute}, make(map[time.Duration]bool)
	for range 100 {
		d := p.Pause(1)
		if d < time.Second/2 || d > time.Second {
			t.Fatalf("pause %v is not in the second half of a second", d)
		}
		seen[d] = true
	}
	if len(seen) < 50 {
		t.Errorf("100 pauses take only %d lengths", len(seen))
	}
}

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if !Sleep(t.Context(), time.Minute) || time.Since(began) != time.Minute {
			t.Errorf("a whole sleep of a minute ended after %v", time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if Sleep(ctx, time.Minute) || time.Since(began) != time.Minute+time.Second {
			t.Errorf("a sleep whose context ended after a second lasted %v", time.Since(began)-time.Minute)
		}
	})
}
