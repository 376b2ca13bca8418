package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"otpravka/otpcore"
)

// Options are what a gateway needs beside its declarations.
type Options struct {
	// Logger gets refusals and reports that nobody mapped. It is required.
	Logger *slog.Logger
	// CallbackKey returns the secret of a provider's callback address, at least
	// 128 bits in characters of a URL path. It must stay the same across
	// restarts. Required once a provider declares reports.
	CallbackKey func(providerID string) string
	// CallbackURL returns the public address for a key. Required like
	// CallbackKey.
	CallbackURL func(key string) string
	// Segments counts the segments that a text is billed as. Required once a
	// price is per segment.
	Segments func(text string) int
	// DialContext opens connections; nil dials the network.
	DialContext DialFunc
}

// Gateway sends through the declared providers. It is safe for concurrent use.
type Gateway struct {
	providers []*provider
	transport *http.Transport
	log       *slog.Logger
}

var _ otpcore.Sender = (*Gateway)(nil)

// New reads the secrets and returns a gateway that asks the providers in the
// order they are declared in. It calls nobody yet.
func New(configs []ProviderConfig, opts Options) (*Gateway, error) {
	g := &Gateway{transport: newTransport(opts.DialContext), log: opts.Logger}
	for _, c := range configs {
		if g.byID(c.ID) != nil {
			return nil, fmt.Errorf("sms provider %s: line %d: the id is declared twice", c.ID, c.line)
		}
		p, err := newProvider(c.declaration, g.transport, opts.Logger)
		if err != nil {
			return nil, err
		}
		if err := p.assignKey(opts); err != nil {
			return nil, fmt.Errorf("sms provider %s: %w", p.ID, err)
		}
		if p.segments = opts.Segments; p.segments == nil && p.Price.isPerSegment() {
			return nil, fmt.Errorf("sms provider %s: %w", p.ID, errNoSegments)
		}
		g.providers = append(g.providers, p)
	}
	return g, nil
}

// minKey is the length of 128 bits in base64.
const minKey = 22

var errWeakKey = errors.New("callback key is shorter than 128 bits")

func (p *provider) assignKey(opts Options) error {
	if p.DLR == nil {
		return nil
	}
	p.key = opts.CallbackKey(p.ID)
	if len(p.key) < minKey {
		return errWeakKey
	}
	p.dlrURL = opts.CallbackURL(p.key)
	return nil
}

// Close closes idle connections. Sends in hand run to their end.
func (g *Gateway) Close() { g.transport.CloseIdleConnections() }

// Capabilities promises receipts only if every provider reports.
func (g *Gateway) Capabilities() otpcore.Capabilities {
	silent := slices.ContainsFunc(g.providers, func(p *provider) bool { return p.DLR == nil })
	return otpcore.Capabilities{FreeText: true, Receipts: len(g.providers) > 0 && !silent}
}

// Covers reports whether a provider serves the business in the region.
func (g *Gateway) Covers(business otpcore.ID, region string) bool {
	return g.pick(business, region, nil) != nil
}

// Send asks the first provider that reaches the phone and is not in
// o.Refused. The domain sends again, with the refusing provider added, when
// the error says that another one is left.
func (g *Gateway) Send(ctx context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
	p := g.pick(o.BusinessID, o.Phone.Region(), o.Refused)
	if p == nil {
		return otpcore.Accepted{}, &otpcore.SendError{
			Class: otpcore.ClassNoRoute, Provider: string(otpcore.SMS),
			Message: "No SMS provider is left that reaches this number.",
		}
	}
	accepted, err := p.send(ctx, o)
	if e, ok := errors.AsType[*otpcore.SendError](err); ok && outcomes[e.Class].elsewhere {
		refused := append(slices.Clone(o.Refused), p.ID)
		e.Elsewhere = g.pick(o.BusinessID, o.Phone.Region(), refused) != nil
	}
	return accepted, err
}

// Edit answers unsupported: nobody can change an SMS.
func (g *Gateway) Edit(context.Context, string, otpcore.Outgoing) error {
	return &otpcore.SendError{
		Class: otpcore.ClassUnsupported, Provider: string(otpcore.SMS),
		Message: "A sent SMS cannot be changed.",
	}
}

func (g *Gateway) pick(business otpcore.ID, region string, refused []string) *provider {
	for _, p := range g.providers {
		if p.reaches(business, region) && !slices.Contains(refused, p.ID) {
			return p
		}
	}
	return nil
}

func (g *Gateway) byID(id string) *provider {
	for _, p := range g.providers {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// Provider describes a provider to the operator.
type Provider struct {
	ID          string
	Countries   []string // empty: all
	Businesses  []string // empty: all
	CallbackURL string   // where its reports go; empty: it sends none
}

// Providers lists the providers in the order they are asked.
func (g *Gateway) Providers() []Provider {
	list := make([]Provider, len(g.providers))
	for i, p := range g.providers {
		list[i] = Provider{ID: p.ID, Countries: p.Countries, Businesses: p.Businesses, CallbackURL: p.dlrURL}
	}
	return list
}
