package cli

import (
	"fmt"
	"io"
	"log/slog"

	"otpravka/internal/app"
	"otpravka/otpcore"
)

// settings are the flags of every command that runs or examines the house.
type settings struct {
	house
	PublicURL          string `env:"OTPRAVKA_PUBLIC_URL" placeholder:"URL" help:"Address under which the world reaches this server; base of callbacks."`
	TelegramAPI        string `env:"OTPRAVKA_TELEGRAM_API" default:"${telegram}" placeholder:"URL" help:"Base of the Telegram Bot API (${default})."`
	TelegramUpdates    string `env:"OTPRAVKA_TELEGRAM_UPDATES" enum:"auto,poll,webhook" default:"auto" help:"How bots hear what people write: poll, webhook, or auto: webhook where Telegram accepts the public URL."`
	TelegramGatewayAPI string `env:"OTPRAVKA_TELEGRAM_GATEWAY_API" default:"${gateway}" placeholder:"URL" help:"Base of the Telegram Gateway (${default})."`
	WhatsAppCloudAPI   string `name:"whatsapp-cloud-api" env:"OTPRAVKA_WHATSAPP_CLOUD_API" default:"${graph}" placeholder:"URL" help:"Base of Meta's Graph API for the WhatsApp Cloud API (${default})."`
	WhatsAppVersion    string `name:"whatsapp-cloud-version" env:"OTPRAVKA_WHATSAPP_CLOUD_VERSION" default:"${graph_version}" placeholder:"VERSION" help:"Version of the Graph API (${default})."`
	WhatsAppTestServer string `env:"OTPRAVKA_WHATSAPP_TEST_SERVER" hidden:"" help:"host:port,key of a simulator that stands in for WhatsApp with linked devices, in plain TCP."`
}

// house are the flags of every command that works on the house's database, and
// talks to nobody outside.
type house struct {
	Config string `env:"OTPRAVKA_CONFIG" placeholder:"FILE" help:"YAML file with SMS providers, shared bots, trusted proxies and private endpoints."`
	database
	masterKey
	LogFormat string `env:"OTPRAVKA_LOG_FORMAT" enum:"json,text" default:"json" help:"json or text."`
}

// database is the flag of every command that opens the database.
type database struct {
	DatabaseURL string `env:"OTPRAVKA_DATABASE_URL" default:"${database}" placeholder:"URL" help:"sqlite:///path/file.db (${default}) or postgres://user:password@host/database."`
}

// masterKey are the flags of every command that reads the master key.
type masterKey struct {
	MasterKey     string `env:"OTPRAVKA_MASTER_KEY" hidden:"" help:"The master key itself; prefer the file."`
	MasterKeyFile string `env:"OTPRAVKA_MASTER_KEY_FILE" placeholder:"FILE" help:"File of the master key; made on the first start, in your configuration directory unless named. Keep a copy apart from the database."`
}

// metricsAddress is the flag of the commands that know the server's listeners.
type metricsAddress struct {
	MetricsListen string `env:"OTPRAVKA_METRICS_LISTEN" default:"${metrics}" placeholder:"ADDR" help:"TCP address of /metrics for Prometheus, or off (${default})."`
}

// config makes the Config of a run from all but the YAML file.
func (s settings) config(log io.Writer) app.Config {
	cfg := s.house.config(log)
	cfg.PublicURL, cfg.TelegramAPI, cfg.TelegramUpdates, cfg.TelegramGatewayAPI = s.PublicURL, s.TelegramAPI, s.TelegramUpdates, s.TelegramGatewayAPI
	cfg.WhatsAppCloudAPI, cfg.WhatsAppCloudVersion, cfg.WhatsAppTestServer = s.WhatsAppCloudAPI, s.WhatsAppVersion, s.WhatsAppTestServer
	return cfg
}

func (h house) config(log io.Writer) app.Config {
	logger := h.logger(log)
	return app.Config{
		DatabaseURL: h.DatabaseURL, MasterKey: h.MasterKey, MasterKeyFile: h.MasterKeyFile,
		Rules: otpcore.DefaultRules(), Log: logger,
		KeyMade: func(file string) {
			logger.Warn("master key made: keep a copy of the file apart from the database and its backups", "file", file)
		},
	}
}

// load makes the Config of a run.
func (s settings) load(log io.Writer) (app.Config, error) { return s.read(s.config(log)) }

func (h house) load(log io.Writer) (app.Config, error) { return h.read(h.config(log)) }

// read adds what the YAML file says.
func (h house) read(cfg app.Config) (app.Config, error) {
	if h.Config == "" {
		return cfg, nil
	}
	file, err := app.ReadFile(h.Config)
	cfg.Take(file)
	return cfg, err
}

func (h house) logger(w io.Writer) *slog.Logger {
	if h.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, nil))
	}
	return slog.New(slog.NewJSONHandler(w, nil))
}

type versionCommand struct{}

// Version is set when a release is built.
var Version = "development"

// Run prints the version.
func (versionCommand) Run(env Env) error {
	_, err := fmt.Fprintln(env.Out, "otpravka", Version)
	return err
}
