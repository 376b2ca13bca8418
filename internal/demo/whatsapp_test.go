//go:build !nowhatsmeow

package demo

import "testing"

// TestTheWhatsAppTab links a phone by the message that the shop's link prepares,
// reads the code there, and sees the SMS follow where WhatsApp loses it.
func TestTheWhatsAppTab(t *testing.T) {
	needBrowser(t)
	for _, w := range windows {
		t.Run(w.name, func(t *testing.T) {
			b := openTab(t, soon, w.width, w.height)
			b.at("shop").click(`[name="wait"]`)
			b.click("#get-code")
			b.click("#connect-whatsapp")
			b.until("the prepared message", `document.querySelector("#words").value.includes("Book House")`)
			b.shot("1-prepared")
			b.click(`#write [aria-label="Send"]`)
			code := b.code("talk")
			b.fits()
			b.shot("2-linked")
			b.click("#talk .code")
			b.at("shop").click("#paste")
			b.click("#confirm")
			b.sees("#end", "You are signed in as "+annasPhone)
			b.at("server").sees(`[data-link="anna"]`, "is linked in WhatsApp")
			b.sees("#timeline", "WhatsApp reports: it was read.")
			b.at("phone").until("no code", `!document.querySelector("#talk").textContent.includes("`+code+`")`)
			b.shot("3-used")

			b.at("shop").click("#parcel-next")
			b.at("phone").sees("#talk", "is placed")

			b.at("server").flip("whatsapp_silent", true)
			b.at("shop").click("#again")
			b.click("#get-code")
			b.at("phone").sees("#badge-sms", "1")
			b.click("#tab-sms")
			b.code("texts")
			b.at("server").sees("#timeline", "Nobody has confirmed it in time.")
			b.shot("4-lost")
		})
	}
}
