package coretest

import (
	"sync"
	"time"

	"otpravka/otpcore"
)

// Carriers carry every channel by a Sender of its own, for all businesses,
// modes and regions alike.
type Carriers struct {
	mu      sync.Mutex
	senders map[otpcore.Channel]*Sender
	bots    map[otpcore.Channel]otpcore.ID
	off     map[otpcore.Channel]string
	gateway *Sender // nil: nothing reaches bare numbers over telegram
	number  *Sender // nil: nothing does over whatsapp
}

var _ otpcore.Carriers = (*Carriers)(nil)

// TelegramBot and WhatsAppBot are the bots that carry the chat channels until
// SetBot names others. GatewayBot stands behind the first once AddGateway is
// called.
var (
	TelegramBot = otpcore.FormatID(otpcore.PrefixBot, [16]byte{0: 1, 6: 0x70, 8: 0x80, 15: 1})
	WhatsAppBot = otpcore.FormatID(otpcore.PrefixBot, [16]byte{0: 1, 6: 0x70, 8: 0x80, 15: 2})
	GatewayBot  = otpcore.FormatID(otpcore.PrefixBot, [16]byte{0: 1, 6: 0x70, 8: 0x80, 15: 3})
)

// NewCarriers returns carriers with the given channels switched on, or with
// all of them when none is given.
func NewCarriers(on ...otpcore.Channel) *Carriers {
	c := &Carriers{
		senders: map[otpcore.Channel]*Sender{
			otpcore.Telegram: NewSender("telegram", otpcore.Capabilities{CanEdit: true, CanButton: true, FreeText: true}),
			otpcore.WhatsApp: NewSender("whatsapp", otpcore.Capabilities{FreeText: true, Receipts: true}),
			otpcore.SMS:      NewSender("sms", otpcore.Capabilities{FreeText: true, Receipts: true}),
		},
		bots: map[otpcore.Channel]otpcore.ID{otpcore.Telegram: TelegramBot, otpcore.WhatsApp: WhatsAppBot},
		off:  make(map[otpcore.Channel]string),
	}
	if len(on) == 0 {
		return c
	}
	for _, ch := range otpcore.Channels {
		c.off[ch] = "The channel is not configured."
	}
	for _, ch := range on {
		delete(c.off, ch)
	}
	return c
}

// Of returns the sender behind the channel.
func (c *Carriers) Of(ch otpcore.Channel) *Sender { return c.senders[ch] }

// TurnOn makes the channel usable.
func (c *Carriers) TurnOn(ch otpcore.Channel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.off, ch)
}

// TurnOff makes the channel unusable, for the reason.
func (c *Carriers) TurnOff(ch otpcore.Channel, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off[ch] = reason
}

// SetBot names the bot that carries a chat channel.
func (c *Carriers) SetBot(ch otpcore.Channel, bot otpcore.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bots[ch] = bot
}

// AddGateway adds what reaches bare numbers over telegram, and returns it.
func (c *Carriers) AddGateway() *Sender {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gateway = NewSender("telegram_gateway", otpcore.Capabilities{CanRevoke: true, Receipts: true, CodeDigits: 8})
	return c.gateway
}

// AddNumber lets the bot of whatsapp reach bare numbers, too, and returns what
// sends to those. Its chats take texts for 24 h after a person wrote.
func (c *Carriers) AddNumber() *Sender {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.number = NewSender("whatsapp_cloud", otpcore.Capabilities{Receipts: true})
	c.senders[otpcore.WhatsApp] = NewSender("whatsapp_cloud", otpcore.Capabilities{
		FreeText: true, Receipts: true, CanButton: true, ReplyWindow: 24 * time.Hour,
	})
	return c.number
}

// Way describes the channel.
func (c *Carriers) Way(_ otpcore.ID, _ otpcore.Mode, ch otpcore.Channel, _ string) otpcore.Way {
	c.mu.Lock()
	defer c.mu.Unlock()
	var gateway *otpcore.Way
	if c.gateway != nil && ch == otpcore.Telegram {
		gateway = &otpcore.Way{Channel: ch, BotID: GatewayBot, ByPhone: true, Capabilities: c.gateway.Capabilities()}
	}
	if c.number != nil && ch == otpcore.WhatsApp {
		gateway = &otpcore.Way{Channel: ch, BotID: c.bots[ch], ByPhone: true, Capabilities: c.number.Capabilities()}
	}
	if reason := c.off[ch]; reason != "" {
		if gateway != nil {
			return *gateway
		}
		return otpcore.Way{Channel: ch, Reason: reason}
	}
	way := otpcore.Way{Channel: ch, Capabilities: c.senders[ch].Capabilities()}
	if ch.IsChat() {
		way.BotID, way.BotName, way.Unlinked = c.bots[ch], "shop_bot", gateway
	}
	return way
}

// Kind is the kind of the bot behind a channel.
func (c *Carriers) Kind(bot otpcore.ID) otpcore.BotKind {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case bot == GatewayBot:
		return otpcore.BotTelegramGateway
	case bot == c.bots[otpcore.WhatsApp] && c.number != nil:
		return otpcore.BotWhatsAppCloud
	case bot == c.bots[otpcore.WhatsApp]:
		return otpcore.BotWhatsAppDevice
	case bot == c.bots[otpcore.Telegram]:
		return otpcore.BotTelegram
	}
	return ""
}

// Sender returns the channel's sender, or an error of class unsupported for a
// channel that is off.
func (c *Carriers) Sender(d *otpcore.Delivery, _ string) (otpcore.Sender, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d.BotID == GatewayBot && c.gateway != nil {
		return c.gateway, nil
	}
	if d.Channel == otpcore.WhatsApp && d.LinkID == "" && d.Kind == otpcore.DeliverCode && c.number != nil {
		return c.number, nil
	}
	if reason := c.off[d.Channel]; reason != "" {
		return nil, &otpcore.SendError{Class: otpcore.ClassUnsupported, Provider: string(d.Channel), Message: reason}
	}
	return c.senders[d.Channel], nil
}
