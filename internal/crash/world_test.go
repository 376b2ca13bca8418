package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"otpravka/internal/app/admin"
	"otpravka/internal/freeport"
	"otpravka/internal/pgtest"
	"otpravka/internal/sim/receiversim"
	"otpravka/internal/sim/smssim"
	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
)

// world is the program as a process, and around it a Telegram and an SMS
// provider that live on when it dies, and remember what they were given.
type world struct {
	testing.TB
	*child
	tg       *telegramsim.Server
	sms      *smssim.Server
	shop     *receiversim.Server // gets the events of the last business
	bot      *telegramsim.Bot
	dir      string
	database string // URL
	http     *http.Client
	key      string // API key of the shop
	keys     []string
	places   chan struct{} // bounds the requests at once, so that there are many batches
}

// engine is a kind of database.
type engine struct {
	name string
	url  func(t testing.TB, dir string) string
}

var (
	sqlite = engine{"sqlite", func(_ testing.TB, dir string) string {
		return "sqlite://" + filepath.Join(dir, "data", "otpravka.db")
	}}
	postgres = engine{"postgres", func(t testing.TB, _ string) string { return pgtest.URL(t) }}
)

// behind is a PostgreSQL behind a proxy.
func behind(proxy *pgtest.Proxy) engine {
	return engine{"postgres", func(testing.TB, string) string { return proxy.URL }}
}

// newWorld starts the simulators and the server, which dies at the hit of a
// point that kill names. Changes prepare its process.
func newWorld(t testing.TB, on engine, kill string, changes ...func(*child)) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "otp") // short: the name of a socket is limited
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &world{
		TB: t, dir: dir, database: on.url(t, dir), places: make(chan struct{}, 4),
		tg: telegramsim.New(telegramsim.Options{}), sms: smssim.New(smssim.Options{}), shop: receiversim.New(receiversim.Options{}),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: 10 * time.Second},
	}
	t.Cleanup(w.http.CloseIdleConnections)
	telegramURL, err := w.tg.Listen()
	w.must(err)
	t.Cleanup(w.tg.Close)
	smsURL, err := w.sms.Listen()
	w.must(err)
	t.Cleanup(w.sms.Close)
	shopURL, err := w.shop.Listen()
	w.must(err)
	t.Cleanup(w.shop.Close)
	config := filepath.Join(dir, "otpravka.yaml")
	settings := "webhooks: {allow: [\"" + strings.TrimPrefix(shopURL, "http://") + "\"]}\nsms_providers:\n" + smssim.Declaration(smsURL)
	w.must(os.WriteFile(config, []byte(settings), 0o600))
	addr := freeport.For(t)
	w.child = &child{TB: t, url: "http://" + addr, kill: kill, env: []string{
		"HOME=" + dir, "TMPDIR=" + os.TempDir(), "OTPRAVKA_LISTEN=" + addr, "OTPRAVKA_METRICS_LISTEN=off",
		"OTPRAVKA_DATABASE_URL=" + w.database, "OTPRAVKA_MASTER_KEY_FILE=" + filepath.Join(dir, "key", "master.key"),
		"OTPRAVKA_TELEGRAM_API=" + telegramURL, "OTPRAVKA_CONFIG=" + config, "OTPRAVKA_FAILPOINT_HITS=" + w.hitsFile(),
	}}
	for _, change := range changes {
		change(w.child)
	}
	w.start()
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) hitsFile() string { return filepath.Join(w.dir, "hits") }

// ctx bounds one wait.
func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	w.Cleanup(cancel)
	return ctx
}

type fields map[string]any

// ask sends a request until it is answered, as a client does that wants to know:
// the same body under the same key. It returns the status.
func (w *world) ask(method, path, once string, body, answer any) int {
	encoded, err := json.Marshal(body)
	if err != nil {
		w.Error(err)
		return 0
	}
	for over := time.Now().Add(patience); time.Now().Before(over); {
		w.places <- struct{}{}
		status := w.askOnce(method, path, once, string(encoded), answer)
		<-w.places
		if status != 0 && status != http.StatusServiceUnavailable {
			return status
		}
		time.Sleep(pause) // the server is away
	}
	w.Errorf("%s %s was not answered within %s", method, path, patience)
	return 0
}

// askOnce returns 0 when there was no whole answer.
func (w *world) askOnce(method, path, once, body string, answer any) int {
	req, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.Error(err)
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+w.key)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", once)
	}
	res, err := w.http.Do(req)
	if err != nil {
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	if json.NewDecoder(res.Body).Decode(answer) != nil && res.StatusCode < 300 {
		return 0
	}
	return res.StatusCode
}

// open makes businesses, a bot of the last one, and its links.
func (w *world) open(businesses int) {
	w.Helper()
	for range businesses {
		w.key = w.business()
		w.keys = append(w.keys, w.key)
	}
	w.listen()
	const token = "7000000001:a-token-of-the-simulated-telegram-01"
	w.bot = w.tg.AddBot(token, "shop_bot", "Shop")
	var answer struct{ Code string }
	switch w.ask("POST", "/v1/bots", "bot", fields{"kind": "telegram", "token": token}, &answer) {
	case http.StatusCreated:
	default:
		w.Fatalf("the bot was refused: %s", answer.Code)
	}
}

// business makes a business over the admin socket. The command has no key to
// repeat it under: an operator who got no answer makes another business.
func (w *world) business() string {
	w.Helper()
	var trouble error
	for over := time.Now().Add(patience); time.Now().Before(over); time.Sleep(pause) {
		sockets, err := filepath.Glob(filepath.Join(w.dir, "*", "*.sock"))
		w.must(err)
		if len(sockets) != 1 {
			trouble = fmt.Errorf("%d sockets", len(sockets))
			continue
		}
		client, err := admin.Dial(w.ctx(), sockets[0])
		if trouble = err; err != nil {
			continue
		}
		made, err := client.CreateBusiness(w.ctx(), admin.NewBusiness{Name: "Shop", Settings: otpcore.Settings{
			Countries: []string{"KZ"}, DefaultCountry: "KZ", Locale: "en", Currency: "KZT", TimeZone: "Asia/Almaty",
		}})
		if trouble = err; err == nil {
			return made.LiveKey
		}
	}
	w.Fatalf("no business was made: %v", trouble)
	return ""
}

// link brings a person through the linking conversation. Who gets no answer
// begins again, as people do.
func (w *world) link(phone string) (*telegramsim.User, error) {
	u := w.tg.NewUser(telegramsim.UserOptions{Phone: phone, FirstName: "Anna", LanguageCode: "en"})
	var err error
	for range 5 {
		u.Start(w.bot, "")
		if err = w.answered(u, func(m telegramsim.Message) bool { return m.FromBot }); err != nil {
			continue
		}
		if err = u.ShareContact(w.bot); err != nil {
			continue
		}
		if err = w.answered(u, telegramsim.HasText("arrive in this chat from now on")); err == nil {
			return u, nil
		}
	}
	return nil, err
}

// answered waits for an answer in the chat as long as people do.
func (w *world) answered(u *telegramsim.User, fits func(telegramsim.Message) bool) error {
	ctx, done := context.WithTimeout(context.Background(), patience/6)
	defer done()
	_, err := u.WaitMessage(ctx, w.bot, fits)
	return err
}
