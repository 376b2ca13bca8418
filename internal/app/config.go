package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"otpravka/otpcore"
	"otpravka/sms"
	"otpravka/webhook"
	"otpravka/webhook/origin"
)

// Config is everything that a run of Otpravka depends on. Every outside
// address stands here, so that simulators take the same code path as the real
// services.
type Config struct {
	Listen   string       // TCP address of the API
	Listener net.Listener // used instead of Listen where given
	// MetricsListen is the TCP address of /metrics; empty or MetricsOff: none.
	MetricsListen string

	DatabaseURL   string
	MasterKey     string // the keys themselves; empty: MasterKeyFile
	MasterKeyFile string // made on the first start; empty: DefaultKeyFile
	PublicURL     string // base of links and callbacks; empty: the listener
	TelegramAPI   string // base of the Bot API
	// TelegramGatewayAPI is the base of the Telegram Gateway; empty: Telegram's.
	TelegramGatewayAPI string
	// TelegramUpdates is how bots hear what people write: UpdatesAuto (or
	// empty), UpdatesPoll or UpdatesWebhook.
	TelegramUpdates string
	// WhatsAppCloudAPI is the base of Meta's Graph API and WhatsAppCloudVersion the
	// version of it; empty: Meta's own, and the one that the connector was written
	// for.
	WhatsAppCloudAPI     string
	WhatsAppCloudVersion string
	WhatsAppPrices       WhatsAppPrices // what Meta takes for messages
	// WhatsAppTestServer is a simulator that stands in for WhatsApp with linked
	// devices, as host:port,key; empty: the real one. It is refused together with a
	// public URL of the world.
	WhatsAppTestServer string
	// WhatsAppPace is the time between two messages of a linked device; zero: the
	// connector's own.
	WhatsAppPace  time.Duration
	SMS           []sms.ProviderConfig
	SharedBots    []SharedBot    // of the operator
	Proxies       origin.Proxies // whose word on a caller's address is taken
	WebhooksAllow []string       // private addresses that events may be sent to, each a host and a port
	Variables     Variables      // of the environment, as far as the commands read them
	fromFile      []string       // variables that the YAML file refers to

	Rules  otpcore.Rules
	Limits webhook.Limits
	// CallsPerSecond bounds each API key; zero: the API's default.
	CallsPerSecond int
	// PurgePause is the time between two clean-ups; zero: a minute.
	PurgePause time.Duration
	// StopWithin bounds the stop as a whole; zero: DefaultStopWithin.
	StopWithin time.Duration
	Log        *slog.Logger
	// KeyMade is called when the first start has made the master key, with its
	// file; nil: nobody keeps that key.
	KeyMade func(file string)
	// Ready is called once requests are answered, with the API's base URL.
	Ready func(baseURL string)
}

// Defaults of the settings that have one.
const (
	DefaultListen = ":8080"
	// DefaultMetricsListen is for this machine only. Prometheus itself has port
	// 9090; this one is where OpenTelemetry's exporters of its format listen.
	DefaultMetricsListen = "127.0.0.1:9464"
	DefaultDatabaseURL   = "./data/otpravka.db"
	DefaultTelegramAPI   = "https://api.telegram.org"

	DefaultTelegramGatewayAPI = "https://gatewayapi.telegram.org"
)

// The ways in which bots get their updates.
const (
	UpdatesAuto    = "auto" // by webhook where Telegram accepts the public URL
	UpdatesPoll    = "poll"
	UpdatesWebhook = "webhook"
)

// MetricsOff is the address for no metrics.
const MetricsOff = "off"

// DefaultKeyFile is where the master key lies: in the user's configuration
// directory, so that no copy of the data directory holds it.
func DefaultKeyFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no home for the master key: set OTPRAVKA_MASTER_KEY_FILE to a file outside of the data directory: %w", err)
	}
	return filepath.Join(dir, "otpravka", "master.key"), nil
}

// check refuses settings that could only fail later.
func (c *Config) check() error {
	if c.serveMetrics() {
		if _, err := net.ResolveTCPAddr("tcp", c.MetricsListen); err != nil {
			return fmt.Errorf("OTPRAVKA_METRICS_LISTEN must be an address like %s, or %s: %w", DefaultMetricsListen, MetricsOff, err)
		}
	}
	for _, u := range []struct{ name, value string }{
		{"OTPRAVKA_PUBLIC_URL", c.PublicURL},
		{"OTPRAVKA_TELEGRAM_API", c.TelegramAPI},
		{"OTPRAVKA_TELEGRAM_GATEWAY_API", c.TelegramGatewayAPI},
		{"OTPRAVKA_WHATSAPP_CLOUD_API", c.WhatsAppCloudAPI},
	} {
		if u.value == "" {
			continue
		}
		parsed, err := url.Parse(u.value)
		if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" ||
			parsed.RawQuery != "" || parsed.Fragment != "" || parsed.User != nil {
			return fmt.Errorf("%s must be an address like https://codes.example.com, without a query", u.name)
		}
	}
	if err := c.checkWhatsApp(); err != nil {
		return err
	}
	return c.checkUpdates()
}

// checkWhatsApp keeps a simulator off a server that the world uses: nobody would
// get a code, and everything would look well.
func (c *Config) checkWhatsApp() error {
	if err := checkTestServer(c.WhatsAppTestServer); err != nil || c.WhatsAppTestServer == "" || c.PublicURL == "" {
		return err
	}
	if u, err := url.Parse(c.PublicURL); err == nil {
		if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
			return nil
		}
	}
	return errors.New("OTPRAVKA_WHATSAPP_TEST_SERVER is for tests on one machine, and OTPRAVKA_PUBLIC_URL is an address of the world: unset one of them")
}

// byWebhook reports whether Telegram posts updates to us, in place of being
// asked for them.
func (c *Config) byWebhook() bool {
	switch c.TelegramUpdates {
	case UpdatesPoll:
		return false
	case UpdatesWebhook:
		return true
	}
	return fitForWebhooks(c.PublicURL)
}

// fitForWebhooks reports whether Telegram accepts webhooks under the address
// (https://core.telegram.org/bots/webhooks#the-short-version).
func fitForWebhooks(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && slices.Contains([]string{"", "443", "80", "88", "8443"}, u.Port())
}

func (c *Config) checkUpdates() error {
	switch c.TelegramUpdates {
	case "", UpdatesAuto, UpdatesPoll:
		return nil
	case UpdatesWebhook:
	default:
		return fmt.Errorf("OTPRAVKA_TELEGRAM_UPDATES must be auto, poll or webhook")
	}
	if c.PublicURL == "" {
		return errors.New("OTPRAVKA_TELEGRAM_UPDATES is webhook: say in OTPRAVKA_PUBLIC_URL where Telegram reaches this server")
	}
	// A Bot API server of one's own may accept any address.
	if (c.TelegramAPI == "" || c.TelegramAPI == DefaultTelegramAPI) && !fitForWebhooks(c.PublicURL) {
		return errors.New("OTPRAVKA_TELEGRAM_UPDATES is webhook, and Telegram accepts only https addresses with port 443, 80, 88 or 8443: change OTPRAVKA_PUBLIC_URL, or set it to poll")
	}
	return nil
}

func (c *Config) serveMetrics() bool { return c.MetricsListen != "" && c.MetricsListen != MetricsOff }
