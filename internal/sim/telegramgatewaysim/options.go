package telegramgatewaysim

import (
	"net"
	"net/http"
	"time"
)

// Options change how the Gateway behaves. The zero value sends no report that
// nobody asked for.
type Options struct {
	// Listener is served by Listen; nil is a free port of 127.0.0.1.
	Listener net.Listener
	// Client posts the reports; nil is a client of the server's own.
	Client *http.Client
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Reports are posted by themselves for each message, such as "delivered",
	// "read". Empty: none.
	Reports []string
	// Retries is how often a report is posted again that was not answered with
	// 200; Telegram does so ten times.
	Retries int
	// RetryPause lies between them.
	RetryPause time.Duration
}

// Status words of messages.
const (
	Sent      = "sent"
	Delivered = "delivered"
	Read      = "read"
	Expired   = "expired"
	Revoked   = "revoked"
)

// price of a message, in dollars.
const price = 0.01

// Message is a code on a phone.
type Message struct {
	RequestID string
	Phone     string // as the sender wrote it
	Code      string
	TTL       time.Duration // zero: the sender named none
	Payload   string
	Callback  string
	Time      time.Time

	Status       string // of the delivery
	Verification string // what checkVerificationStatus was last told: code_valid, code_invalid or nothing
	Refunded     bool
	Told         string // the last status whose report was answered with 200
}

// Readable reports whether the phone shows the code.
func (m Message) Readable() bool { return m.Status != Revoked && m.Status != Expired }
