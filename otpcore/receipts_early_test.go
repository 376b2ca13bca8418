package otpcore

import (
	"fmt"
	"testing"
	"time"
)

// One bot reports a flood of messages that nobody knows. The receipt of another
// one's message still waits for it.
func TestFloodOfReceiptsIsTheBotsOwn(t *testing.T) {
	var e earlyReceipts
	now := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	early := func(bot ID, n int) Receipt {
		return Receipt{BotID: bot, Provider: "whatsapp_cloud", MessageID: fmt.Sprint("wamid.", n), Status: Delivered}
	}
	for n := range 3 * earlyOfBot {
		e.hold(early("bot_loud", n), now)
	}
	if n := len(e.bots["bot_loud"]); n != earlyOfBot {
		t.Errorf("%d receipts of one bot are kept, want %d", n, earlyOfBot)
	}
	e.hold(early("bot_quiet", 1), now)
	e.hold(Receipt{BotID: "bot_loud", Provider: "whatsapp_cloud", MessageID: "wamid.1", Status: FailedDlv}, now) // as if it were the other one's
	m := providerMessage{"whatsapp_cloud", "wamid.1"}
	if r := e.take("bot_quiet", m, now); r == nil || r.Status != Delivered || r.BotID != "bot_quiet" {
		t.Errorf("the other bot's receipt is %+v", r)
	}
	if e.has("bot_quiet", m) || len(e.bots) != 1 {
		t.Error("a receipt that was taken still waits")
	}
	later := now.Add(keepEarly + time.Second)
	if r := e.take("bot_loud", m, later); r != nil {
		t.Errorf("a receipt waits for more than %v: %+v", keepEarly, r)
	}
	e.hold(early("bot_loud", -1), later)
	if !e.has("bot_loud", providerMessage{"whatsapp_cloud", "wamid.-1"}) {
		t.Error("receipts that wait no more take the room of a new one")
	}
}

// The furthest word on a message stays, in whatever order they come.
func TestEarlyReceiptsKeepTheFurthestWord(t *testing.T) {
	m, now := providerMessage{"whatsapp_cloud", "wamid.1"}, time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	for _, order := range [][]DeliveryStatus{{Sent, Delivered, Read}, {Read, Delivered, Sent}, {Delivered, Read, Sent}} {
		var e earlyReceipts
		for _, s := range order {
			e.hold(Receipt{BotID: "bot_a", Provider: m.provider, MessageID: m.id, Status: s}, now)
		}
		if r := e.take("bot_a", m, now); r == nil || r.Status != Read {
			t.Errorf("after %v: %+v", order, r)
		}
	}
}
