// Package app wires the rooms of the house together, starts them and stops
// them in order. It is the only place that knows all of them.
package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"otpravka/bot"
	"otpravka/bot/telegram"
	"otpravka/bot/telegramgateway"
	"otpravka/bot/whatsappcloud"
	"otpravka/internal/app/admin"
	"otpravka/internal/failpoint"
	"otpravka/internal/keyring"
	"otpravka/internal/metrics"
	"otpravka/internal/phone"
	"otpravka/otpcore"
	"otpravka/sms"
	"otpravka/storage"
	"otpravka/templates"
	"otpravka/webhook"
	"otpravka/webhook/api"
	"otpravka/webhook/callbacks"
	"otpravka/webhook/docs"
	"otpravka/webhook/events"
	"otpravka/webhook/qr"
)

// Run serves until ctx ends, then finishes what is in hand and returns nil. An
// error before anything is served is one sentence that says what to do.
func Run(ctx context.Context, cfg Config) error {
	cfg.pace()
	cfg.tellUnread()
	if err := cfg.check(); err != nil {
		return err
	}
	ln, err := listen(cfg)
	if err != nil {
		return err
	}
	h, err := open(ctx, cfg, ln.Addr())
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	return h.run(ctx, ln)
}

// house is an open Otpravka: the domain and the rooms around it.
type house struct {
	cfg       Config
	baseURL   string
	db        *storage.DB
	core      *otpcore.Core
	fleet     *bot.Fleet
	gateway   *sms.Gateway
	postman   *events.Client
	poster    *events.Poster
	byPhone   *telegramgateway.Factory
	graph     *whatsappcloud.Client
	devices   *devices // nil in a build without them
	server    *webhook.Server
	admin     *admin.Service
	adminPath string
	metrics   *metrics.Metrics
}

// open makes everything that a run needs and starts nothing.
func open(ctx context.Context, cfg Config, addr net.Addr) (*house, error) {
	if err := checkKey(cfg); err != nil {
		return nil, err
	}
	h := &house{cfg: cfg, baseURL: baseURL(cfg, addr), metrics: metrics.New(cfg.Log)}
	var ring *keyring.Ring
	boot := otpcore.NewID(otpcore.PrefixBoot, time.Now())
	var err error
	h.db, err = storage.Open(ctx, storage.Config{
		URL: cfg.DatabaseURL, Boot: boot, Logger: cfg.Log,
		BindKey: func(bound string) (string, error) {
			var err error
			if ring, err = loadKey(cfg, bound); err != nil {
				return "", err
			}
			return ring.CheckValue(), nil
		},
	})
	if err != nil {
		return nil, err
	}
	if err := h.furnish(ctx, ring, boot); err != nil {
		return nil, errors.Join(err, h.db.Close())
	}
	return h, nil
}

func (h *house) furnish(ctx context.Context, ring *keyring.Ring, boot otpcore.ID) error {
	texts, err := templates.New()
	if err != nil {
		return err
	}
	if h.gateway, err = newGateway(h.cfg, smsKeys(ring), h.baseURL); err != nil {
		return err
	}
	shared, told, err := declareShared(ctx, h.db, ring, h.cfg.SharedBots)
	if err != nil {
		return err
	}
	ways := &carriers{sms: h.gateway}
	h.postman = events.NewClient(events.ClientConfig{Guard: events.NewGuard(h.cfg.WebhooksAllow, nil)})
	h.postman.Posted = h.metrics.Posted
	h.core = otpcore.New(otpcore.Config{
		Ledger: h.db, Reader: h.db, Vault: ring, Carriers: ways, Memories: ways, Renderer: texts,
		Postman: h.postman, Phones: phone.Parser{}, Rules: h.cfg.Rules, Shared: shared, Boot: boot, Logger: h.cfg.Log,
		Checked: h.metrics.Checked,
	})
	h.db.OnCommit(func(c *otpcore.Case) {
		h.metrics.Committed(c)
		failpoint.Hit(failpoint.BeforeDispatch)
		h.core.Committed(c)
	})
	h.poster = events.NewPoster(events.PosterConfig{
		Endpoints: h.core.Endpoints, Events: h.core.Events, Postman: h.postman, Log: h.cfg.Log,
	})
	network, err := telegram.NewClient(h.cfg.TelegramAPI)
	if err != nil {
		return err
	}
	if h.byPhone, err = newByPhone(h.cfg, ring, h.db, h.baseURL); err != nil {
		return err
	}
	var cloud *whatsappcloud.Factory
	if h.graph, cloud, err = newCloud(h.cfg, ring, h.core, h.baseURL); err != nil {
		return err
	}
	if h.devices, err = newDevices(h.cfg, ring, h.core); err != nil {
		return err
	}
	factories := map[otpcore.BotKind]bot.Factory{
		otpcore.BotTelegram:        telegram.NewFactory(network, 0, h.cfg.Log).WithCallbacks(telegramCallbacks(h.cfg, ring, h.baseURL)),
		otpcore.BotTelegramGateway: h.byPhone,
		otpcore.BotWhatsAppCloud:   cloud,
	}
	if h.devices != nil {
		factories[otpcore.BotWhatsAppDevice] = h.devices
	}
	h.fleet = bot.NewFleet(bot.FleetConfig{
		Ledger: h.db, Reader: h.db, Vault: ring, Log: h.cfg.Log, Shared: shared, Told: told,
		Alerts:    &bot.Alerts{Linking: h.core.Linking, Renderer: texts},
		Inbox:     bot.NewConversation(h.db, h.core.Linking, texts, phone.Parser{}, h.cfg.Log),
		Factories: factories,
	})
	ways.fleet = h.fleet
	if err := h.fleet.Load(ctx); err != nil {
		return err
	}
	h.metrics.Watch(metrics.Sources{
		Storage: h.db.Stats, Dispatcher: h.core.Dispatcher.Backlog, Listeners: h.core.Events.Listeners,
		Endpoints: func(ctx context.Context) ([]*otpcore.Endpoint, error) { return h.db.Endpoints(ctx, "", "") },
		Bots:      func(ctx context.Context) ([]*otpcore.Bot, error) { return h.db.Bots(ctx, "") },
	})
	h.admin = &admin.Service{Businesses: h.core.Businesses}
	if h.adminPath, err = adminPath(h.cfg); err != nil {
		return err
	}
	return h.openDoors(ring)
}

// openDoors builds the HTTP server with its rooms.
func (h *house) openDoors(ring *keyring.Ring) error {
	business, err := api.New(api.NewHandlers(api.Services{
		Verifications: h.core.Verifications, Orders: h.core.Orders, Businesses: h.core.Businesses, Links: h.core.Links,
		Phones: h.core.Phones, Events: h.core.Events, Endpoints: h.core.Endpoints, Templates: h.core.Templates, Bots: h.fleet,
		Numbers: phone.Parser{}, Vault: ring, BaseURL: h.baseURL,
	}), h.core.Businesses, h.cfg.CallsPerSecond)
	if err != nil {
		return err
	}
	doors := callbacks.Config{
		SMS: smsReports{h.gateway}, TelegramGateway: gatewayReports{h.byPhone}, Receipts: h.core.Receipts, Log: h.cfg.Log,
		WhatsApp: h.fleet,
	}
	if h.cfg.byWebhook() {
		doors.Telegram = h.fleet
	}
	inbound := callbacks.New(doors)
	h.server = webhook.New(webhook.Config{
		Log: h.cfg.Log, Ready: newReadiness(h.db).check, Limits: h.cfg.limits(), Proxies: h.cfg.Proxies, Answered: h.metrics.Answered,
	}, business, inbound, qr.New(h.core.Links), docs.New(api.Contract, h.baseURL))
	return nil
}

func (h *house) close() error {
	h.gateway.Close()
	h.postman.Close()
	h.graph.Close()
	return errors.Join(h.devices.close(), h.db.Close())
}

// listen takes the port first: a second server on the same machine says so
// before it touches anything.
func listen(cfg Config) (net.Listener, error) {
	if cfg.Listener != nil {
		return cfg.Listener, nil
	}
	ln, err := net.Listen("tcp", cfg.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s is taken by another program: stop it, or choose another address with --listen or OTPRAVKA_LISTEN", cfg.Listen)
	case err != nil:
		return nil, fmt.Errorf("cannot listen on %s, set --listen or OTPRAVKA_LISTEN to an address like :8080: %w", cfg.Listen, err)
	}
	return ln, nil
}

func baseURL(cfg Config, addr net.Addr) string {
	if cfg.PublicURL != "" {
		return strings.TrimRight(cfg.PublicURL, "/")
	}
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	return "http://" + addr.String()
}
