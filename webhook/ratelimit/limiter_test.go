package ratelimit_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"otpravka/webhook/ratelimit"
)

func TestBurstThenSteadyRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New("key", 100, 2*time.Second)
		for i := range 100 {
			if s := l.Take("a"); !s.Allowed || s.Left != 99-i {
				t.Fatalf("call %d: %+v", i, s)
			}
		}
		s := l.Take("a")
		if s.Allowed || s.Wait != 20*time.Millisecond || s.Reset != 2*time.Second {
			t.Fatalf("call 101: %+v", s)
		}
		if !l.Take("b").Allowed {
			t.Error("one caller's calls count against another")
		}
		time.Sleep(s.Wait)
		if !l.Take("a").Allowed || l.Take("a").Allowed {
			t.Error("after the wait exactly one call is admitted")
		}
		time.Sleep(2 * time.Second)
		if s := l.Look("a"); s.Left != 100 || s.Reset != 0 {
			t.Errorf("after the window: %+v", s)
		}
	})
}

func TestLookCountsNothing(t *testing.T) {
	l := ratelimit.New("key", 1, time.Minute)
	if !l.Look("a").Allowed || !l.Take("a").Allowed || l.Look("a").Allowed {
		t.Error("looking changed the standing")
	}
}

func TestAnnounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := http.Header{}
		ratelimit.New("key", 100, 2*time.Second).Take("a").Announce(h)
		if p, r := h.Get("RateLimit-Policy"), h.Get("RateLimit"); p != `"key";q=100;w=2` || r != `"key";r=99;t=1` {
			t.Errorf("RateLimit-Policy %s, RateLimit %s", p, r)
		}
	})
}

// Whatever the pattern of calls, a stretch of time admits no more than the
// burst and what refills meanwhile.
func TestNeverMoreThanTheRate(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		burst := rapid.IntRange(1, 20).Draw(rt, "burst")
		pauses := rapid.SliceOfN(rapid.IntRange(0, 300), 1, 200).Draw(rt, "pauses")
		admitted, took := 0, time.Duration(0)
		synctest.Test(t, func(*testing.T) {
			l, began := ratelimit.New("key", burst, time.Second), time.Now()
			for _, ms := range pauses {
				time.Sleep(time.Duration(ms) * time.Millisecond)
				if l.Take("a").Allowed {
					admitted++
				}
			}
			took = time.Since(began)
		})
		interval := time.Second / time.Duration(burst)
		if most := burst + int(took/interval); admitted > most {
			rt.Fatalf("%d calls in %v, want at most %d", admitted, took, most)
		}
	})
}
