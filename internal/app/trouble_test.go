package app_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"otpravka/internal/app"
	"otpravka/otpcore"
	"otpravka/storage"
	"otpravka/webhook"
)

// apart is a shop on a server of its own, for trouble that others would feel.
func (s *shop) apart(changes ...func(*app.Config)) *shop {
	s.Helper()
	return newWorld(s.TB, changes...).business("Shop")
}

// behind opens the database past the server, as an operator's tool can.
func (w *world) behind() *sql.DB {
	w.Helper()
	path, err := storage.Location(w.cfg.DatabaseURL)
	w.must(err)
	source := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": {"busy_timeout(5000)"}}.Encode()}
	db, err := sql.Open("sqlite", source.String())
	w.must(err)
	w.Cleanup(func() { _ = db.Close() })
	return db
}

// provokeEnding lets the time of a verification pass while the server is down:
// its code is then ten seconds from the end of its longest life.
func provokeEnding(s *shop, phone string) answer {
	s = s.apart()
	v := s.begin(fields{"phone": phone, "channels": []string{"sms"}})
	s.settled(v.ID, "sms:delivered")
	s.stop()
	now := time.Now().UnixMilli()
	_, err := s.behind().ExecContext(s.ctx(), "UPDATE verifications SET created_at = $1, resend_at = $1, expires_at = $2 WHERE id = $3",
		now-590_000, now+10_000, v.ID)
	s.must(err)
	s.start()
	return s.resend(v.ID)
}

func provokeTooManySends(s *shop, phone string) answer {
	s = s.apart(func(cfg *app.Config) { cfg.Rules.Cooldowns = []time.Duration{0} })
	v := s.begin(fields{"phone": phone, "channels": []string{"sms"}})
	for n := range 4 {
		s.settled(v.ID, strings.TrimSpace(strings.Repeat("sms:delivered ", n+1)))
		if a := s.resend(v.ID); a.status != http.StatusOK {
			s.Fatalf("resend %d: %d %s", n+1, a.status, a.body)
		}
	}
	return s.resend(v.ID)
}

func provokeTooManyListeners(s *shop, _ string) answer {
	ctx, leave := context.WithCancel(s.ctx())
	defer leave()
	refused := make(chan answer, 1)
	for range 6 {
		req := s.request("GET", "/v1/events?after=latest&wait=30", nil).WithContext(ctx)
		go func() {
			if a, err := s.do(req, s.keys[0]); err == nil {
				refused <- a // of whichever came last
				leave()
			}
		}()
	}
	select {
	case a := <-refused:
		return a
	case <-time.After(patience):
		return answer{}
	}
}

func provokeTimeout(s *shop, _ string) answer {
	s = s.apart(func(cfg *app.Config) { cfg.Limits.Read = time.Second })
	return s.raw("POST", "/v1/verifications", "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+s.keys[0]+
		"\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n{")
}

// provokeInternal spoils what is sealed: the server can neither open it nor say
// more to a caller.
func provokeInternal(s *shop, phone string) answer {
	s = s.apart()
	v := s.begin(fields{"phone": phone, "channels": []string{"sms"}})
	s.settled(v.ID, "sms:delivered")
	_, err := s.behind().ExecContext(s.ctx(), "UPDATE verifications SET phone_sealed = x'00' WHERE id = $1", v.ID)
	s.must(err)
	return s.ask("GET", "/v1/verifications/"+v.ID, nil)
}

// provokeUnavailable makes the database refuse what it is told to store.
func provokeUnavailable(s *shop, phone string) answer {
	s = s.apart()
	_, err := s.behind().ExecContext(s.ctx(), "CREATE TRIGGER refuse BEFORE INSERT ON verifications BEGIN SELECT RAISE(ABORT, 'no'); END")
	s.must(err)
	return s.ask("POST", "/v1/verifications", fields{"phone": phone})
}

func provokeOverload(s *shop, phone string) answer {
	s = s.apart(func(cfg *app.Config) { cfg.Rules.Backlog = 0 }) // every message is one too many
	return s.ask("POST", "/v1/verifications", fields{"phone": phone})
}

// provokeNotReady serves over a database that is closed. A server that stops
// takes no connections any more before it closes its own.
func provokeNotReady(s *shop, _ string) answer {
	db, err := storage.Open(s.ctx(), storage.Config{
		URL: "sqlite://" + filepath.Join(s.dir, "closed.db"), Boot: otpcore.NewID(otpcore.PrefixBoot, time.Now()), Logger: slog.New(slog.DiscardHandler),
	})
	s.must(err)
	s.must(db.Close())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- webhook.New(webhook.Config{Log: slog.New(slog.DiscardHandler), Ready: db.Ping}).Serve(ctx, ln)
	}()
	res, err := s.http.Get("http://" + ln.Addr().String() + "/readyz")
	s.must(err)
	a, err := s.understood("GET", "/readyz", res)
	s.must(errors.Join(err, res.Body.Close()))
	s.http.CloseIdleConnections()
	stop()
	s.must(<-served)
	return a
}
