package api_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/internal/sim/loopback"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
	"otpravka/storage"
	"otpravka/webhook"
	"otpravka/webhook/api"
)

// wire is the API over the real domain and a real database, in a bubble whose
// connections are pipes: the half minute of a listener passes at once.
type wire struct {
	*testing.T
	core   *otpcore.Core
	db     *storage.DB
	key    string // of the shop, live
	caller otpcore.Caller
	client *http.Client
	stop   func() // ends the server as the program does
}

func onWire(t *testing.T, test func(w *wire)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "otpravka.db")
	synctest.Test(t, func(t *testing.T) {
		boot := otpcore.NewID(otpcore.PrefixBoot, time.Now())
		db, err := storage.Open(t.Context(), storage.Config{URL: path, Boot: boot})
		if err != nil {
			t.Fatal(err)
		}
		vault := coretest.NewVault()
		w := &wire{T: t, db: db, core: otpcore.New(otpcore.Config{
			Ledger: db, Reader: db, Vault: vault, Carriers: coretest.NewCarriers(), Renderer: coretest.NewRenderer(),
			Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(), Boot: boot,
		})}
		db.OnCommit(w.core.Committed)
		made, err := w.core.Businesses.Create(t.Context(), "Shop", otpcore.Settings{Countries: []string{"KZ"}})
		if err != nil {
			t.Fatal(err)
		}
		w.key, w.caller = made.Live.Reveal(), otpcore.Caller{Business: made.Business, Mode: otpcore.Live}
		w.serve(vault)
		test(w)
		w.stop()
		w.core.Dispatcher.Close(t.Context())
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func (w *wire) serve(vault otpcore.Vault) {
	w.Helper()
	surface, err := api.New(api.NewHandlers(api.Services{Events: w.core.Events, Vault: vault}), w.core.Businesses, 0)
	if err != nil {
		w.Fatal(err)
	}
	server := webhook.New(webhook.Config{Log: slog.New(slog.DiscardHandler)}, surface)
	ln := loopback.NewMemory("otpravka")
	w.client = ln.Client()
	listeners, stopListeners := context.WithCancel(w.Context())
	serving, stopServing := context.WithCancel(w.Context())
	ends := make(chan error, 2)
	go func() { ends <- w.core.Events.Run(listeners) }()
	go func() { ends <- server.Serve(serving, ln) }()
	w.stop = func() {
		for _, stop := range []func(){stopListeners, stopServing} {
			stop()
			if err := <-ends; err != nil {
				w.Errorf("the end of the server: %v", err)
			}
		}
		w.client.CloseIdleConnections()
		w.stop = func() {}
	}
}

// events is an answer of the list.
type events struct {
	status int
	code   string // of a problem
	detail string
	after  time.Duration

	Items []struct {
		ID   string            `json:"id"`
		Type string            `json:"type"`
		Data map[string]string `json:"data"`
	} `json:"items"`
	NextAfter string `json:"next_after"`
	HasMore   bool   `json:"has_more"`
}

func (w *wire) list(query string) (e events) {
	w.Helper()
	began := time.Now()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, "http://otpravka/v1/events?"+query, nil)
	if err != nil {
		w.Error(err)
		return e
	}
	req.Header.Set("Authorization", "Bearer "+w.key)
	res, err := w.client.Do(req)
	if err != nil {
		w.Errorf("%s: %v after %s", query, err, time.Since(began))
		return e
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.Errorf("%s: %v", query, err)
	}
	var problem struct{ Code, Detail string }
	if err := json.Unmarshal(body, &e); err != nil {
		w.Errorf("%s: %v in %s", query, err, body)
	}
	_ = json.Unmarshal(body, &problem)
	e.status, e.code, e.detail, e.after = res.StatusCode, problem.Code, problem.Detail, time.Since(began)
	return e
}

func (w *wire) add(t otpcore.EventType) (id string) {
	w.Helper()
	err := w.db.Write(w.Context(), func(tx otpcore.Tx) error {
		e := otpcore.Event{
			ID: otpcore.NewID(otpcore.PrefixEvent, tx.Now()), BusinessID: w.caller.Business.ID, Mode: w.caller.Mode, Type: t, At: tx.Now(),
			Data: map[string]string{"channel": "telegram"},
		}
		id = string(e.ID)
		return tx.AddEvent(e)
	})
	if err != nil {
		w.Fatal(err)
	}
	return id
}

// A listener may wait longer than any other request may take, and is answered
// in the moment in which its event is stored.
func TestListenerIsAnsweredAtOnce(t *testing.T) {
	onWire(t, func(w *wire) {
		answers := make(chan events, 1)
		go func() { answers <- w.list("after=latest&wait=30") }()
		time.Sleep(29 * time.Second)
		id := w.add(otpcore.EventLinkCreated)
		a := <-answers
		if a.status != http.StatusOK || a.after != 29*time.Second || len(a.Items) != 1 || a.Items[0].ID != id || a.NextAfter != id || a.HasMore {
			t.Errorf("%+v", a)
		}
		if a.Items[0].Type != "link.created" || a.Items[0].Data["channel"] != "telegram" {
			t.Errorf("the event is %+v", a.Items[0])
		}
		// The connection serves on, and a wait in vain ends with an empty list.
		if a := w.list("wait=30&after=" + id); a.status != http.StatusOK || a.after != 30*time.Second || a.Items == nil || len(a.Items) != 0 || a.NextAfter != id {
			t.Errorf("%+v", a)
		}
	})
}

func TestStoppingServerWaitsForNoListener(t *testing.T) {
	onWire(t, func(w *wire) {
		answers := make(chan events, 3)
		for range cap(answers) {
			go func() { answers <- w.list("wait=30") }()
		}
		synctest.Wait()
		began := time.Now()
		w.stop()
		for range cap(answers) {
			if a := <-answers; a.status != http.StatusOK || len(a.Items) != 0 || a.NextAfter != otpcore.FromBeginning {
				t.Errorf("a listener was answered %+v", a)
			}
		}
		// Shutdown looks again and again for connections that became idle.
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the stop took %s", took)
		}
	})
}

func TestEventPages(t *testing.T) {
	onWire(t, func(w *wire) {
		var ids []string
		for _, kind := range []otpcore.EventType{otpcore.EventLinkCreated, otpcore.NoteCheckFailed, otpcore.EventLinkStale, otpcore.EventLinkCreated} {
			if id := w.add(kind); !kind.IsNote() {
				ids = append(ids, id)
			}
		}
		for query, want := range map[string]struct {
			ids  []string
			next string
			more bool
		}{
			"":                            {ids, ids[2], false},
			"after=beginning&limit=2":     {ids[:2], ids[1], true},
			"limit=2&after=" + ids[1]:     {ids[2:], ids[2], false},
			"after=" + ids[2]:             {nil, ids[2], false},
			"after=latest":                {nil, ids[2], false},
			"types=link.stale":            {ids[1:2], ids[2], false},
			"types=link.stale,link.stale": {ids[1:2], ids[2], false},
			"types=link.revoked&limit=1":  {nil, ids[2], false},
			"types=link.created&wait=30":  {[]string{ids[0], ids[2]}, ids[2], false},
			"types=link.stale%2Cbot.state_changed&limit=1": {ids[1:2], ids[1], true},
		} {
			a := w.list(query)
			var got []string
			for _, e := range a.Items {
				got = append(got, e.ID)
			}
			if a.status != http.StatusOK || !slices.Equal(got, want.ids) || a.NextAfter != want.next || a.HasMore != want.more || a.after != 0 {
				t.Errorf("%q: %+v, want %+v", query, a, want)
			}
		}
	})
}

func TestEventRefusals(t *testing.T) {
	onWire(t, func(w *wire) {
		for query, code := range map[string]string{
			"wait=31": "bad_parameter", "wait=-1": "bad_parameter", "wait=1s": "bad_parameter", "limit=101": "bad_parameter", "limit=0": "bad_parameter",
			"types=": "bad_parameter", "types=note.check_failed": "bad_parameter", "types=link.created,": "bad_parameter",
			"types=link.created&types=link.stale": "bad_parameter", "after=": "bad_parameter", "after=a%00b": "bad_parameter",
			"after=newest": "bad_cursor", "after=evt_01kpx3q8e5f1ttgq0g7m9y2c4d": "bad_cursor", "after=" + string(w.caller.Business.ID): "bad_cursor",
			"cursor=abc": "bad_query",
		} {
			if a := w.list(query); a.status != http.StatusBadRequest || a.code != code {
				t.Errorf("%q is answered %d %s", query, a.status, a.code)
			}
		}
		for types, want := range map[string]string{
			"delivery.sent,verificaton.approved": "query/types: The type verificaton.approved does not exist. Its name may be verification.approved.",
			"delivery.sent,77015550123":          "query/types: Type 2 of the list does not exist. Use types out of: verification.started, verification.approved, ",
		} {
			if a := w.list("types=" + types); !strings.HasPrefix(a.detail, want) || strings.Contains(a.detail, "7701") {
				t.Errorf("types=%s is answered %q, want %q", types, a.detail, want)
			}
		}
		for range 5 {
			go w.list("wait=30")
		}
		synctest.Wait()
		if a := w.list("wait=30"); a.status != http.StatusTooManyRequests || a.code != "too_many_listeners" {
			t.Errorf("the sixth listener of a key is answered %+v", a)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		_, text, err := w.core.Businesses.AddKey(w.Context(), w.caller, otpcore.KeyRequest{Scopes: []otpcore.Scope{otpcore.ScopeStart, otpcore.ScopeCheck}})
		if err != nil {
			t.Fatal(err)
		}
		w.key = text.Reveal()
		if a := w.list(""); a.status != http.StatusForbidden || a.code != "missing_scope" {
			t.Errorf("a key of a login service is answered %+v", a)
		}
	})
}
