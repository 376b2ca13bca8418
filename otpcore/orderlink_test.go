package otpcore_test

import (
	"fmt"
	"testing"
	"time"

	"otpravka/otpcore"
)

// A wardrobe takes longer than the groceries that were ordered after it.
func TestLinkedChatGetsTheOrderBehindThoseThatAreOver(t *testing.T) {
	inHouse(t, func(h *house) {
		say := func(number string, status otpcore.OrderStatus) {
			h.t.Helper()
			if _, err := h.Orders.Update(h.t.Context(), h.by, otpcore.OrderRequest{Number: number, Status: status, Phone: user}); err != nil {
				h.t.Fatal(err)
			}
		}
		for i := range 6 {
			say(fmt.Sprint("open-", i), otpcore.OrderShipped)
			time.Sleep(time.Second)
		}
		for i := range 6 {
			say(fmt.Sprint("over-", i), otpcore.OrderDelivered)
		}
		time.Sleep(48 * time.Hour)
		h.linkUser("100")
		time.Sleep(10 * time.Second)
		sent := h.carriers.Of(tg).Sent()
		if len(sent) != 5 {
			t.Errorf("%d orders, want the five newest that are under way", len(sent))
		}
	})
}

// Among the channels SMS would do nothing, and the order reach nobody.
func TestOrdersNameChatsOnly(t *testing.T) {
	inHouse(t, func(h *house) {
		for _, channels := range [][]otpcore.Channel{{sm}, {tg, sm}, {tg, tg}} {
			r := otpcore.OrderRequest{Number: "1", Status: otpcore.OrderPaid, Phone: user, Channels: channels}
			if _, err := h.Orders.Update(h.t.Context(), h.by, r); otpcore.CodeOf(err) != "channel_unknown" {
				t.Errorf("%v: %v", channels, err)
			}
		}
	})
}
