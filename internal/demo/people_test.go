package demo

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestAStrangerLinksNothing follows Anna's link on somebody else's phone.
func TestAStrangerLinksNothing(t *testing.T) {
	needBrowser(t)
	for _, w := range windows {
		t.Run(w.name, func(t *testing.T) {
			b := openTab(t, soon, w.width, w.height)
			b.click("#get-code")
			b.at("phone").click(`[data-person="stranger"]`)
			b.at("shop").click("#connect")
			b.click("#start")
			b.push("keyboard", "Share my number")
			b.sees("#chat", "This is +7 777 •••00, Book House waits for +7 701 •••67.")
			b.click("#card")
			b.sees("#chat", "Somebody else's contact card is of no use here")
			b.fill("#say", annasPhone)
			b.click(`#compose [aria-label="Send"]`)
			b.sees("#chat", "A typed number is not enough")
			b.fits()
			b.shot("refused")
			b.at("server").sees(`[data-link="anna"]`, "is not linked")
			b.sees(`[data-link="stranger"]`, "is not linked")
		})
	}
}

// TestLanguageAndTheWayBack chooses a language from the bot's menu, gets a code
// in it, copies it by the button, and goes back to the shop by the other one.
func TestLanguageAndTheWayBack(t *testing.T) {
	needBrowser(t)
	for _, w := range windows {
		t.Run(w.name, func(t *testing.T) {
			b := openTab(t, soon, w.width, w.height)
			b.at("phone").sees("#about", "This bot brings you one-time codes")
			b.at("shop").click("#get-code")
			b.click("#connect")
			b.click("#start")
			b.push("keyboard", "Share my number")
			b.sees("#chat", "arrive in this chat from now on")
			b.click("#menu-toggle")
			b.sees("#menu", "/language Choose the language")
			b.fits()
			b.shot("menu")
			b.push("menu", "/language Choose the language")
			b.push("chat", "Қазақша")
			b.sees("#chat", "осы чатта қазақша жазамыз")
			b.at("shop").click("#leave")
			b.click("#get-code")
			b.at("phone").sees("#chat", "жүйесіне кіру коды")
			b.fits()
			b.shot("kazakh")
			b.push("chat", "Кодты көшіру")
			b.sees("#toast", "Copied")
			b.push("chat", "Book House бетіне оралу")
			b.sees("#toast", "shop.example is the shop on this page")
			b.until("the focus in the code field", `document.activeElement.id === "code"`)
			b.click("#paste")
			b.click("#confirm")
			b.sees("#end", "You are signed in")
			b.at("phone").sees("#chat", "кіру коды пайдаланылды")
			b.shot("back")
		})
	}
}

// TestTheSMSFollows waits for the fallback beside its clock.
func TestTheSMSFollows(t *testing.T) {
	b := openTab(t, soon, 1280, 900)
	b.link()
	b.click("#get-code")
	b.sees("#fallback", "SMS follows in")
	b.sees("#row-sms", "0:")
	b.sees("#badge-sms", "1") // the code from before the link
	code := b.code("chat")
	b.shot("clock")
	b.sees("#notice", code)
	b.shot("followed")
	b.click("#notice button")
	b.sees("#texts", code)
	b.click("#tab-chat")
	b.sees("#timeline", "Nobody has confirmed it in time.")
	b.sees("#chat", "The same code is on its way by SMS, too.")
	b.until("no unread message", `document.querySelector("#badge-sms").hidden`)
}

// TestBrokenCarriers breaks the SMS provider, then Telegram, and mends them.
func TestBrokenCarriers(t *testing.T) {
	b := openTab(t, soon, 1280, 900)
	b.flip("sms_down", true)
	b.click("#get-code")
	b.sees("#timeline", "The SMS provider is tried again in 1 s.")
	b.flip("sms_down", false)
	b.click("#tab-sms")
	b.code("texts")
	b.sees("#timeline", "it is on the phone")
	b.click("#leave")
	b.link()
	b.flip("telegram_down", true)
	b.click("#get-code")
	b.sees("#timeline", "Telegram is tried again in 1 s.")
	b.shot("down")
	b.flip("telegram_down", false)
	b.sees("#timeline", "Telegram has accepted the message, for free.")
	b.click("#leave")
	b.flip("telegram_slow", true)
}

// TestNothingGetsThrough keeps the SMS provider broken: the shop ends with what was
// tried, and Telegram, which was not linked, was not.
func TestNothingGetsThrough(t *testing.T) {
	b := openTab(t, soon, 1280, 900)
	b.flip("sms_down", true)
	b.click("#get-code")
	b.until("the last pause", `document.querySelector("#timeline").innerText.split("is tried again in").length > 3`)
	b.sees("#end", "The code could not be delivered. Tried: SMS.")
	b.fits()
	b.shot("undelivered")
}

// link links Anna's phone and goes back to the shop's first screen.
func (b *tab) link() {
	b.Helper()
	b.click("#get-code")
	b.click("#connect")
	b.click("#start")
	b.push("keyboard", "Share my number")
	b.sees(`[data-link="anna"]`, "is linked to a chat")
	b.click("#leave")
	b.until("the first screen", `!document.querySelector("#ask").hidden`)
}

// TestByKeyboardAlone does the main job without a pointer.
func TestByKeyboardAlone(t *testing.T) {
	b := openTab(t, soon, 1280, 900)
	b.tabTo("#get-code", forward)
	b.press(kb.Enter)
	b.until("the focus in the code field", `document.activeElement.id === "code"`)
	b.tabTo("#connect", forward)
	b.press(kb.Enter)
	b.until("the focus on Start", `document.activeElement.id === "start"`)
	b.press(kb.Enter)
	b.sees("#keyboard", "Share my number")
	b.tabTo("#keyboard button", forward)
	b.press(kb.Enter)
	b.code("chat")
	b.tabTo("#chat .code", backward)
	b.press(kb.Enter)
	b.tabTo("#paste", backward)
	b.press(kb.Enter)
	b.until("the focus on Confirm", `document.activeElement.id === "confirm"`)
	b.press(kb.Enter)
	b.sees("#end", "You are signed in")
	b.until("the focus on the result", `document.activeElement.id === "end-title"`)
	b.shot("confirmed")
	b.tabTo("#again", forward)
	b.press(kb.Enter)
	b.until("the focus on the first field", `document.activeElement.name === "phone"`)
}

const (
	forward  = false
	backward = true
)

// tabTo walks with the Tab key until the element has the focus.
func (b *tab) tabTo(selector string, back bool) {
	b.Helper()
	var how []chromedp.KeyOption
	if back {
		how = append(how, chromedp.KeyModifiers(chromedp.ModifierShift))
	}
	for range 60 {
		b.do("Tab", chromedp.KeyEvent(kb.Tab, how...))
		if b.eval(`document.activeElement.matches(`+"`"+selector+"`"+`)`) == "true" {
			return
		}
	}
	b.shot("failed")
	b.Fatalf("60 times Tab do not lead to %s", selector)
}

func (b *tab) press(key string) {
	b.Helper()
	b.do("a key", chromedp.KeyEvent(key))
}
