//go:build !nowhatsmeow

package app_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"otpravka/internal/app"
	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/telegramsim"
	"otpravka/internal/sim/whatsappsim"
	"otpravka/storage"
)

// whatsApp is the one WhatsApp of this process: the root key that clients trust
// is global. It is there as long as a test needs it; tests keep apart by numbers
// of their own.
var whatsApp struct {
	sync.Mutex
	*whatsappsim.Server
	users   int
	numbers atomic.Int64
}

func useWhatsApp(t testing.TB) *whatsappsim.Server {
	t.Helper()
	whatsApp.Lock()
	defer whatsApp.Unlock()
	if whatsApp.users == 0 {
		whatsApp.Server = whatsappsim.New(whatsappsim.Options{FewKeys: true})
		if _, err := whatsApp.Listen(); err != nil {
			t.Fatal(err)
		}
	}
	whatsApp.users++
	t.Cleanup(func() {
		whatsApp.Lock()
		defer whatsApp.Unlock()
		if whatsApp.users--; whatsApp.users == 0 {
			whatsApp.Close()
		}
	})
	return whatsApp.Server
}

// withDevice starts a world in which a shop has linked its own phone.
func withDevice(t testing.TB, on func(*app.Config)) (*shop, *device) {
	t.Helper()
	wa := useWhatsApp(t)
	w := newWorld(t, on, func(cfg *app.Config) { cfg.WhatsAppTestServer, cfg.WhatsAppPace = wa.TestServer(), time.Millisecond })
	s := w.business("Book House")
	d := &device{Server: wa, shop: s, phone: wa.NewPhone(whatsappsim.PhoneOptions{Number: newNumber(), Name: "Book House"})}
	s.ask("POST", "/v1/bots", fields{"kind": "whatsapp_device"}).into(s, http.StatusCreated, &d.bot)
	d.state("pairing")
	d.pair()
	return s, d
}

func newNumber() string { return fmt.Sprintf("+7702%07d", whatsApp.numbers.Add(1)) }

// device is a shop's phone with us as its linked device.
type device struct {
	*whatsappsim.Server
	shop  *shop
	phone *whatsappsim.Phone
	bot   botAnswer
}

// pairingAnswer is what the API says of a pairing.
type pairingAnswer struct {
	Status  string `json:"status"`
	Detail  string `json:"detail"`
	QR      string `json:"qr"`
	QRPNG   string `json:"qr_png"`
	Letters string `json:"letters"`
	Terms   string `json:"terms"`
}

func (d *device) path() string { return "/v1/bots/" + d.bot.ID }

// state waits for the bot's state.
func (d *device) state(want string) botAnswer {
	d.shop.Helper()
	var b botAnswer
	d.shop.until("the device is "+want, func() bool {
		b = botAnswer{}
		d.shop.ask("GET", d.path(), nil).into(d.shop, http.StatusOK, &b)
		return b.State == want
	})
	return b
}

// pair links the phone by QR code.
func (d *device) pair() {
	d.shop.Helper()
	var p pairingAnswer
	d.shop.ask("POST", d.path()+"/pairing", fields{"accept_terms": true}).into(d.shop, http.StatusCreated, &p)
	if p.Status != "waiting" || p.QR == "" || !strings.HasPrefix(p.QRPNG, "data:image/png;base64,iVBOR") {
		d.shop.Fatalf("shown is %+v", p)
	}
	d.shop.must(d.phone.Scan(d.shop.ctx(), p.QR))
	d.state("connected")
}

// customer is a person with WhatsApp on the phone.
func (d *device) customer(number string) *whatsappsim.Phone {
	return d.NewPhone(whatsappsim.PhoneOptions{Number: number, Name: "Anna"})
}

// code waits for a code on the phone other than the old ones.
func (d *device) code(on *whatsappsim.Phone, old ...string) string {
	d.shop.Helper()
	var code string
	_, err := on.WaitMessage(d.shop.ctx(), func(m whatsappsim.Message) bool {
		code = m.Code()
		return m.From == d.phone.Number() && code != "" && !slices.Contains(old, code)
	})
	if err != nil {
		d.shop.Fatalf("no code: %v, but %+v", err, on.Messages())
	}
	return code
}

// link lets the person follow the link and send what it prepares.
func (d *device) link(anna *whatsappsim.Phone) {
	d.shop.Helper()
	var l link
	d.shop.ask("POST", "/v1/links", fields{"channel": "whatsapp", "phone": "+" + anna.Number()}).into(d.shop, http.StatusCreated, &l)
	_, err := anna.OpenLink(l.URL)
	d.shop.must(err)
	_, err = anna.WaitMessage(d.shop.ctx(), func(m whatsappsim.Message) bool { return m.From == d.phone.Number() })
	d.shop.must(err)
}

func TestWhatsAppDevice(t *testing.T) { eachDatabase(t, whatsAppDevice) }

// whatsAppDevice: the customer writes first, the code that waits comes at once,
// later ones come by themselves, and what happens to them is known.
func whatsAppDevice(t *testing.T, on func(*app.Config)) {
	s, d := withDevice(t, on)
	anna := d.customer(newNumber())
	phone := "+" + anna.Number()
	if b := d.state("connected"); !strings.HasPrefix(b.URL, "https://wa.me/"+d.phone.Number()+"?text=") {
		t.Errorf("people are sent to %q", b.URL)
	}
	v := s.begin(fields{"phone": phone, "channels": []string{"whatsapp", "sms"}, "when_unlinked": "wait"})
	_, err := anna.OpenLink(v.Links["whatsapp"])
	s.must(err)
	code := d.code(anna)
	s.settled(v.ID, "whatsapp:skipped whatsapp:read") // the first waited for the link
	if c := s.check(v.ID, fields{"code": code}); !c.Valid {
		t.Fatalf("the code was refused: %s", c.Reason)
	}
	s.until("the message shows no code any more", func() bool {
		return !slices.ContainsFunc(anna.Messages(), func(m whatsappsim.Message) bool { return strings.Contains(m.Text, code) })
	})

	v = s.begin(fields{"phone": phone, "channels": []string{"whatsapp"}, "fallback_on": "undelivered"})
	second := d.code(anna, code)
	if got := s.settled(v.ID, "whatsapp:read"); got.happened("delivery.delivered") != 1 || got.happened("delivery.read") != 1 {
		t.Errorf("timeline %+v", got.Timeline)
	}
	if c := s.check(v.ID, fields{"code": second}); !c.Valid {
		t.Fatalf("the code was refused: %s", c.Reason)
	}

	// It is the shop's own phone: nobody else is answered.
	stranger := d.customer(newNumber())
	for _, text := range []string{"Hello, do you have the book?", "STOP", "/start", "123456"} {
		_, err := stranger.Write(d.phone, text)
		s.must(err)
	}
	_, err = anna.Write(d.phone, "СТОП")
	s.must(err)
	s.until("the link is revoked", func() bool {
		var p struct{ Links []struct{ Status string } }
		s.ask("POST", "/v1/phones/lookup", fields{"phone": phone}).into(s, http.StatusOK, &p)
		return len(p.Links) == 1 && p.Links[0].Status == "revoked"
	})
	s.must(d.phone.WaitSettled(s.ctx()))
	if got := stranger.Messages(); len(got) != 0 {
		t.Errorf("a stranger was answered %+v", got)
	}
	logs := s.logs.String()
	for what, secret := range map[string]string{"a code": code, "a number": anna.Number(), "the shop's number": d.phone.Number()} {
		if strings.Contains(logs, secret) {
			t.Errorf("%s is in the log", what)
		}
	}
}

func TestFromTelegramOverWhatsAppToSMS(t *testing.T) {
	t.Parallel()
	s, d := withDevice(t, func(*app.Config) {})
	s.addBot(1)
	anna := d.customer(newNumber())
	phone := "+" + anna.Number()
	d.link(anna)
	route := []string{"telegram", "whatsapp", "sms"}
	v := s.begin(fields{"phone": phone, "channels": route})
	code := d.code(anna)
	if got := s.settled(v.ID, "whatsapp:read"); !slices.Equal(got.Route, route) {
		t.Errorf("route %v", got.Route)
	}
	s.cancel(v.ID)

	// The owner unlinks the device: the next code goes on at once.
	d.phone.Unlink()
	if b := d.state("logged_out"); b.URL != "" {
		t.Errorf("people are still sent to %q", b.URL)
	}
	v = s.begin(fields{"phone": phone, "channels": route})
	if s.waitSMS(phone).Code() == code {
		t.Error("two verifications share a code")
	}
	s.settled(v.ID, "sms:delivered")

	// Linked again, the same links carry codes again.
	d.pair()
	s.begin(fields{"phone": phone, "channels": route})
	d.code(anna, code)

	// And in Telegram it is the chat there.
	u := s.tg.NewUser(telegramsim.UserOptions{Phone: phone, FirstName: "Anna", LanguageCode: "en"})
	u.Start(s.bot, "")
	_, err := u.WaitMessage(s.ctx(), s.bot, func(m telegramsim.Message) bool { return m.FromBot })
	s.must(err)
	s.must(u.ShareContact(s.bot))
	s.inChat(u)
}

// TestRefusedDeviceLeavesItToSMS: error 463 goes to the next channel at once, and
// the account's other new contacts are left alone.
func TestRefusedDeviceLeavesItToSMS(t *testing.T) {
	t.Parallel()
	s, d := withDevice(t, func(*app.Config) {})
	anna := d.customer(newNumber())
	phone := "+" + anna.Number()
	d.link(anna)
	s.must(d.phone.WaitSettled(s.ctx()))
	d.Fail(fault.Rule{Method: "message", Target: anna.Number(), Status: 463})
	began := time.Now()
	v := s.begin(fields{"phone": phone, "channels": []string{"whatsapp", "sms"}})
	s.waitSMS(phone)
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("the SMS came after %s", took)
	}
	s.settled(v.ID, "whatsapp:failed sms:delivered")
	d.state("reach_out_locked")
}

// TestPairingAsksForTheTerms: nobody links a phone without having been told.
func TestPairingAsksForTheTerms(t *testing.T) {
	t.Parallel()
	s, d := withDevice(t, func(*app.Config) {})
	a := s.ask("POST", d.path()+"/pairing", fields{"accept_terms": false})
	if a.status != http.StatusUnprocessableEntity || a.code != "terms_not_accepted" || !strings.Contains(string(a.body), "banned") {
		t.Errorf("answered %d %s", a.status, a.body)
	}
	if a := s.ask("POST", d.path()+"/pairing", fields{"accept_terms": true}); a.code != "already_paired" {
		t.Errorf("a linked device answered %d %s", a.status, a.body)
	}
	s.addBot(1)
	var bots struct{ Items []botAnswer }
	s.ask("GET", "/v1/bots", nil).into(s, http.StatusOK, &bots)
	for _, b := range bots.Items {
		if b.Kind == "telegram" {
			if a := s.ask("GET", "/v1/bots/"+b.ID+"/pairing", nil); a.code != "bot_needs_no_pairing" {
				t.Errorf("a Telegram bot answered %d %s", a.status, a.body)
			}
		}
	}
	// A stream tells of the end and ends.
	stream := s.ask("GET", d.path()+"/pairing/events", nil)
	if got := string(stream.body); stream.status != http.StatusOK || !strings.HasPrefix(got, "event: pairing\ndata: {") || !strings.Contains(got, `"status":"paired"`) {
		t.Errorf("streamed %d %q", stream.status, got)
	}
}

// TestForgottenPersonLeavesTheDevice, too: the protocol keeps keys by number.
func TestForgottenPersonLeavesTheDevice(t *testing.T) {
	t.Parallel()
	s, d := withDevice(t, func(*app.Config) {})
	anna := d.customer(newNumber())
	v := s.begin(fields{"phone": "+" + anna.Number(), "channels": []string{"whatsapp"}, "when_unlinked": "wait"})
	_, err := anna.OpenLink(v.Links["whatsapp"])
	s.must(err)
	d.code(anna)
	s.settled(v.ID, "whatsapp:skipped whatsapp:read")
	path, err := storage.Name(s.cfg.DatabaseURL)
	s.must(err)
	keys, err := sql.Open("sqlite", "file:"+strings.TrimSuffix(path, ".db")+"-whatsapp.db?mode=ro")
	s.must(err)
	defer func() { s.must(keys.Close()) }()
	known := func() (n int) {
		s.must(keys.QueryRow(`SELECT count(*) FROM whatsmeow_lid_map WHERE pn = ?`, anna.Number()).Scan(&n))
		return n
	}
	if known() != 1 {
		t.Fatal("the number is not where it is looked for")
	}
	if a := s.ask("POST", "/v1/phones/forget", fields{"phone": "+" + anna.Number()}); a.status != http.StatusOK {
		t.Fatalf("answered %d %s", a.status, a.body)
	}
	if known() != 0 {
		t.Error("the device still knows the number")
	}
}

// TestRemovedDevice leaves the phone, and its keys are gone.
func TestRemovedDevice(t *testing.T) {
	t.Parallel()
	s, d := withDevice(t, func(*app.Config) {})
	if a := s.ask("DELETE", d.path(), nil); a.status != http.StatusNoContent {
		t.Fatalf("answered %d %s", a.status, a.body)
	}
	if n := d.phone.Devices(); len(n) != 0 {
		t.Errorf("the phone shows devices %v", n)
	}
}

func TestTestServerOfWhatsAppIsForTestsOnly(t *testing.T) {
	key := strings.Repeat("ab", 32)
	for name, change := range map[string]func(*app.Config){
		"a public URL": func(cfg *app.Config) {
			cfg.WhatsAppTestServer, cfg.PublicURL = "127.0.0.1:1,"+key, "https://codes.example.com"
		},
		"no key": func(cfg *app.Config) { cfg.WhatsAppTestServer = "127.0.0.1:1" },
	} {
		cfg := app.Config{Listen: "127.0.0.1:0"}
		change(&cfg)
		if err := app.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "OTPRAVKA_WHATSAPP_TEST_SERVER") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDoctorTellsHowOldTheBuildIs before anybody scans a code in vain.
func TestDoctorTellsHowOldTheBuildIs(t *testing.T) {
	t.Parallel()
	s, d := withDevice(t, func(*app.Config) {})
	look := func(cfg app.Config) string {
		var all []string
		for _, f := range app.Examine(s.ctx(), cfg, "") {
			if f.Subject == "whatsapp" {
				all = append(all, string(f.Grade)+" "+f.Text)
			}
		}
		return strings.Join(all, "\n")
	}
	if got := look(s.cfg); !strings.Contains(got, "warn a test server") || !strings.Contains(got, "could not be asked") {
		t.Errorf("nobody tells: %s", got)
	}
	d.SetRevision(1)
	if got := look(s.cfg); !strings.Contains(got, "ok this build speaks WhatsApp Web 2.3000.") {
		t.Errorf("a young build: %s", got)
	}
	d.SetRevision(4_000_000_000)
	if got := look(s.cfg); !strings.Contains(got, "warn this build was made for WhatsApp Web 2.3000.") || !strings.Contains(got, "update Otpravka before a phone is linked") {
		t.Errorf("an old build: %s", got)
	}
	d.SetRevision(0)
	if a := s.ask("DELETE", d.path(), nil); a.status != http.StatusNoContent {
		t.Fatalf("answered %d", a.status)
	}
	if got := look(s.cfg); got != "" {
		t.Errorf("without a device WhatsApp is asked: %s", got)
	}
}

func init() {
	for _, code := range []string{"bot_kind_unknown", "bot_account_invalid", "whatsapp_unreachable"} {
		elsewhere[code] = true
	}
	provocations["terms_not_accepted"] = func(s *shop, _ string) answer {
		return s.ask("POST", "/v1/bots/bot_01kpx3q8e5f1ttgq0g7m9y2c4d/pairing", fields{"accept_terms": false})
	}
	provocations["bot_needs_no_pairing"] = func(s *shop, _ string) answer {
		s.addBot(77)
		var bots struct{ Items []botAnswer }
		s.ask("GET", "/v1/bots", nil).into(s, http.StatusOK, &bots)
		return s.ask("GET", "/v1/bots/"+bots.Items[0].ID+"/pairing", nil)
	}
	provocations["already_paired"] = func(s *shop, _ string) answer {
		linked, d := withDevice(s.TB, func(*app.Config) {})
		return linked.ask("POST", d.path()+"/pairing", fields{"accept_terms": true})
	}
	provocations["not_ready_to_pair"] = func(s *shop, _ string) answer {
		linked, d := withDevice(s.TB, func(*app.Config) {})
		d.Fail(fault.Rule{Method: "login", Target: d.phone.Number(), Status: http.StatusPaymentRequired, RetryAfter: time.Hour})
		d.Cut()
		d.state("banned")
		return linked.ask("POST", d.path()+"/pairing", fields{"accept_terms": true})
	}
}
