package telegram

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/bot"
	"otpravka/internal/phone"
	"otpravka/internal/sim/loopback"
	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
	"otpravka/storage"
	"otpravka/templates"
)

// world is a whole installation without HTTP: the simulated Telegram, a real
// database, the real domain, texts and phones, and a running fleet. It lives
// in a synctest bubble, so that time passes only while everybody waits.
type world struct {
	testing.TB
	tg       *telegramsim.Server
	shop     *telegramsim.Bot
	anna     *telegramsim.User
	client   *Client
	factory  *Factory
	db       *storage.DB
	core     *otpcore.Core
	fleet    *bot.Fleet
	business *otpcore.Business
	by       otpcore.Caller
	logs     *lockedBuffer
}

const annasPhone = "+77011234567"

// inWorld runs the test in a world whose bot is not registered yet.
func inWorld(t *testing.T, play func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { play(newWorld(t, telegramsim.Options{})) })
}

// inHurry runs the test in a world with Telegram's limits, whose bots keep
// their pace. Elsewhere nothing limits either side, so that a conversation
// needs no time.
func inHurry(t *testing.T, play func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { play(newWorld(t, telegramsim.Options{Limits: telegramsim.TelegramLimits()})) })
}

// withBot runs the test in a world whose bot is connected.
func withBot(t *testing.T, play func(*world, *otpcore.Bot)) {
	t.Helper()
	inWorld(t, func(w *world) {
		b := w.register(goodToken)
		w.state(b, otpcore.BotConnected)
		play(w, b)
	})
}

func newWorld(t *testing.T, options telegramsim.Options) *world {
	t.Helper()
	w := &world{TB: t, logs: new(lockedBuffer)}
	log := slog.New(slog.NewTextHandler(w.logs, coretest.Coarse()))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		running.Wait()
		if w.core != nil {
			w.core.Dispatcher.Close(context.Background())
		}
		if strings.Contains(w.logs.String(), strings.Split(goodToken, ":")[1]) {
			t.Error("the token is in the log")
		}
	})

	wire := loopback.NewMemory("telegram.test")
	options.Listener = wire
	if options.WebhookClient == nil {
		options.WebhookClient = &http.Client{Transport: nobody{}}
	}
	w.tg = telegramsim.New(options)
	base, err := w.tg.Listen()
	check(t, err)
	t.Cleanup(w.tg.Close)
	w.shop = w.tg.AddBot(goodToken, "shop_bot", "Shop")
	w.anna = w.tg.NewUser(telegramsim.UserOptions{Phone: annasPhone, FirstName: "Anna", LanguageCode: "en"})
	w.client, err = NewClient(base)
	check(t, err)
	w.client.transport.DialContext = wire.DialContext
	t.Cleanup(w.client.Close)
	w.factory = NewFactory(w.client, 0, log).WithCallbacks(addresses(""))

	boot := otpcore.NewID(otpcore.PrefixBoot, time.Now())
	w.db, err = storage.Open(ctx, storage.Config{URL: filepath.Join(t.TempDir(), "otpravka.db"), Boot: boot, Logger: log})
	check(t, err)
	t.Cleanup(func() { check(t, w.db.Close()) })
	renderer, err := templates.New()
	check(t, err)
	roads := &carriers{}
	rules := otpcore.DefaultRules()
	if options.Limits == (telegramsim.Limits{}) {
		rules.Paces = nil
	}
	w.core = otpcore.New(otpcore.Config{
		Ledger: w.db, Reader: w.db, Vault: coretest.NewVault(), Carriers: roads, Renderer: renderer,
		Phones: phone.Parser{}, Rules: rules, Boot: boot, Logger: log,
	})
	w.db.OnCommit(w.core.Committed)
	w.fleet = bot.NewFleet(bot.FleetConfig{
		Ledger: w.db, Reader: w.db, Vault: coretest.NewVault(), Log: log,
		Inbox:     bot.NewConversation(w.db, w.core.Linking, renderer, phone.Parser{}, log),
		Factories: map[otpcore.BotKind]bot.Factory{otpcore.BotTelegram: w.factory},
	})
	roads.fleet = w.fleet
	w.by = w.newBusiness("Shop")
	w.business = w.by.Business
	running.Go(func() { check(t, w.core.Run(ctx)) })
	running.Go(func() { check(t, w.fleet.Run(ctx)) })
	synctest.Wait()
	return w
}

// nobody answers at the addresses of webhooks.
type nobody struct{}

// RoundTrip refuses the connection.
func (nobody) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("connection refused")
}

// carriers know chat channels only, from the fleet.
type carriers struct{ fleet *bot.Fleet }

func (c *carriers) Way(business otpcore.ID, _ otpcore.Mode, ch otpcore.Channel, _ string) otpcore.Way {
	return c.fleet.Way(business, ch)
}

func (c *carriers) Kind(id otpcore.ID) otpcore.BotKind { return c.fleet.Kind(id) }

func (c *carriers) Sender(d *otpcore.Delivery, _ string) (otpcore.Sender, error) {
	return c.fleet.Sender(d.BotID)
}

func (w *world) newBusiness(name string) otpcore.Caller {
	w.Helper()
	created, err := w.core.Businesses.Create(w.Context(), name, otpcore.Settings{
		Countries: []string{"KZ"}, DefaultCountry: "KZ", Locale: "en", TimeZone: "Asia/Almaty", Currency: "KZT",
	})
	check(w, err)
	return otpcore.Caller{Business: created.Business, Mode: otpcore.Live}
}

func (w *world) register(credential string) *otpcore.Bot {
	w.Helper()
	b, err := w.fleet.Register(w.Context(), otpcore.BotRequest{
		BusinessID: w.business.ID, Kind: otpcore.BotTelegram, Token: credential,
	})
	check(w, err)
	return b
}

// state waits until nothing moves and expects the bot to be in a state.
func (w *world) state(b *otpcore.Bot, want otpcore.BotState) *otpcore.Bot {
	w.Helper()
	synctest.Wait()
	now, err := w.fleet.Get(w.Context(), b.BusinessID, b.ID)
	check(w, err)
	stored, err := w.db.Bot(w.Context(), b.ID)
	check(w, err)
	if now.State != want || stored.State != want {
		w.Fatalf("bot is %s, stored as %s, want %s\n%s", now.State, stored.State, want, w.logs)
	}
	return now
}

// start asks for a code to the phone and returns the address that links it.
func (w *world) start(to string) *otpcore.Started {
	w.Helper()
	s, err := w.core.Verifications.Start(w.Context(), w.by, otpcore.StartRequest{
		Phone: to, Channels: []otpcore.Channel{otpcore.Telegram}, Template: "login",
	})
	check(w, err)
	return s
}

func (w *world) open(u *telegramsim.User, link string) {
	w.Helper()
	_, err := u.OpenLink(link)
	check(w, err)
	synctest.Wait()
}

// link brings the person through the whole linking conversation.
func (w *world) link(u *telegramsim.User) {
	w.Helper()
	u.Start(w.shop, "")
	synctest.Wait()
	check(w, u.ShareContact(w.shop))
	w.said(u, "arrive in this chat from now on")
}

// said waits until nothing moves and expects the bot's last word.
func (w *world) said(u *telegramsim.User, part string) telegramsim.Message {
	w.Helper()
	synctest.Wait()
	m, ok := u.Chat(w.shop).Last()
	if !ok || !m.FromBot || !strings.Contains(m.Text, part) {
		w.Fatalf("last message is %q, want %q in it\n%s", m.Text, part, w.logs)
	}
	return m
}

// count returns how many messages of the bot in the chat hold the part.
func (w *world) count(u *telegramsim.User, part string) int {
	w.Helper()
	synctest.Wait()
	n := 0
	for _, m := range u.Chat(w.shop).Messages {
		if m.FromBot && strings.Contains(m.Text, part) {
			n++
		}
	}
	return n
}

// links returns the links of a phone that carry codes.
func (w *world) links(by otpcore.Caller, number string) []*otpcore.Link {
	w.Helper()
	synctest.Wait()
	all, err := w.db.LinksOfPhone(w.Context(), by.Business.ID, coretest.NewVault().Index("phone", number))
	check(w, err)
	var active []*otpcore.Link
	for _, l := range all {
		if l.Status == otpcore.LinkActive {
			active = append(active, l)
		}
	}
	return active
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

var _ io.Writer = (*lockedBuffer)(nil)

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
