package demo

import "testing"

// TestTheShopHearsOfIt watches the events at the shop's endpoint, and breaks it.
func TestTheShopHearsOfIt(t *testing.T) {
	for _, w := range windows {
		t.Run(w.name, func(t *testing.T) {
			b := openTab(t, soon, w.width, w.height)
			b.at("server").sees("#received", "bot.state_changed")
			b.at("shop").click("#get-code")
			b.sees("#hint", "Look for the code in Telegram")
			b.at("server").sees("#received", "verification.started")
			b.sees("#received", "+7701•••4567 login")
			b.sees("#received", "delivery.sent")
			b.sees("#received .mark", "signed")
			b.flip("shop_down", true)
			b.at("shop").click("#leave")
			b.at("server").sees("#timeline", "The code is canceled.")
			if lost := b.eval(`document.querySelector("#received").innerText.includes("verification.canceled")`); lost != "false" {
				t.Error("an endpoint that is down has got an event")
			}
			b.flip("shop_down", false)
			b.sees("#received", "verification.canceled")
			b.fits()
			b.shot("received")
		})
	}
}
