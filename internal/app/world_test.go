package app_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"otpravka/internal/app"
	"otpravka/internal/app/admin"
	"otpravka/internal/sim/smssim"
	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
	"otpravka/sms"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for what must happen.
const patience = 30 * time.Second

// world is a whole installation: app.Run on a port of loopback, a simulated
// Telegram and a simulated SMS provider around it.
type world struct {
	testing.TB
	tg   *telegramsim.Server
	sms  *smssim.Server
	dir  string
	cfg  app.Config
	logs *journal
	url  string
	http *http.Client
	stop func()       // ends the server in order; once is enough
	end  func() error // stop for a server that may cut off what is in hand: what it ended with

	mu   sync.Mutex
	said bytes.Buffer // every answer of the API, but for codes of test keys
}

// newWorld starts a world; changes prepare its configuration.
func newWorld(t testing.TB, changes ...func(*app.Config)) *world {
	t.Helper()
	w := &world{
		TB: t, tg: telegramsim.New(telegramsim.Options{}), sms: smssim.New(smssim.Options{}), dir: shortDir(t), logs: new(journal),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	t.Cleanup(w.http.CloseIdleConnections)
	telegramURL, err := w.tg.Listen()
	w.must(err)
	t.Cleanup(w.tg.Close)
	smsURL, err := w.sms.Listen()
	w.must(err)
	t.Cleanup(w.sms.Close)
	w.cfg = app.Config{
		Listen:        "127.0.0.1:0",
		DatabaseURL:   "sqlite://" + filepath.Join(w.dir, "data", "otpravka.db"),
		MasterKeyFile: filepath.Join(w.dir, "key", "master.key"),
		TelegramAPI:   telegramURL,
		SMS:           w.providers(smssim.Declaration(smsURL)),
		Rules:         otpcore.DefaultRules(),
		Log:           coretest.NewLog(w.logs),
	}
	for _, change := range changes {
		change(&w.cfg)
	}
	w.start()
	t.Cleanup(func() {
		w.stop()
		if t.Failed() {
			lines := strings.SplitAfter(w.logs.String(), "\n")
			t.Logf("the end of the server's log:\n%s", strings.Join(lines[max(0, len(lines)-15):], ""))
		}
	})
	return w
}

// shortDir is a directory whose path leaves room for the name of a socket.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "otp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// providers reads the declarations through the file that an operator writes.
func (w *world) providers(declared ...string) []sms.ProviderConfig {
	w.Helper()
	name := filepath.Join(w.dir, "otpravka.yaml")
	w.must(os.WriteFile(name, []byte("sms_providers:\n"+strings.Join(declared, "")), 0o600))
	file, err := app.ReadFile(name)
	w.must(err)
	return file.Providers
}

// start runs the server and returns once it answers. A second start keeps the
// first one's port, as a restarted server does.
func (w *world) start() {
	w.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan string, 1), make(chan error, 1)
	cfg := w.cfg
	cfg.Ready = func(url string) { ready <- url }
	go func() { ended <- app.Run(ctx, cfg) }()
	select {
	case w.url = <-ready:
	case err := <-ended:
		cancel()
		w.Fatalf("the server did not start: %v", err)
	}
	w.cfg.Listen = strings.TrimPrefix(w.url, "http://")
	w.end = sync.OnceValue(func() error {
		w.http.CloseIdleConnections()
		cancel()
		select {
		case err := <-ended:
			return err
		case <-time.After(patience):
			return fmt.Errorf("not within %s", patience)
		}
	})
	w.stop = sync.OnceFunc(func() {
		if err := w.end(); err != nil {
			w.Errorf("the server ended with %v", err)
		}
	})
}

// business makes a business in Kazakhstan, whose texts are English.
func (w *world) business(name string, changes ...func(*otpcore.Settings)) *shop {
	w.Helper()
	set := otpcore.Settings{Countries: []string{"KZ", "KG"}, DefaultCountry: "KZ", Locale: "en", Currency: "KZT", TimeZone: "Asia/Almaty"}
	for _, change := range changes {
		change(&set)
	}
	s := &shop{world: w}
	w.must(app.Operate(w.ctx(), w.cfg, func(op app.Operator) error {
		made, err := op.CreateBusiness(w.ctx(), admin.NewBusiness{Name: name, Settings: set})
		s.id, s.keys, s.trial = string(made.ID), []string{made.LiveKey}, made.TestKey
		return err
	}))
	return s
}

// ctx bounds one wait.
func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.Cleanup(cancel)
	return ctx
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// until asks again and again, for facts that no signal announces, and less
// often than the limit of one key.
func (w *world) until(what string, holds func() bool) {
	w.Helper()
	over := time.After(patience)
	for !holds() {
		select {
		case <-over:
			w.Fatalf("%s: not within %s", what, patience)
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// waitSMS waits for a message with a code on the phone.
func (w *world) waitSMS(phone string) smssim.SMS {
	w.Helper()
	m, err := w.sms.WaitSMS(w.ctx(), phone, smssim.HasCode())
	if err != nil {
		w.Fatalf("no SMS with a code: %v", err)
	}
	return m
}

// dial opens a connection for requests that no HTTP client sends.
func (w *world) dial() net.Conn {
	w.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	w.must(err)
	w.Cleanup(func() { _ = conn.Close() })
	w.must(conn.SetDeadline(time.Now().Add(patience)))
	return conn
}

// journal is a log that tests may read while the server writes.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write adds to the journal.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

// String is what the journal holds so far.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}
