package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"otpravka/bot"
)

// DefaultAPI is Telegram's own Bot API server.
const DefaultAPI = "https://api.telegram.org"

// Client calls a Bot API server for any number of bots. It is safe for
// concurrent use.
type Client struct {
	endpoint  string // format of go-telegram-bot-api: token, then method
	transport *http.Transport
}

// NewClient returns a client of the server at base, a URL without query; empty
// is DefaultAPI. The proxy settings of the environment apply.
func NewClient(base string) (*Client, error) {
	if base == "" {
		base = DefaultAPI
	}
	base, err := bot.Base(base)
	if err != nil {
		return nil, fmt.Errorf("telegram: %w", err)
	}
	base = strings.ReplaceAll(base, "%", "%%")
	return &Client{endpoint: base + "/bot%s/%s", transport: newTransport()}, nil
}

// newTransport is one pool for all bots. Over HTTP/2, which api.telegram.org
// speaks, their long polls share a few connections; the pings notice one that
// died silently long before a poll would run out of time.
func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 10 * time.Second},
		MaxIdleConnsPerHost: 64,
		IdleConnTimeout:     90 * time.Second,
	}
}

// Close lets go of idle connections. Calls under way are not cut.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// call makes one request and returns its result, or what became of it. Limit
// bounds the time beside ctx.
func (c *Client) call(ctx context.Context, t token, method string, p tgbotapi.Params, limit time.Duration) (json.RawMessage, *callError) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	w := &wire{ctx: ctx, transport: c.transport}
	api := tgbotapi.BotAPI{Token: string(t), Client: w}
	api.SetAPIEndpoint(c.endpoint)
	answer, err := api.MakeRequest(method, p)
	if err != nil {
		return nil, explain(method, err, w.written.Load())
	}
	return answer.Result, nil
}
