package feed_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"otpravka/internal/sim/feed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFeedKeepsOrderForSlowReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f feed.Feed[int]
		f.Publish(0) // Nobody listens yet.
		seq := f.Subscribe(t.Context())
		for i := 1; i <= 100; i++ {
			f.Publish(i)
		}
		got := make(chan []int)
		go func() { got <- slices.Collect(seq) }()
		synctest.Wait()
		f.Publish(101)
		synctest.Wait()
		f.Close()
		if all := <-got; len(all) != 101 || !slices.IsSorted(all) || all[0] != 1 {
			t.Errorf("got %v", all)
		}
	})
}

func TestFeedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f feed.Feed[int]
		ctx, cancel := context.WithCancel(t.Context())
		canceled, left := f.Subscribe(ctx), f.Subscribe(t.Context())
		f.Publish(1)
		for range left {
			break
		}
		cancel()
		synctest.Wait()
		if !f.Idle() {
			t.Error("subscriptions are left")
		}
		for v := range canceled {
			t.Errorf("got %d after the end", v)
		}
	})
}

func TestAwaitMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n feed.Notifier
		looks := 0
		got, err := feed.Await(t.Context(), &n, nil, func() (int, bool) {
			looks++
			if looks < 3 {
				n.Notify() // A change between the look and the wait.
			}
			return looks, looks == 3
		})
		if got != 3 || err != nil {
			t.Errorf("got %d, %v", got, err)
		}
		never := func() (int, bool) { return 0, false }
		closing := make(chan struct{})
		close(closing)
		if _, err := feed.Await(t.Context(), &n, closing, never); !errors.Is(err, feed.ErrClosed) {
			t.Errorf("closed: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := feed.Await(ctx, &n, nil, never); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled: %v", err)
		}
	})
}
