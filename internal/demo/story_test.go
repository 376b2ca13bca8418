package demo

import (
	"strings"
	"testing"
)

var windows = []struct {
	name          string
	width, height int
}{{"wide", 1280, 900}, {"narrow", 360, 740}}

// TestTheWholeStory plays what a newcomer would, by clicking.
func TestTheWholeStory(t *testing.T) {
	needBrowser(t)
	for _, w := range windows {
		t.Run(w.name, func(t *testing.T) {
			b := openTab(t, soon, w.width, w.height)
			b.shot("1-first")
			b.signIn()
			b.payTwice()
			b.reportAndPause()
			b.blockAndUnblock()
		})
	}
}

// signIn gets a first code by SMS, links the chat while it lives, and confirms
// with what the chat brings.
func (b *tab) signIn() {
	b.at("shop").click("#get-code")
	b.sees("#hint", "Look for the code in Telegram")
	b.at("phone").click("#tab-sms")
	first := b.code("texts")
	b.shot("2-by-sms")
	b.at("shop").click("#connect")
	b.click("#start")
	b.sees("#chat", "would like to send codes")
	b.shot("3-asked")
	b.push("keyboard", "Share my number")
	if code := b.code("chat"); code != first {
		b.Fatalf("the chat holds %s, the SMS %s", code, first)
	}
	b.sees("#chat", "arrive in this chat from now on")
	b.click("#chat .code")
	b.sees("#toast", "Copied")
	b.shot("4-linked")
	b.at("server").sees(`[data-link="anna"]`, "on Telegram’s word")
	b.sees("#timeline", "The phone was linked a moment ago")
	b.at("shop").fill("#code", turned(first))
	b.click("#confirm")
	b.sees("#enter-said", "4 attempts are left")
	b.shot("5-wrong")
	b.click("#paste")
	b.click("#confirm")
	b.sees("#end", "You are signed in as "+annasPhone)
	b.fits()
	b.shot("6-confirmed")
	b.at("phone").click("#tab-chat")
	b.sees("#chat", "has been used")
	b.at("server").sees("#timeline", "the code is gone from it")
	b.shot("7-timeline")
	b.at("shop").click("#again")
}

// payTwice pays by SMS first, which proves the link; then the chat may carry
// payments, too.
func (b *tab) payTwice() {
	b.pay()
	b.at("server").sees("#timeline", "This message needs a chat whose phone has been proven")
	b.at("phone").click("#tab-sms")
	b.sees("#texts", "KZT 4,990.00 to Book House")
	b.push("texts", b.code("texts"))
	b.at("shop").click("#paste")
	b.click("#confirm")
	b.sees("#end", "4990.00 KZT to Book House: paid.")
	b.at("server").sees(`[data-link="anna"]`, "proven by an SMS code as well")
	b.at("shop").click("#again")
	b.pay()
	b.at("phone").click("#tab-chat")
	b.sees("#chat", "Payee: Book House")
	b.shot("8-payment")
}

func (b *tab) pay() {
	b.at("shop").click(`#ask [value="payment"] + span`)
	b.click("#get-code")
	b.sees("#enter-order", "4990.00 KZT to Book House")
}

// reportAndPause says "It wasn't me" about the payment.
func (b *tab) reportAndPause() {
	b.push("chat", "It wasn't me")
	b.sees("#chat", "because you told us that it wasn't you")
	b.push("chat", "Pause codes for 1 h")
	b.sees("#chat", "No codes will be sent to your number until")
	b.shot("9-reported")
	b.at("shop").sees("#end", "it wasn’t me")
	b.click("#again")
	b.click("#get-code")
	b.sees("#ask-said", "The user asked not to get codes")
	b.shot("10-paused")
	b.click("#unblock")
	b.until("the offer to be gone", `document.querySelector("#unblock").hidden`)
}

// blockAndUnblock sends the next code elsewhere, and the one after it back.
func (b *tab) blockAndUnblock() {
	b.at("phone").click("#block")
	b.sees("#unblock-board", "Unblock")
	b.at("server").sees(`[data-link="anna"]`, "has blocked the bot")
	b.at("shop").click(`#ask [value="login"] + span`)
	b.click("#get-code")
	b.at("phone").sees("#notice", "is your Book House login code")
	b.shot("11-blocked")
	b.at("phone").click("#unblock-bot")
	b.at("server").sees(`[data-link="anna"]`, "is linked to a chat")
	b.at("shop").click("#leave")
	b.click("#get-code")
	b.at("phone").sees("#chat", "is your login code")
	b.fits()
	b.shot("12-back")
}

// turned is another code of the same length.
func turned(code string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, code)
}
