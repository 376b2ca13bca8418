package app_test

import (
	"image"
	_ "image/png"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"otpravka/internal/app"
	"otpravka/internal/sim/smssim"
	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
)

// link is what the API says of one.
type link struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Proof  string `json:"proof"`
	Phone  string `json:"phone"`
	URL    string `json:"url"`
	QRURL  string `json:"qr_url"`
}

func (s *shop) openLink(f fields) link {
	s.Helper()
	f["channel"] = "telegram"
	var l link
	s.ask("POST", "/v1/links", f).into(s, http.StatusCreated, &l)
	return l
}

// scan fetches a QR code as a browser does, without a key, and reads it.
func (s *shop) scan(address string) string {
	s.Helper()
	res, err := s.http.Get(address)
	s.must(err)
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK || res.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		s.Fatalf("%s answered %d %v", path.Ext(address), res.StatusCode, res.Header)
	}
	picture, _, err := image.Decode(res.Body)
	s.must(err)
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	s.must(err)
	// The picture is clean. Searching for the code in it, as in a photograph, is
	// what this reader fails at once in a while.
	read, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
	s.must(err)
	return read.GetText()
}

// status of an address that anybody may ask for.
func (s *shop) status(address string) int {
	s.Helper()
	res, err := s.http.Get(address)
	s.must(err)
	_ = res.Body.Close()
	return res.StatusCode
}

// reads waits for a message of the bot with the part.
func (s *shop) reads(u *telegramsim.User, part string) telegramsim.Message {
	s.Helper()
	m, err := u.WaitMessage(s.ctx(), s.bot, func(m telegramsim.Message) bool { return m.FromBot && strings.Contains(m.Text, part) })
	if err != nil {
		s.Fatalf("nobody said %q: %v, but %q", part, err, texts(u.Chat(s.bot)))
	}
	return m
}

func texts(c telegramsim.Chat) []string {
	var all []string
	for _, m := range c.Messages {
		all = append(all, m.Text)
	}
	return all
}

const loginPage = "https://shop.example.com/login?step=2"

// TestLinkByQRCode goes from the shop's page over a camera into the chat and
// back to the shop.
func TestLinkByQRCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop", func(set *otpcore.Settings) { set.ReturnHosts = []string{"shop.example.com"} })
	s.addBot(1)
	l := s.openLink(fields{"phone": goodPhone, "return_url": loginPage})
	if l.Status != "pending" || !strings.HasPrefix(l.QRURL, w.url+"/qr/") {
		t.Fatalf("link %+v", l)
	}
	if got := s.scan(l.QRURL); got != l.URL {
		t.Errorf("the code holds %q, want %q", got, l.URL)
	}
	if got := s.status(strings.TrimSuffix(l.QRURL, ".png") + ".svg"); got != http.StatusOK {
		t.Errorf("the drawing answered %d", got)
	}
	u := w.tg.NewUser(telegramsim.UserOptions{Phone: goodPhone, LanguageCode: "en"})
	_, err := u.OpenLink(s.scan(l.QRURL))
	w.must(err)
	s.reads(u, "would like to send codes")
	w.must(u.ShareContact(s.bot))
	s.reads(u, "arrive in this chat")
	if b, ok := s.reads(u, "You can go back to Shop").Button("Back to Shop"); !ok || b.URL != loginPage {
		t.Errorf("way back %+v", b)
	}
	var now link
	s.ask("GET", "/v1/links/"+l.ID, nil).into(s, http.StatusOK, &now)
	if now.Status != "active" || now.Proof != "contact" || now.URL != "" || now.QRURL != "" {
		t.Errorf("link %+v", now)
	}
	if got := s.status(l.QRURL); got != http.StatusNotFound {
		t.Errorf("the code of a used link answered %d", got)
	}
	if token := strings.TrimPrefix(l.QRURL, w.url+"/qr/"); strings.Contains(w.logs.String(), strings.TrimSuffix(token, ".png")) {
		t.Error("the token is in the log")
	}
}

// TestPrintedQRCode: the bot's own code works for ever and for everybody.
func TestPrintedQRCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	var bots struct {
		Items []struct {
			URL   string `json:"url"`
			QRURL string `json:"qr_url"`
		} `json:"items"`
	}
	s.ask("GET", "/v1/bots", nil).into(s, http.StatusOK, &bots)
	bot := bots.Items[0]
	if got := s.scan(bot.QRURL); got != bot.URL {
		t.Fatalf("the code holds %q, want %q", got, bot.URL)
	}
	for i, phone := range []string{"+77010000001", "+77010000002"} {
		u := w.tg.NewUser(telegramsim.UserOptions{Phone: phone, LanguageCode: "en"})
		_, err := u.OpenLink(s.scan(bot.QRURL))
		w.must(err)
		s.reads(u, "can deliver your codes")
		w.must(u.ShareContact(s.bot))
		s.reads(u, "arrive in this chat")
		if n := s.linked(phone); n != 1 {
			t.Errorf("person %d: %d links", i, n)
		}
	}
}

// TestLinkAndDeliver: the code that waits is in the chat a moment after the
// number was shared, with the way back under it, and approving it proves the
// holder of the chat and no phone.
func TestLinkAndDeliver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop", func(set *otpcore.Settings) { set.ReturnHosts = []string{"shop.example.com"} })
	s.addBot(1)
	v := s.begin(fields{"phone": goodPhone, "when_unlinked": "wait", "return_url": loginPage})
	u := w.tg.NewUser(telegramsim.UserOptions{Phone: goodPhone, LanguageCode: "en"})
	_, err := u.OpenLink(v.Links["telegram"])
	w.must(err)
	s.reads(u, "would like to send codes")
	w.must(u.ShareContact(s.bot))
	m := s.reads(u, "is your login code")
	if b, ok := m.Button("Back to Shop"); !ok || b.URL != loginPage {
		t.Errorf("way back %+v", b)
	}
	_, err = u.Press(m, "Copy the code")
	w.must(err)
	if c := s.check(v.ID, fields{"code": u.Clipboard()}); !c.Valid {
		t.Errorf("check %+v", c)
	}
	s.reads(u, "has been used")
	for _, text := range texts(u.Chat(s.bot)) {
		if strings.Contains(text, m.Code()) {
			t.Errorf("the used code is still readable: %q", text)
		}
	}
	if got := s.proof(goodPhone); got != "contact" {
		t.Errorf("proof %s", got)
	}
}

func (s *shop) proof(phone string) string {
	s.Helper()
	var state struct{ Links []link }
	s.ask("POST", "/v1/phones/lookup", fields{"phone": phone}).into(s, http.StatusOK, &state)
	for _, l := range state.Links {
		if l.Status == "active" {
			return l.Proof
		}
	}
	return ""
}

// TestSMSNoteAndProof: when the SMS goes out, the message in the chat says so
// and keeps its code; a code that went by SMS alone proves the phone.
func TestSMSNoteAndProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(cfg *app.Config) { cfg.Rules.FallbackAfter = time.Second })
	s := w.business("Shop")
	s.addBot(1)
	u := s.link(goodPhone)
	v := s.begin(fields{"phone": goodPhone})
	code := s.reads(u, "is your login code").Code()
	noted := s.reads(u, "The same code is on its way by SMS, too.")
	if noted.Code() != code || !noted.Edited() {
		t.Errorf("after the fallback: %+v", noted)
	}
	if _, ok := noted.Button("It wasn't me"); !ok {
		t.Error("the edit took the buttons away")
	}
	if sent := w.waitSMS(goodPhone); sent.Code() != code {
		t.Errorf("the SMS holds %s, the chat %s", sent.Code(), code)
	}
	s.check(v.ID, fields{"code": code})
	if got := s.proof(goodPhone); got != "contact" {
		t.Errorf("a code that the chat had, too, proves %s", got)
	}
	v = s.begin(fields{"phone": goodPhone, "channels": []string{"sms"}})
	sent, err := w.sms.WaitSMS(w.ctx(), goodPhone, func(m smssim.SMS) bool { return m.Code() != "" && m.Code() != code })
	w.must(err)
	if c := s.check(v.ID, fields{"code": sent.Code()}); !c.Valid {
		t.Errorf("check %+v", c)
	}
	if got := s.proof(goodPhone); got != "sms" {
		t.Errorf("a code that went by SMS alone proves %s", got)
	}
}

// TestReplacedLinkIsTold: the newest proof wins, the old chat hears of it, and
// so does the business.
func TestReplacedLinkIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	old := s.link(goodPhone)
	s.link(goodPhone)
	s.reads(old, "now arrive in another chat")
	if !slices.Contains(s.events(), "link.replaced") {
		t.Errorf("events %q", s.events())
	}
}

func (s *shop) events() []string {
	s.Helper()
	var page struct{ Items []struct{ Type string } }
	s.ask("GET", "/v1/events?limit=100", nil).into(s, http.StatusOK, &page)
	var types []string
	for _, e := range page.Items {
		types = append(types, e.Type)
	}
	return types
}

// age makes all links older while the server is down: what it remembers of them
// in memory would not change.
func (s *shop) age(by time.Duration) {
	s.Helper()
	s.stop()
	defer s.start()
	_, err := s.behind().ExecContext(s.ctx(), "UPDATE links SET verified_at = verified_at - $1", by.Milliseconds())
	s.must(err)
}

const day = 24 * time.Hour

// TestT22StaleLink: a link of 76 days carries codes and offers to be renewed by
// one tap; one of 91 days carries none, and the business hears of it. Sharing
// the number once more is all it takes.
func TestT22StaleLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	u := s.link(goodPhone)
	s.age(76 * day)
	first := s.begin(fields{"phone": goodPhone})
	code := s.inChat(u).Code()
	s.reads(u, "still your number?")
	s.check(first.ID, fields{"code": code})
	w.must(u.ShareContact(s.bot))
	s.reads(u, "is confirmed")

	s.age(91 * day)
	stale := s.begin(fields{"phone": goodPhone})
	sent := w.waitSMS(goodPhone)
	now := s.get(stale.ID)
	if !strings.HasPrefix(now.trail(), "sms:") || now.happened("link.stale") != 1 || !slices.Contains(s.events(), "link.stale") {
		t.Errorf("trail %s, timeline %+v, events %q", now.trail(), now.Timeline, s.events())
	}
	u.SendContact(s.bot, u.OwnContact())
	if m := s.inChat(u, code); m.Code() != sent.Code() {
		t.Errorf("the chat holds %s, the SMS %s", m.Code(), sent.Code())
	}
}

// TestLanguageChosenInTheChat: the person's choice goes before what the
// business asks for, in the chat and nowhere else.
func TestLanguageChosenInTheChat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	u := s.link(goodPhone)
	u.Say(s.bot, "/language")
	_, err := u.Press(s.reads(u, "Which language"), "O'zbekcha")
	w.must(err)
	s.reads(u, "o'zbekcha yozamiz")
	v := s.begin(fields{"phone": goodPhone, "locale": "ru", "channels": []string{"telegram", "sms"}})
	if m := s.inChat(u); !strings.Contains(m.Text, "Shop tizimiga kirish kodi") {
		t.Errorf("the chat reads %q", m.Text)
	}
	s.cancel(v.ID)
	s.reads(u, "bekor qilindi")
	s.begin(fields{"phone": goodPhone, "locale": "ru", "channels": []string{"sms"}})
	if sent := w.waitSMS(goodPhone); !strings.Contains(sent.Text, "код для входа") {
		t.Errorf("the SMS reads %q", sent.Text)
	}
}

// TestUnblockedChatGetsItsCode: a code that waits because the bot is blocked
// comes when it is unblocked.
func TestUnblockedChatGetsItsCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.business("Shop")
	s.addBot(1)
	u := s.link(goodPhone)
	// The network's dates are whole seconds, and a notice of the same second
	// counts in the order of its coming.
	u.Block(s.bot)
	w.until("the link rests", func() bool { return s.linked(goodPhone) == 0 })
	v := s.begin(fields{"phone": goodPhone, "channels": []string{"telegram"}})
	s.settled(v.ID, "telegram:waiting_link")
	u.Unblock(s.bot)
	if c := s.check(v.ID, fields{"code": s.inChat(u).Code()}); !c.Valid {
		t.Errorf("check %+v", c)
	}
}
