// Package callbacks takes in what providers tell us: delivery reports of SMS
// and of the Telegram Gateway, and what people write to bots. Each provider and
// each bot has an address with a key of 128 bits; an address without one behind
// it does not exist.
package callbacks

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v4"

	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

// Receiver stores receipts. After an error the provider sends them again.
type Receiver interface {
	Accept(ctx context.Context, receipts []otpcore.Receipt) error
}

// Reports checks and reads the reports of one kind of provider.
type Reports interface {
	// Receipts checks and reads a report that came to the address with the key.
	// The reply is for the provider and always complete; the error for the log.
	Receipts(key string, r *http.Request) ([]otpcore.Receipt, Reply, error)
}

// Reply is what to answer to a report. Providers repeat a report until they
// like the answer, and some want a certain word in its body.
type Reply struct {
	Status int
	Allow  string // for the Allow header of a 405
	Body   string
}

// Posts take in what chat networks post to their bots' addresses.
type Posts interface {
	// Receive returns once the effect of a post is durable. An address without a
	// bot is not_found, a post that does not prove its sender unauthorized, and
	// after any other error the network must post it again.
	Receive(ctx context.Context, key string, header http.Header, body []byte) error
}

// CalledPosts are the posts of chat networks that call an address first, before
// they post there.
type CalledPosts interface {
	Posts

	// Greet checks the word that came with that call. An address without a bot is
	// not_found, another word than the bot's unauthorized.
	Greet(key, verifyToken string) error
}

// Config is what the room works with.
type Config struct {
	SMS             Reports
	TelegramGateway Reports // nil: there is none
	Receipts        Receiver
	Telegram        Posts       // nil: no address
	WhatsApp        CalledPosts // nil: no address
	Log             *slog.Logger
}

// The addresses, up to their keys.
const (
	SMSPath             = "/callbacks/sms/"
	TelegramPath        = "/callbacks/telegram/"
	TelegramGatewayPath = "/callbacks/telegram-gateway/"
	WhatsAppPath        = "/callbacks/whatsapp/"
)

// Callbacks is the room of inbound calls.
type Callbacks struct {
	cfg     Config
	refused *refusals
	large   chan struct{} // holds one per large post that is read
}

// New returns the room.
func New(cfg Config) *Callbacks {
	return &Callbacks{cfg, newRefusals(cfg.Log), make(chan struct{}, largeAtOnce)}
}

// Mount adds the routes.
func (c *Callbacks) Mount(e *echo.Echo) {
	e.Any(SMSPath+":key", func(ctx echo.Context) error { return c.receive(ctx, c.cfg.SMS) })
	if c.cfg.TelegramGateway != nil {
		e.Any(TelegramGatewayPath+":key", func(ctx echo.Context) error { return c.receive(ctx, c.cfg.TelegramGateway) })
	}
	if c.cfg.Telegram != nil {
		e.POST(TelegramPath+":key", func(ctx echo.Context) error { return c.post(ctx, c.cfg.Telegram, "telegram post refused") })
	}
	if c.cfg.WhatsApp != nil {
		e.GET(WhatsAppPath+":key", c.greet)
		e.POST(WhatsAppPath+":key", c.posted)
	}
}

// receive stores the receipts first and answers then: a provider that hears
// "yes" does not send them again.
func (c *Callbacks) receive(ctx echo.Context, from Reports) error {
	r := ctx.Request()
	receipts, reply, err := from.Receipts(ctx.Param("key"), r)
	if err != nil {
		c.refused.note(r.Context(), "report refused", reply.Status, err)
	}
	if len(receipts) > 0 {
		failpoint.Hit(failpoint.ReceiptReceived)
		if err := c.cfg.Receipts.Accept(r.Context(), receipts); err != nil {
			return err
		}
		failpoint.Hit(failpoint.ReceiptStored)
	}
	if reply.Allow != "" {
		ctx.Response().Header().Set(echo.HeaderAllow, reply.Allow)
	}
	return ctx.Blob(reply.Status, echo.MIMETextPlainCharsetUTF8, []byte(reply.Body))
}
