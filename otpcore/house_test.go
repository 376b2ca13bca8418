package otpcore_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
	"otpravka/storage"
)

// house is the whole domain over a real database, with fake senders. It lives
// in a synctest bubble, so that its hours pass at once and to the millisecond.
type house struct {
	*otpcore.Core
	t        *testing.T
	db       *storage.DB
	carriers *coretest.Carriers
	vault    *coretest.Vault
	path     string
	log      strings.Builder
	boot     otpcore.ID     // of the running process
	by       otpcore.Caller // the shop with its live key
	stop     func()
}

// inHouse runs a test in a fresh house.
func inHouse(t *testing.T, test func(h *house)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "otpravka.db")
	synctest.Test(t, func(t *testing.T) {
		h := &house{t: t, carriers: coretest.NewCarriers(), vault: coretest.NewVault(), path: path}
		h.open()
		h.by = h.business("Shop", coretest.TelegramBot)
		test(h)
		h.close()
	})
}

// open starts a process of its own over the house's file.
func (h *house) open() {
	h.t.Helper()
	h.boot = otpcore.NewID(otpcore.PrefixBoot, time.Now())
	var err error
	if h.db, err = storage.Open(h.t.Context(), storage.Config{URL: h.path, Boot: h.boot}); err != nil {
		h.t.Fatal(err)
	}
	h.Core = otpcore.New(otpcore.Config{
		Ledger: h.db, Reader: h.db, Vault: h.vault, Carriers: h.carriers, Renderer: coretest.NewRenderer(),
		Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(), Boot: h.boot, Logger: slog.New(slog.NewTextHandler(&h.log, nil)),
	})
	h.db.OnCommit(h.Committed)
	h.run()
}

// run wakes what is due until stop.
func (h *house) run() {
	ctx, cancel := context.WithCancel(h.t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = h.Run(ctx) })
	h.stop = func() { cancel(); running.Wait() }
}

func (h *house) close() {
	h.t.Helper()
	h.stop()
	h.Dispatcher.Close(h.t.Context())
	if err := h.db.Close(); err != nil {
		h.t.Errorf("close: %v", err)
	}
}

// away closes the house for a long time, in which nothing needs to be looked
// at, and opens it again.
func (h *house) away(d time.Duration) {
	h.t.Helper()
	h.close()
	time.Sleep(d)
	h.open()
}

// crash ends the process as a kill does: nothing in hand is recorded. Another
// process opens the file after that; the returned function ends what is left
// of the first one in memory.
func (h *house) crash() (bury func()) {
	h.t.Helper()
	h.stop()
	if err := h.db.Close(); err != nil {
		h.t.Errorf("close: %v", err)
	}
	dead := h.Dispatcher
	h.open()
	return func() {
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		dead.Close(gone)
	}
}

// business makes a business that writes through the given Telegram bot.
func (h *house) business(name string, bot otpcore.ID) otpcore.Caller {
	h.t.Helper()
	made, err := h.Businesses.Create(h.t.Context(), name, otpcore.Settings{Countries: []string{"KZ"}, DefaultCountry: "KZ"})
	if err != nil {
		h.t.Fatal(err)
	}
	h.write(func(tx otpcore.Tx) error {
		return tx.SaveBot(&otpcore.Bot{
			ID: bot, BusinessID: made.Business.ID, Kind: otpcore.BotTelegram, Account: string(bot), State: otpcore.BotConnected,
		})
	})
	return otpcore.Caller{Business: made.Business, Mode: otpcore.Live}
}

func (h *house) write(fn func(tx otpcore.Tx) error) {
	h.t.Helper()
	if err := h.db.Write(h.t.Context(), fn); err != nil {
		h.t.Fatalf("write: %v", err)
	}
}

const user = "+77011234567"

// begin starts a verification of the user, changed as wanted.
func (h *house) begin(change ...func(*otpcore.StartRequest)) *otpcore.Started {
	h.t.Helper()
	r := otpcore.StartRequest{Phone: user, Channels: []otpcore.Channel{tg, sm}}
	for _, c := range change {
		c(&r)
	}
	s, err := h.Verifications.Start(h.t.Context(), h.by, r)
	if err != nil {
		h.t.Fatalf("start: %v", err)
	}
	return s
}

func waiting(r *otpcore.StartRequest) { r.WhenUnlinked = otpcore.Wait }

func (h *house) view(id otpcore.ID) *otpcore.View {
	h.t.Helper()
	synctest.Wait()
	v, err := h.Verifications.Get(h.t.Context(), h.by, id)
	if err != nil {
		h.t.Fatalf("get: %v", err)
	}
	return v
}

// expect compares the deliveries of a verification.
func (h *house) expect(id otpcore.ID, trail string) {
	h.t.Helper()
	w := &world{t: h.t, deliveries: h.view(id).Deliveries}
	w.expect(trail)
}

// check types the code once everything else has come to rest: a person is
// slower than the commit of a send's answer.
func (h *house) check(id otpcore.ID, code string) otpcore.CheckResult {
	h.t.Helper()
	synctest.Wait()
	r, err := h.Verifications.Check(h.t.Context(), h.by, id, code, nil, nil)
	if err != nil {
		h.t.Fatalf("check: %v", err)
	}
	return r
}

// chat is a conversation with the shop's Telegram bot.
func (h *house) chat(address string) otpcore.ChatRef {
	return otpcore.ChatRef{
		Bot:     &otpcore.Bot{ID: coretest.TelegramBot, BusinessID: h.by.Business.ID, Kind: otpcore.BotTelegram},
		Address: address, Locale: "ru",
	}
}

// press opens a start token in a chat.
func (h *house) press(address, payload string) (inv otpcore.Invitation) {
	h.t.Helper()
	h.write(func(tx otpcore.Tx) (err error) {
		inv, err = h.Linking.Open(tx, h.chat(address), payload)
		return err
	})
	return inv
}

// share shares a number in a chat.
func (h *house) share(address, number string) (a otpcore.Acceptance) {
	h.t.Helper()
	phone, err := coretest.NewPhones().ParsePhone(number, "")
	if err != nil {
		h.t.Fatal(err)
	}
	h.write(func(tx otpcore.Tx) (err error) {
		a, err = h.Linking.Accept(tx, h.chat(address), phone)
		return err
	})
	return a
}

// linkUser links the user's phone to a chat by a bare start.
func (h *house) linkUser(address string) *otpcore.Link {
	h.t.Helper()
	h.press(address, "")
	a := h.share(address, user)
	if a.Outcome != otpcore.AcceptLinked {
		h.t.Fatalf("share: %s", a.Outcome)
	}
	return a.Link
}

// clocked makes a sender answer with answer and tells when it was asked.
func (h *house) clocked(ch otpcore.Channel, answer coretest.SendFunc) func() []time.Duration {
	begin := time.Now()
	var mu sync.Mutex
	var asked []time.Duration
	h.carriers.Of(ch).Always(func(ctx context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
		mu.Lock()
		asked = append(asked, time.Since(begin))
		mu.Unlock()
		return answer(ctx, o)
	})
	return func() []time.Duration {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return asked
	}
}
