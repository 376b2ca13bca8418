package feed

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
)

// Feed hands every published value to every subscriber, in order. A slow
// subscriber loses nothing and holds up nobody: what it has not read yet waits
// in its own list. The zero value is ready.
type Feed[T any] struct {
	listeners atomic.Int32
	mu        sync.Mutex
	closed    bool
	subs      map[*subscription[T]]struct{}
}

type subscription[T any] struct {
	queue []T
	wake  chan struct{}
}

// Idle reports whether nobody listens, so that a busy publisher can skip the
// work of describing what happened.
func (f *Feed[T]) Idle() bool { return f.listeners.Load() == 0 }

// Publish hands v to all present subscribers.
func (f *Feed[T]) Publish(v T) {
	if f.Idle() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for s := range f.subs {
		s.queue = append(s.queue, v)
		s.signal()
	}
}

// Subscribe returns what is published from this moment on (and not from the
// first turn of the loop on). The sequence ends when the context ends or the
// feed closes; leaving the loop early ends the subscription too. It can be
// ranged over once.
func (f *Feed[T]) Subscribe(ctx context.Context) iter.Seq[T] {
	s := &subscription[T]{wake: make(chan struct{}, 1)}
	f.add(s)
	stop := context.AfterFunc(ctx, func() { f.remove(s) })
	return func(yield func(T) bool) {
		defer stop()
		defer f.remove(s)
		for {
			batch, open := f.drain(s)
			for _, v := range batch {
				if ctx.Err() != nil || !yield(v) {
					return
				}
			}
			if !open {
				return
			}
			if len(batch) > 0 {
				continue
			}
			select {
			case <-s.wake:
			case <-ctx.Done():
				return
			}
		}
	}
}

// Close ends all sequences after what was published so far.
func (f *Feed[T]) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for s := range f.subs {
		s.signal()
	}
}

func (f *Feed[T]) add(s *subscription[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.subs == nil {
		f.subs = make(map[*subscription[T]]struct{})
	}
	f.subs[s] = struct{}{}
	f.listeners.Store(int32(len(f.subs)))
}

func (f *Feed[T]) remove(s *subscription[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.subs, s)
	f.listeners.Store(int32(len(f.subs)))
}

func (f *Feed[T]) drain(s *subscription[T]) (batch []T, open bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	batch, s.queue = s.queue, nil
	return batch, !f.closed
}

func (s *subscription[T]) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
