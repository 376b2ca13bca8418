package otpcore_test

import (
	"strings"
	"testing"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

const backToShop = "https://shop.example.com/login?step=2"

func allowing(hosts ...string) func(*otpcore.Settings) {
	return func(s *otpcore.Settings) { s.ReturnHosts = hosts }
}

func (h *house) allow(hosts ...string) {
	h.t.Helper()
	changed, err := h.Businesses.Change(h.t.Context(), h.by.Business.ID, func(_ *string, s *otpcore.Settings) { allowing(hosts...)(s) })
	if err != nil {
		h.t.Fatal(err)
	}
	h.by.Business = changed
}

func TestReturnURLs(t *testing.T) {
	inHouse(t, func(h *house) {
		h.allow("shop.example.com", "xn--80ak6aa92e.com")
		for raw, want := range map[string]string{
			"":                                                      "",
			backToShop:                                              "",
			"https://SHOP.example.com/":                             "",
			"https://xn--80ak6aa92e.com":                            "",
			"https://evil.com/":                                     "return_url_not_allowed",
			"https://shop.example.com.evil.com/":                    "return_url_not_allowed",
			"https://sub.shop.example.com/":                         "return_url_not_allowed",
			"https://evil.com/shop.example.com":                     "return_url_not_allowed",
			"https://shop.example.com@evil.com/":                    "return_url_invalid",
			"https://evil.com\\@shop.example.com/":                  "return_url_invalid",
			"https://shop.example.com:8443/":                        "return_url_invalid",
			"http://shop.example.com/":                              "return_url_invalid",
			"javascript:alert(1)":                                   "return_url_invalid",
			"tg://resolve?domain=evil":                              "return_url_invalid",
			"//shop.example.com/":                                   "return_url_invalid",
			"https:shop.example.com":                                "return_url_invalid",
			"https://shop.example.com/\u202e":                       "return_url_invalid",
			"https://shop.example.com/a b":                          "return_url_invalid",
			"https://shop.example.com/" + strings.Repeat("a", 1000): "return_url_invalid",
		} {
			_, err := h.Links.Open(h.t.Context(), h.by, otpcore.LinkRequest{Channel: tg, ReturnURL: raw})
			if otpcore.CodeOf(err) != want {
				t.Errorf("link to %q: %v, want %q", raw, err, want)
			}
			if want == "" {
				continue
			}
			_, err = h.Verifications.Start(h.t.Context(), h.by, otpcore.StartRequest{Phone: user, ReturnURL: raw})
			if otpcore.CodeOf(err) != want {
				t.Errorf("start with %q: %v, want %q", raw, err, want)
			}
		}
	})
}

func TestReturnHosts(t *testing.T) {
	inHouse(t, func(h *house) {
		for host, ok := range map[string]bool{
			"shop.example.com": true, "a.io": true, "Shop.example.com": false, "localhost": false, "shop.localhost": false, "10.0.0.1": false,
			"[::1]": false, "https://shop.example.com": false, "shop.example.com/": false, "shop.example.com:443": false, "*.example.com": false,
			"": false, "-a.com": false, "printer.local": false, "магазин.рф": false, strings.Repeat("a.", 127) + "com": false,
		} {
			_, err := h.Businesses.Change(h.t.Context(), h.by.Business.ID, func(_ *string, s *otpcore.Settings) { allowing(host)(s) })
			if (err == nil) != ok || err != nil && otpcore.CodeOf(err) != "return_host_invalid" {
				t.Errorf("%q: %v", host, err)
			}
		}
		many := make([]string, 21)
		for i := range many {
			many[i] = "a.io"
		}
		if _, err := h.Businesses.Change(h.t.Context(), h.by.Business.ID, func(_ *string, s *otpcore.Settings) { allowing(many...)(s) }); otpcore.CodeOf(err) != "return_host_invalid" {
			t.Errorf("21 hosts: %v", err)
		}
	})
}

// The way back stands under the code where there is one, and is told apart
// from it only where there is none.
func TestWayBack(t *testing.T) {
	inHouse(t, func(h *house) {
		h.allow("shop.example.com")
		s := h.begin(waiting, func(r *otpcore.StartRequest) { r.ReturnURL = backToShop })
		_, token, _ := strings.Cut(s.TelegramLink, "?start=")
		h.press("100", token)
		if a := h.share("100", user); !a.CodeSent || a.ReturnURL != "" {
			t.Errorf("by a code's link: %+v", a)
		}
		sent := h.carriers.Of(tg).Await(1)[0]
		if n := len(sent.Message.Buttons); n != 2 || sent.Message.Buttons[1][0].URL != backToShop || coretest.CodeIn(sent) == "" {
			t.Errorf("message %+v", sent.Message)
		}
		_, token = h.openLink(otpcore.LinkRequest{ReturnURL: backToShop})
		h.press("100", token)
		if a := h.share("100", user); a.ReturnURL != backToShop {
			t.Errorf("by a requested link: %+v", a)
		}
		// A code's link may be opened when the code is over.
		s = h.begin(waiting, func(r *otpcore.StartRequest) { r.ReturnURL = backToShop })
		_, token, _ = strings.Cut(s.TelegramLink, "?start=")
		h.check(s.Verification.ID, coretest.CodeIn(h.carriers.Of(tg).Await(2)[1]))
		h.press("100", token)
		if a := h.share("100", user); a.CodeSent || a.ReturnURL != backToShop {
			t.Errorf("after the code: %+v", a)
		}
	})
}

// TestAddressesOfQRCodes: a QR code shows what its own name opens, while that
// opens anything.
func TestAddressesOfQRCodes(t *testing.T) {
	inHouse(t, func(h *house) {
		link, token := h.openLink(otpcore.LinkRequest{})
		address := func(name string) string {
			got, err := h.Links.Address(h.t.Context(), name)
			if err != nil && otpcore.KindOf(err) != otpcore.KindNotFound {
				t.Errorf("%q: %v", name, err)
			}
			return got
		}
		if got := address(token); got != link.URL || link.Token != token {
			t.Errorf("link: %q, want %q", got, link.URL)
		}
		h.write(func(tx otpcore.Tx) error {
			bot, err := tx.Bot(coretest.TelegramBot)
			if err != nil {
				return err
			}
			bot.Username = "shop_bot"
			return tx.SaveBot(bot)
		})
		if got := address(string(coretest.TelegramBot)); got != "https://t.me/shop_bot" {
			t.Errorf("bot: %q", got)
		}
		for _, name := range []string{"", "x", token[:31], strings.Repeat("A", 32), string(link.ID), "bot_", string(otpcore.NewID(otpcore.PrefixBot, started))} {
			if got := address(name); got != "" {
				t.Errorf("%q: %q", name, got)
			}
		}
		h.press("100", token)
		h.share("100", user)
		if got := address(token); got != "" {
			t.Errorf("a used link: %q", got)
		}
	})
}
