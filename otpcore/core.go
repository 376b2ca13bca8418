package otpcore

import (
	"context"
	"log/slog"
)

// Config is what the domain is built from.
type Config struct {
	Ledger   Ledger
	Reader   Reader
	Vault    Vault
	Carriers Carriers
	Memories Memories // nil: connectors keep nothing
	Renderer Renderer
	Phones   PhoneParser
	Postman  Postman // nil: nobody registers endpoints
	Rules    Rules
	Shared   Shared       // bots of the operator; nil: there are none
	Boot     ID           // this start of this process; the ledger uses the same
	Logger   *slog.Logger // nil: nothing is logged
	// Checked is told the answer to every check once it is durable, from the
	// caller's goroutine; what an idempotency key repeats is not told again. It
	// must not block. Nil: nobody counts.
	Checked func(Mode, CheckResult)
}

// Core is the assembled domain. Whoever builds it hands Committed to the
// ledger, so that committed work reaches the dispatcher.
type Core struct {
	Verifications *Verifications
	Orders        *Orders
	Businesses    *Businesses
	Links         *Links
	Linking       *Linking
	Phones        *Phones
	Receipts      *Receipts
	Events        *Events
	Endpoints     *Endpoints
	Templates     *Templates
	Dispatcher    *Dispatcher

	scheduler *scheduler
}

// New assembles the domain.
func New(cfg Config) *Core {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Checked == nil {
		cfg.Checked = func(Mode, CheckResult) {}
	}
	cfg.Carriers = trials{cfg.Carriers}
	d := &desk{rules: cfg.Rules, vault: cfg.Vault, carriers: cfg.Carriers, shared: cfg.Shared}
	businesses := newBusinesses(d, cfg)
	receipts := newReceipts(d, cfg)
	templates := newTemplates(cfg, businesses)
	dispatcher := newDispatcher(d, cfg, businesses, templates, receipts)
	verifications := &Verifications{
		desk: d, ledger: cfg.Ledger, reader: cfg.Reader, carriers: cfg.Carriers,
		renderer: cfg.Renderer, templates: templates, doors: doors{cfg.Renderer}, phones: cfg.Phones, dispatcher: dispatcher,
		checked: cfg.Checked, log: cfg.Logger,
	}
	events := newEvents(d, cfg)
	linking := &Linking{desk: d, boot: cfg.Boot}
	return &Core{
		Verifications: verifications,
		Orders:        &Orders{desk: d, ledger: cfg.Ledger, reader: cfg.Reader, renderer: cfg.Renderer, templates: templates, doors: doors{cfg.Renderer}, parse: verifications.parsePhone},
		Businesses:    businesses,
		Links:         &Links{desk: d, ledger: cfg.Ledger, reader: cfg.Reader, doors: doors{cfg.Renderer}, parse: verifications.parsePhone},
		Linking:       linking,
		Phones:        &Phones{desk: d, ledger: cfg.Ledger, reader: cfg.Reader, others: cfg.Memories, parse: verifications.parsePhone},
		Receipts:      receipts,
		Events:        events,
		Endpoints:     &Endpoints{desk: d, ledger: cfg.Ledger, reader: cfg.Reader, events: events, postman: cfg.Postman, linking: linking, words: cfg.Renderer},
		Templates:     templates,
		Dispatcher:    dispatcher,
		scheduler:     newScheduler(d, cfg),
	}
}

// Committed takes a committed case: its leased deliveries leave at once, and
// its next due time is noted, and whoever waits for its events wakes up. It
// never blocks.
func (c *Core) Committed(committed *Case) {
	c.Dispatcher.Committed(committed)
	c.scheduler.committed(committed)
	c.Events.waits.committed(committed)
}

// Run wakes what is due until ctx ends. Calls in hand are then finished by
// Dispatcher.Close.
func (c *Core) Run(ctx context.Context) error {
	c.scheduler.run(ctx)
	return nil
}
