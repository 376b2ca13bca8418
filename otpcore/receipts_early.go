package otpcore

import (
	"maps"
	"time"
)

const (
	// earlyOfBot bounds the receipts that are kept in memory for one bot. Whoever
	// owns it can make them up, and takes room from nobody else.
	earlyOfBot = 200
	// keepEarly is how long one of them waits for its message.
	keepEarly = 5 * time.Minute
)

// earlyReceipts came from a business's bot before their message was known, and
// name no delivery. Their owners could make up any number, so they never reach
// the database. The zero value is ready.
type earlyReceipts struct {
	bots map[ID]map[providerMessage]earlyReceipt
}

type earlyReceipt struct {
	Receipt
	until time.Time
}

// hold keeps the furthest word on a message.
func (e *earlyReceipts) hold(receipt Receipt, now time.Time) {
	of, m := e.bots[receipt.BotID], providerMessage{receipt.Provider, receipt.MessageID}
	before, known := of[m]
	if known && receipt.Status.rank() < before.Status.rank() {
		return
	}
	if !known && len(of) >= earlyOfBot {
		maps.DeleteFunc(of, func(_ providerMessage, r earlyReceipt) bool { return now.After(r.until) })
		if len(of) >= earlyOfBot {
			return
		}
	}
	if of == nil {
		if e.bots == nil {
			e.bots = make(map[ID]map[providerMessage]earlyReceipt)
		}
		of = make(map[providerMessage]earlyReceipt)
		e.bots[receipt.BotID] = of
	}
	of[m] = earlyReceipt{receipt, now.Add(keepEarly)}
}

func (e *earlyReceipts) has(bot ID, m providerMessage) bool {
	_, known := e.bots[bot][m]
	return known
}

// take gives back, once, what hold has kept, or nil.
func (e *earlyReceipts) take(bot ID, m providerMessage, now time.Time) *Receipt {
	of := e.bots[bot]
	r, known := of[m]
	if delete(of, m); len(of) == 0 {
		delete(e.bots, bot)
	}
	if !known || now.After(r.until) {
		return nil
	}
	return &r.Receipt
}
