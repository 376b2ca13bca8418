package app_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app"
	"otpravka/otpcore"
	"otpravka/storage"
)

// examine returns what is found of the subject in a database that make fills,
// under settings changed as wanted.
func examine(t testing.TB, subject string, makeDB func(path string), changes ...func(*app.Config)) (found []app.Finding) {
	t.Helper()
	dir := shortDir(t)
	path := filepath.Join(dir, "data", "otpravka.db")
	db, err := storage.Open(t.Context(), storage.Config{URL: path, Boot: otpcore.NewID(otpcore.PrefixBoot, time.Now())})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	makeDB(path)
	cfg := app.Config{Listen: "127.0.0.1:1", DatabaseURL: path, MasterKeyFile: filepath.Join(dir, "master.key")}
	for _, change := range changes {
		change(&cfg)
	}
	for _, f := range app.Examine(t.Context(), cfg, "") {
		if f.Subject == subject {
			found = append(found, f)
		}
	}
	return found
}

func TestExamineGradesBots(t *testing.T) {
	for state, grade := range map[otpcore.BotState]app.Grade{
		otpcore.BotConnected: app.OK, otpcore.BotConnecting: app.Warn, otpcore.BotReconnecting: app.Warn,
		otpcore.BotStopped: app.Warn, otpcore.BotBadCredentials: app.Fail, otpcore.BotConflict: app.Fail, otpcore.BotInUse: app.Fail,
	} {
		found := examine(t, "bots", func(path string) { saveBot(t, path, state) })
		if len(found) != 1 || found[0].Grade != grade {
			t.Errorf("%s: %+v, want %s", state, found, grade)
			continue
		}
		for _, word := range []string{"@shop_bot", string(state)} {
			if !strings.Contains(found[0].Text, word) {
				t.Errorf("%q does not say %q", found[0].Text, word)
			}
		}
		if says := strings.Contains(found[0].Text, "Do this."); says != (grade != app.OK) {
			t.Errorf("%s: %q", state, found[0].Text)
		}
	}
}

func saveBot(t testing.TB, path string, state otpcore.BotState) {
	t.Helper()
	now := time.Now()
	db, err := storage.Open(t.Context(), storage.Config{URL: path, Boot: otpcore.NewID(otpcore.PrefixBoot, now)})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(tx otpcore.Tx) error {
		return tx.SaveBot(&otpcore.Bot{
			ID: otpcore.NewID(otpcore.PrefixBot, now), BusinessID: otpcore.NewID(otpcore.PrefixBusiness, now),
			Kind: otpcore.BotTelegram, Account: "1", Username: "shop_bot", Name: "Shop",
			State: state, StateText: "Do this.", StateAt: now, CreatedAt: now,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestExamineComparesClocks(t *testing.T) {
	for ahead, grade := range map[time.Duration]app.Grade{-time.Hour: app.OK, time.Hour: app.Warn} {
		found := examine(t, "clock", func(path string) {
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = db.ExecContext(context.Background(), `UPDATE meta SET value = $1 WHERE name = 'high_water'`, time.Now().Add(ahead).UnixMilli())
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		})
		if len(found) != 1 || found[0].Grade != grade {
			t.Errorf("a database %s ahead: %+v, want %s", ahead, found, grade)
		}
	}
}

func TestExamineGradesEndpoints(t *testing.T) {
	since := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	save := func(path string, all ...otpcore.Endpoint) {
		t.Helper()
		db, err := storage.Open(t.Context(), storage.Config{URL: path, Boot: otpcore.NewID(otpcore.PrefixBoot, time.Now())})
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range all {
			e.ID, e.BusinessID, e.URL = otpcore.ID("whk_"+string(rune('1'+i))), "biz_1", "https://shop.example/hooks?key=planted"
			e.Secret = []byte{1}
			if err := db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.SaveEndpoint(&e) }); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if found := examine(t, "endpoints", func(string) {}); len(found) != 0 {
		t.Errorf("without any: %+v", found)
	}
	found := examine(t, "endpoints", func(path string) {
		save(path,
			otpcore.Endpoint{Status: otpcore.EndpointActive}, otpcore.Endpoint{Status: otpcore.EndpointActive, FailingSince: since},
			otpcore.Endpoint{Status: otpcore.EndpointDisabled, Reason: otpcore.EndpointGone}, otpcore.Endpoint{Status: otpcore.EndpointDisabled, Reason: otpcore.EndpointFailing},
			otpcore.Endpoint{Status: otpcore.EndpointDisabled, Reason: otpcore.EndpointPaused})
	})
	want := []struct {
		grade app.Grade
		words string
	}{
		{app.Warn, "shop.example of biz_1 (whk_2) has taken no event since 2026-11-22T10:00:00Z"},
		{app.Warn, "answered 410"},
		{app.Warn, "took nothing for five days"},
		{app.OK, "1 active, 1 paused"},
	}
	if len(found) != len(want) {
		t.Fatalf("found %+v", found)
	}
	for i, w := range want {
		if found[i].Grade != w.grade || !strings.Contains(found[i].Text, w.words) || strings.Contains(found[i].Text, "planted") {
			t.Errorf("line %d is %+v, want %s %q", i, found[i], w.grade, w.words)
		}
	}
}

// TestExamineTellsHowBotsListen goes through the ways that the settings choose.
func TestExamineTellsHowBotsListen(t *testing.T) {
	const polls, posts = "ask Telegram", "/callbacks/telegram/"
	for _, tt := range []struct{ updates, public, api, want, fails string }{
		{updates: "", public: "", want: polls},
		{updates: "auto", public: "http://codes.example.com", want: polls},
		{updates: "auto", public: "https://codes.example.com", want: posts},
		{updates: "auto", public: "https://codes.example.com:443", want: posts},
		{updates: "auto", public: "https://codes.example.com:88/otp", want: posts},
		{updates: "auto", public: "https://codes.example.com:8443", want: posts},
		{updates: "auto", public: "https://codes.example.com:9000", want: polls},
		{updates: "poll", public: "https://codes.example.com", want: polls},
		{updates: "webhook", public: "https://codes.example.com", want: posts},
		{updates: "webhook", public: "", fails: "OTPRAVKA_PUBLIC_URL"},
		{updates: "webhook", public: "http://codes.example.com", fails: "443, 80, 88 or 8443"},
		{updates: "webhook", public: "http://codes.example.com", api: "http://127.0.0.1:8081", want: posts},
		{updates: "pull", public: "", fails: "auto, poll or webhook"},
	} {
		subject := "updates"
		if tt.fails != "" {
			subject = "settings"
		}
		found := examine(t, subject, func(path string) { saveBot(t, path, otpcore.BotConnected) }, func(cfg *app.Config) {
			cfg.MasterKey = strings.Repeat("k", 43)
			cfg.PublicURL, cfg.TelegramAPI, cfg.TelegramUpdates = tt.public, tt.api, tt.updates
		})
		if len(found) != 1 || !strings.Contains(found[0].Text, tt.want+tt.fails) || (found[0].Grade == app.Fail) != (tt.fails != "") {
			t.Errorf("%s under %q: %+v, want %q", tt.updates, tt.public, found, tt.want+tt.fails)
		}
	}
}
