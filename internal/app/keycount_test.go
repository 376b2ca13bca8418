package app_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"otpravka/internal/phone"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
	"otpravka/storage"
	"otpravka/webhook/api"
)

// readings is a database that counts every question of the domain.
type readings struct {
	otpcore.Reader
	keys, businesses atomic.Int64
}

func (r *readings) KeyByPublic(ctx context.Context, public string) (*otpcore.APIKey, error) {
	r.keys.Add(1)
	return r.Reader.KeyByPublic(ctx, public)
}

func (r *readings) Business(ctx context.Context, id otpcore.ID) (*otpcore.Business, error) {
	r.businesses.Add(1)
	return r.Reader.Business(ctx, id)
}

func (r *readings) total() int64 { return r.keys.Load() + r.businesses.Load() }

func TestT38KeyWithABadChecksumCostsNoQuery(t *testing.T) {
	t.Parallel()
	db, err := storage.Open(t.Context(), storage.Config{
		URL: filepath.Join(t.TempDir(), "otpravka.db"), Boot: otpcore.NewID(otpcore.PrefixBoot, time.Now()), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	reader := &readings{Reader: db}
	core := otpcore.New(otpcore.Config{
		Ledger: db, Reader: reader, Vault: coretest.NewVault(), Carriers: coretest.NewCarriers(),
		Renderer: coretest.NewRenderer(), Phones: phone.Parser{}, Rules: otpcore.DefaultRules(),
	})
	defer core.Dispatcher.Close(t.Context())
	made, err := core.Businesses.Create(t.Context(), "Shop", otpcore.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	room, err := api.New(api.NewHandlers(api.Services{Businesses: core.Businesses}), core.Businesses, 0)
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	room.Mount(e)
	ask := func(key string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/keys", nil)
		r.Header.Set("Authorization", "Bearer "+key)
		e.ServeHTTP(httptest.NewRecorder(), r)
	}
	good := made.Live.Reveal()
	for i := range len(good) {
		for _, with := range []byte("0aZ_") {
			if good[i] != with {
				ask(good[:i] + string(with) + good[i+1:])
			}
		}
	}
	for _, key := range []string{"", good[:len(good)-1], good + "0", strings.ToUpper(good), strings.Repeat("x", 1<<16)} {
		ask(key)
	}
	if n := reader.total(); n != 0 {
		t.Errorf("mistyped keys cost %d queries", n)
	}
	ask(good)
	if reader.keys.Load() != 1 || reader.businesses.Load() == 0 {
		t.Errorf("the good key cost %d and %d queries: they are not counted", reader.keys.Load(), reader.businesses.Load())
	}
}
