package events

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
)

// A business with a long line gets one place per turn, like everybody else.
func TestGateTakesBusinessesInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, 10)
		if !g.enter(t.Context(), "first", "h") {
			t.Fatal("an empty gate is closed")
		}
		var order []otpcore.ID
		line := func(business otpcore.ID, n int) {
			for range n {
				go func() {
					if g.enter(t.Context(), business, "h") {
						order = append(order, business)
						g.leave("h")
					}
				}()
				synctest.Wait()
			}
		}
		line("big", 5)
		line("small", 2)
		line("other", 1)
		g.leave("h")
		synctest.Wait()
		want := []otpcore.ID{"big", "small", "other", "big", "small", "big", "big", "big"}
		if !slices.Equal(order, want) {
			t.Errorf("they enter as %v, want %v", order, want)
		}
		if g.inside != 0 || len(g.hosts) != 0 || len(g.lines) != 0 || len(g.turns) != 0 {
			t.Errorf("an empty gate holds %+v", g)
		}
	})
}

// A host that is full holds up nobody who goes elsewhere, not even in the same
// business.
func TestGateBoundsHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(10, 2)
		for range 2 {
			g.enter(t.Context(), "a", "busy")
		}
		entered := make(chan string, 2)
		ctx, leave := context.WithTimeout(t.Context(), time.Minute)
		defer leave()
		go func() {
			if g.enter(ctx, "a", "busy") {
				entered <- "busy"
			} else {
				entered <- "gave up"
			}
		}()
		synctest.Wait()
		if !g.enter(ctx, "a", "free") || !g.enter(ctx, "b", "free") {
			t.Error("another host is closed")
		}
		time.Sleep(2 * time.Minute)
		if got := <-entered; got != "gave up" {
			t.Errorf("a full host: %s", got)
		}
		for _, host := range []string{"busy", "busy", "free", "free"} {
			g.leave(host)
		}
		if g.inside != 0 || len(g.hosts) != 0 || len(g.lines) != 0 || len(g.turns) != 0 {
			t.Errorf("an empty gate holds %+v", g)
		}
	})
}
