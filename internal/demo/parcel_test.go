package demo

import (
	"testing"
	"time"
)

// TestAnOrderGoesItsWay clicks an order from the shop to the door: the phone
// shows one living message, and the code that the courier asks for.
func TestAnOrderGoesItsWay(t *testing.T) {
	b := openTab(t, 30*time.Second, 1280, 900)
	b.click("#parcel-next")
	b.sees("#parcel-status", "Order № 10/1 is placed")
	b.click("#parcel-connect")
	b.click("#start")
	b.sees("#chat", "can deliver your codes")
	b.push("keyboard", "Share my number")
	b.sees("#chat", "order № 10/1 is placed")
	b.sees("#chat", "The Steppe Cookbook")
	b.shot("1-placed")
	b.click("#parcel-next")
	b.sees("#chat", "order № 10/1 is paid")
	b.sees("#chat", "edited")
	if n := b.eval(`[...document.querySelectorAll("#chat .message")].filter(m => m.innerText.includes("№ 10/1")).length`); n != "1" {
		t.Errorf("%s messages about the order, want one", n)
	}
	b.click("#parcel-next")
	b.sees("#chat", "is on its way")
	b.click("#parcel-next")
	b.sees("#chat", "is coming to you")
	code := b.code("chat")
	b.shot("2-courier")
	b.fill("#courier-code", turned(code))
	b.click("#hand-over")
	b.sees("#parcel-said", "not the code")
	b.fill("#courier-code", code)
	b.click("#hand-over")
	b.sees("#parcel-status", "is handed over")
	b.sees("#chat", "is delivered")
	b.until("no code is readable", `!document.querySelector("#chat .code")`)
	b.sees("#received", "order.updated")
	b.fits()
	b.shot("3-delivered")
}
