package events_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/sim/loopback"
	"otpravka/internal/sim/receiversim"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
	"otpravka/storage"
	"otpravka/webhook/events"
)

// world is the domain over a real database, with the real client and poster,
// and receivers that speak HTTP in memory. It lives in a bubble, so that days
// pass at once.
type world struct {
	testing.TB
	path string
	db   *storage.DB
	core *otpcore.Core

	vault *coretest.Vault
	mu    sync.Mutex
	hosts map[string]*loopback.Memory
	stop  func()
}

func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "otpravka.db")
	synctest.Test(t, func(t *testing.T) {
		w := &world{TB: t, path: path, vault: coretest.NewVault(), hosts: map[string]*loopback.Memory{}}
		w.start()
		synctest.Wait()
		defer func() { w.stop() }()
		test(w)
	})
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// start opens the database and sets the poster to work, until stop.
func (w *world) start() {
	w.Helper()
	boot := otpcore.NewID(otpcore.PrefixBoot, time.Now())
	var err error
	w.db, err = storage.Open(w.Context(), storage.Config{URL: w.path, Boot: boot})
	w.must(err)
	var opened []string
	for n := range 100 {
		opened = append(opened, fmt.Sprintf("shop%d:80", n))
	}
	guard := events.NewGuard(opened, nil)
	guard.Through(func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		w.mu.Lock()
		memory := w.hosts[host]
		w.mu.Unlock()
		if memory == nil {
			return nil, &net.OpError{Op: "dial", Err: net.UnknownNetworkError("nobody listens")}
		}
		return memory.DialContext(ctx, network, address)
	})
	client := events.NewClient(events.ClientConfig{Guard: guard})
	w.core = otpcore.New(otpcore.Config{
		Ledger: w.db, Reader: w.db, Vault: w.vault, Carriers: coretest.NewCarriers(), Renderer: coretest.NewRenderer(),
		Postman: client, Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(), Boot: boot,
	})
	w.db.OnCommit(w.core.Committed)
	poster := events.NewPoster(events.PosterConfig{
		Endpoints: w.core.Endpoints, Events: w.core.Events, Postman: client, Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.Context()))
	over := make(chan error, 1)
	go func() { over <- poster.Run(ctx) }()
	w.stop = func() {
		cancel()
		w.must(<-over)
		client.Close()
		w.core.Dispatcher.Close(context.WithoutCancel(w.Context()))
		w.must(w.db.Close())
	}
}

// receiver is a merchant's receiver at http://name/hooks.
func (w *world) receiver(name string) *receiversim.Server {
	w.Helper()
	memory := loopback.NewMemory(name)
	s := receiversim.New(receiversim.Options{Listener: memory})
	_, err := s.Listen()
	w.must(err)
	w.Cleanup(s.Close)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[name] = memory
	return s
}

// business makes a business.
func (w *world) business(name string) otpcore.Caller {
	w.Helper()
	made, err := w.core.Businesses.Create(w.Context(), name, otpcore.Settings{Countries: []string{"KZ"}})
	w.must(err)
	return otpcore.Caller{Business: made.Business, Mode: otpcore.Live}
}

// endpoint registers a receiver, and tells it the secret.
func (w *world) endpoint(by otpcore.Caller, name string, at *receiversim.Server, types ...otpcore.EventType) *otpcore.Endpoint {
	w.Helper()
	e, secret, err := w.core.Endpoints.Create(w.Context(), by, otpcore.EndpointRequest{URL: "http://" + name + "/hooks", Types: types})
	w.must(err)
	if at != nil {
		at.Trust(secret)
	}
	return e
}

// happen commits n events of a business, each of them by itself.
func (w *world) happen(by otpcore.Caller, kind otpcore.EventType, n int) (ids []otpcore.ID) {
	w.Helper()
	for n > 0 {
		batch := min(n, 100)
		n -= batch
		var some []otpcore.ID
		w.must(w.db.Write(w.Context(), func(tx otpcore.Tx) error {
			some = nil
			for range batch {
				e := otpcore.Event{ID: otpcore.NewID(otpcore.PrefixEvent, tx.Now()), BusinessID: by.Business.ID, Mode: by.Mode, Type: kind, At: tx.Now()}
				some = append(some, e.ID)
				if err := tx.AddEvent(e); err != nil {
					return err
				}
			}
			return nil
		}))
		ids = append(ids, some...)
	}
	return ids
}

func (w *world) postings(by otpcore.Caller, e *otpcore.Endpoint) []*otpcore.Posting {
	w.Helper()
	all, err := w.core.Endpoints.Postings(w.Context(), by, otpcore.PostingQuery{EndpointID: e.ID, Limit: 100_000})
	w.must(err)
	return all
}

func (w *world) get(by otpcore.Caller, e *otpcore.Endpoint) *otpcore.Endpoint {
	w.Helper()
	got, err := w.core.Endpoints.Get(w.Context(), by, e.ID)
	w.must(err)
	return got
}

// pass lets time go by and the world come to rest.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
