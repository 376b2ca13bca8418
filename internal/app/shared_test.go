package app_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
)

// city is a world with a bot of the operator, which speaks for two of three
// businesses.
type city struct {
	*world
	bot                *telegramsim.Bot
	books, taxi, other *shop
}

const sharedToken = "7000000099:a-token-of-the-operators-shared-bot"

func newCity(t *testing.T, on func(*app.Config)) *city {
	t.Helper()
	w := newWorld(t, on)
	c := &city{world: w, books: w.business("Books"), taxi: w.business("Taxi"), other: w.business("Stranger")}
	c.bot = w.tg.AddBot(sharedToken, "city_bot", "City")
	c.declare(c.approved())
	for _, s := range []*shop{c.books, c.taxi, c.other} {
		s.bot = c.bot
	}
	return c
}

func (c *city) approved() string {
	return fmt.Sprintf("      %s: Book House\n      %s: Steppe Taxi\n", c.books.id, c.taxi.id)
}

// declare restarts the server with a file in which the bot serves these.
func (c *city) declare(businesses string) {
	c.Helper()
	c.stop()
	token := filepath.Join(c.dir, "shared.token")
	c.must(os.WriteFile(token, []byte(sharedToken+"\n"), 0o600))
	file := filepath.Join(c.dir, "shared.yaml")
	c.must(os.WriteFile(file, []byte("shared_bots:\n  - token: file:"+token+"\n    username: city_bot\n    businesses:\n"+businesses), 0o600))
	read, err := app.ReadFile(file)
	c.must(err)
	c.cfg.SharedBots = read.SharedBots
	c.start()
	c.must(c.bot.WaitPolling(c.ctx()))
}

func (c *city) user(phone string) *telegramsim.User {
	return c.tg.NewUser(telegramsim.UserOptions{Phone: phone, FirstName: "Anna", LanguageCode: "en"})
}

// said waits for a message of the bot.
func (c *city) said(u *telegramsim.User, part string) telegramsim.Message {
	c.Helper()
	m, err := u.WaitMessage(c.ctx(), c.bot, func(m telegramsim.Message) bool { return m.FromBot && strings.Contains(m.Text, part) })
	if err != nil {
		c.Fatalf("the bot did not say %q: %v", part, err)
	}
	return m
}

// join links the person for the business by the link of a start.
func (c *city) join(u *telegramsim.User, s *shop, name string) string {
	c.Helper()
	v := s.begin(fields{"phone": u.Phone(), "channels": []string{"telegram"}})
	_, err := u.OpenLink(v.Links["telegram"])
	c.must(err)
	c.said(u, name+" would like to send codes")
	c.must(u.ShareContact(c.bot))
	c.said(u, "codes of "+name)
	m, err := u.WaitMessage(c.ctx(), c.bot, func(m telegramsim.Message) bool {
		return m.Code() != "" && strings.HasPrefix(m.Text, name+"\n"+m.Code())
	})
	if err != nil {
		c.Fatalf("no code in a message that begins with the name: %v", err)
	}
	return m.Code()
}

// links are the states of the phone's links at the business.
func (s *shop) linkStates(phone string) string {
	s.Helper()
	var p struct{ Links []struct{ Status string } }
	s.ask("POST", "/v1/phones/lookup", fields{"phone": phone}).into(s, http.StatusOK, &p)
	var states []string
	for _, l := range p.Links {
		if l.Status != "pending" {
			states = append(states, l.Status)
		}
	}
	return strings.Join(states, " ")
}

// TestT23SharedBot links a phone for one business, which may tell the others
// nothing.
func TestT23SharedBot(t *testing.T) { eachDatabase(t, sharedBotKeepsBusinessesApart) }

func sharedBotKeepsBusinessesApart(t *testing.T, on func(*app.Config)) {
	c := newCity(t, on)
	anna := c.user(goodPhone)
	code := c.join(anna, c.books, "Book House")

	v := c.taxi.begin(fields{"phone": goodPhone})
	if sms := c.waitSMS(goodPhone).Code(); sms == code {
		t.Error("two businesses share a code")
	}
	if got := c.taxi.settled(v.ID, "sms:delivered"); got.happened("link.created") != 0 {
		t.Errorf("the other business hears of the link: %+v", got.Timeline)
	}
	if got := c.taxi.linkStates(goodPhone); got != "" {
		t.Errorf("the other business has links: %s", got)
	}
	if got := c.books.linkStates(goodPhone); got != "active" {
		t.Errorf("the business's own link is %s", got)
	}

	// A second business is joined by its own link, and each keeps its own.
	c.join(anna, c.taxi, "Steppe Taxi")
	again := c.books.begin(fields{"phone": goodPhone})
	c.books.settled(again.ID, "telegram:sent")
	if c.books.linkStates(goodPhone) != "active" || c.taxi.linkStates(goodPhone) != "active" {
		t.Errorf("links are %q and %q", c.books.linkStates(goodPhone), c.taxi.linkStates(goodPhone))
	}
}

func TestSharedBotServesApprovedBusinessesOnly(t *testing.T) {
	t.Parallel()
	c := newCity(t, func(*app.Config) {})
	v := c.other.begin(fields{"phone": goodPhone})
	if v.Links["telegram"] != "" || !slices.Equal(v.Route, []string{"sms"}) {
		t.Errorf("a business that nobody approved got %+v", v)
	}
	anna := c.user(goodPhone)
	for _, payload := range []string{c.other.id, "biz_01kpx3q8e5f1ttgq0g7m9y2c4d", strings.Repeat("x", 44), strings.Repeat("x", 32)} {
		anna.Start(c.bot, payload)
	}
	c.said(anna, "not known here")
	anna.SendContact(c.bot, anna.OwnContact())
	c.said(anna, "Please send /start first")
	if got := c.other.linkStates(goodPhone); got != "" {
		t.Errorf("linked for a business that nobody approved: %s", got)
	}

	// A business speaks under the approved name, whatever it calls itself now.
	if a := c.books.ask("PATCH", "/v1/settings", fields{"name": "Your Bank"}); a.status != http.StatusOK {
		t.Fatalf("renaming was answered %d", a.status)
	}
	c.join(anna, c.books, "Book House")
	for _, m := range anna.Chat(c.bot).Messages {
		if strings.Contains(m.Text, "Your Bank") {
			t.Errorf("the bot says %q", m.Text)
		}
	}

	// What is taken out of the file is served no more.
	c.declare(fmt.Sprintf("      %s: Steppe Taxi\n", c.taxi.id))
	w := c.books.begin(fields{"phone": goodPhone})
	if !slices.Equal(w.Route, []string{"sms"}) {
		t.Errorf("still served: %v", w.Route)
	}
}

func TestSharedBotAsksWhichBusiness(t *testing.T) {
	t.Parallel()
	c := newCity(t, func(*app.Config) {})
	anna := c.user(goodPhone)
	anna.Start(c.bot, "")
	which := c.said(anna, "several businesses")
	var names []string
	for _, row := range which.Buttons {
		names = append(names, row[0].Text)
	}
	if !slices.Equal(names, []string{"Book House", "Steppe Taxi"}) {
		t.Errorf("offers %q", names)
	}
	_, err := anna.Press(which, "Steppe Taxi")
	c.must(err)
	greeting := c.said(anna, "Steppe Taxi can deliver your codes")
	if !strings.HasPrefix(greeting.Text, "Steppe Taxi\n") {
		t.Errorf("the greeting is %q", greeting.Text)
	}
	c.must(anna.ShareContact(c.bot))
	c.said(anna, "codes of Steppe Taxi")
	if c.taxi.linkStates(goodPhone) != "active" || c.books.linkStates(goodPhone) != "" {
		t.Errorf("links are %q and %q", c.taxi.linkStates(goodPhone), c.books.linkStates(goodPhone))
	}

	// A printed link names its business.
	anna.Start(c.bot, c.books.id)
	c.said(anna, "Book House can deliver your codes")
	c.must(anna.ShareContact(c.bot))
	c.said(anna, "codes of Book House")

	// With two of them, a command asks which one is meant.
	anna.Say(c.bot, "/privacy")
	_, err = anna.Press(c.said(anna, "Which one is it about?"), "Book House")
	c.must(err)
	c.said(anna, "To send you codes of Book House")
	anna.Say(c.bot, "/stop")
	stop := c.said(anna, "no longer arrive in this chat?")
	_, err = anna.Press(stop, "Book House")
	c.must(err)
	c.said(anna, "no more codes arrive")
	c.until("the link for the chosen business is revoked", func() bool { return c.books.linkStates(goodPhone) == "revoked" })
	if got := c.taxi.linkStates(goodPhone); got != "active" {
		t.Errorf("the other link is %s", got)
	}
}

// What disproves a link disproves it for all businesses of the bot.
func TestSharedBotForgetsForAll(t *testing.T) { eachDatabase(t, sharedBotNegativeProof) }

func sharedBotNegativeProof(t *testing.T, on func(*app.Config)) {
	c := newCity(t, on)
	both := func(want string) {
		t.Helper()
		c.until("links are "+want, func() bool {
			return c.books.linkStates(goodPhone) == want && c.taxi.linkStates(goodPhone) == want
		})
	}
	anna := c.user(goodPhone)
	c.join(anna, c.books, "Book House")
	c.join(anna, c.taxi, "Steppe Taxi")
	both("active")
	anna.Block(c.bot)
	both("inactive")
	anna.Unblock(c.bot)
	both("active")

	// A chat that refuses a message of one business is gone for all of them.
	anna.Deactivate()
	v := c.books.begin(fields{"phone": goodPhone})
	c.books.settled(v.ID, "telegram:failed sms:delivered")
	both("inactive")

	// The number is in another chat now, proven for one business.
	heir := c.user(goodPhone)
	heir.Start(c.bot, c.books.id)
	c.said(heir, "Book House can deliver")
	c.must(heir.ShareContact(c.bot))
	c.said(heir, "codes of Book House")
	c.until("the old link is over for both", func() bool {
		return c.books.linkStates(goodPhone) == "revoked active" && c.taxi.linkStates(goodPhone) == "revoked"
	})
	c.taxi.begin(fields{"phone": goodPhone})
	c.waitSMS(goodPhone)

	// Another number in the same chat ends what the chat held before.
	heir.Start(c.bot, c.taxi.id)
	c.said(heir, "Steppe Taxi can deliver")
	c.must(heir.ShareContact(c.bot))
	c.said(heir, "Done: codes of Steppe Taxi")
	const moved = "+77011234588"
	heir.ChangePhone(moved)
	heir.Start(c.bot, c.taxi.id)
	heir.SendContact(c.bot, heir.OwnContact())
	c.said(heir, "no longer")
	c.until("the former number is linked nowhere", func() bool {
		return c.books.linkStates(goodPhone) == "revoked revoked" && !strings.Contains(c.taxi.linkStates(goodPhone), " active")
	})
	if c.taxi.linkStates(moved) != "active" || c.books.linkStates(moved) != "" {
		t.Errorf("the new number has links %q and %q", c.taxi.linkStates(moved), c.books.linkStates(moved))
	}
}

// TestT21SharedBot offers contacts that prove nothing, to a chat that another
// business of the bot waits for.
func TestT21SharedBot(t *testing.T) {
	t.Parallel()
	c := newCity(t, func(*app.Config) {})
	victim, mallory := c.user(goodPhone), c.user("+77011234588")
	v := c.books.begin(fields{"phone": goodPhone, "channels": []string{"telegram"}})
	_, err := mallory.OpenLink(v.Links["telegram"])
	c.must(err)
	c.said(mallory, "Book House would like to send codes")
	c.must(mallory.ShareContact(c.bot)) // the own number, which Book House does not wait for
	c.said(mallory, "Book House waits for")
	mallory.SendForeignContact(c.bot, goodPhone, victim.ID())
	mallory.SendForeignContact(c.bot, goodPhone, 0)
	mallory.SendForeignContact(c.bot, goodPhone, mallory.ID()+1)
	mallory.ForwardContact(c.bot, victim.OwnContact(), victim)
	mallory.SendContactViaBot(c.bot, mallory.OwnContact(), c.bot)
	mallory.SendBusinessContact(c.bot, mallory.OwnContact())
	c.said(mallory, "Somebody else's contact card")

	// Buttons of businesses and messages that are not hers tell her nothing.
	mallory.Say(c.bot, "/stop")
	c.said(mallory, "No number is linked")
	for _, s := range []*shop{c.books, c.taxi, c.other} {
		if s.linkStates(goodPhone) != "" || s.linkStates("+77011234588") != "" {
			t.Errorf("linked: %q and %q", s.linkStates(goodPhone), s.linkStates("+77011234588"))
		}
	}
	if got := c.books.get(v.ID).trail(); got != "telegram:waiting_link" {
		t.Errorf("the code is %s", got)
	}
	// The victim's own proof for one business opens nothing at the other.
	c.join(victim, c.taxi, "Steppe Taxi")
	if got := c.books.get(v.ID).trail(); got != "telegram:waiting_link" {
		t.Errorf("another business's code went into the chat: %s", got)
	}
}

func TestSharedBotsInTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte(sharedToken), 0o600); err != nil {
		t.Fatal(err)
	}
	const biz = "biz_01kpx3q8e5f1ttgq0g7m9y2c4d"
	good := "shared_bots:\n  - token: file:" + token + "\n    username: city_bot\n    businesses: {" + biz + ": Book House}\n"
	for name, tt := range map[string]struct{ file, says string }{
		"good":             {good, ""},
		"beside providers": {"# first\nsms_providers: []\n" + good, ""},
		"before providers": {good + "sms_providers: []\n", ""},
		"none":             {"sms_providers: []\n", ""},
		"misspelt":         {strings.Replace(good, "username", "user_name", 1), `line 3: unknown field "user_name"; known here are token, username, businesses, tell`},
		"no username":      {strings.Replace(good, "city_bot", "\"\"", 1), "username"},
		"with an @":        {strings.Replace(good, "city_bot", "\"@city_bot\"", 1), "without @"},
		"nobody":           {strings.Replace(good, biz+": Book House", "", 1), "serves nobody"},
		"no id":            {strings.Replace(good, biz, "Books", 1), "its id"},
		"no name":          {strings.Replace(good, "Book House", "\"\"", 1), "its id"},
		"mistake below":    {good + "sms_provider: []\n", "line 5"},
	} {
		path := filepath.Join(dir, "file.yaml")
		if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
			t.Fatal(err)
		}
		read, err := app.ReadFile(path)
		if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
		if name == "good" && (len(read.SharedBots) != 1 || read.SharedBots[0].Businesses[otpcore.ID(biz)] != "Book House") {
			t.Errorf("read %+v", read.SharedBots)
		}
	}
}

func TestSharedBotThatABusinessHas(t *testing.T) {
	t.Parallel()
	c := newCity(t, func(*app.Config) {})
	if a := c.books.ask("POST", "/v1/bots", fields{"kind": "telegram", "token": sharedToken}); a.code != "bot_exists" {
		t.Errorf("a business took the shared bot: %d %s", a.status, a.body)
	}
	b := c.books.sharedBots()[0]
	if a := c.books.ask("DELETE", "/v1/bots/"+b.ID, nil); a.status != http.StatusNotFound {
		t.Errorf("a business removes the shared bot: %d", a.status)
	}
	// The business's own bot goes before the shared one.
	c.books.addBot(3)
	v := c.books.begin(fields{"phone": goodPhone})
	if !strings.Contains(v.Links["telegram"], "shop3_bot") {
		t.Errorf("links are %v", v.Links)
	}
}
