//go:build !nowhatsmeow

package demo

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/whatsappsim"
)

// whatsApp is a simulated WhatsApp: the shop's own phone, to which the server
// is linked as a device, and the phones of the people.
type whatsApp struct {
	*whatsappsim.Server
	shop   *whatsappsim.Phone
	phones map[string]*whatsappsim.Phone // by person
}

// newWhatsApp starts it. Close it also where an error comes with it.
func newWhatsApp(business string) (*whatsApp, error) {
	w := &whatsApp{Server: whatsappsim.New(whatsappsim.Options{FewKeys: true}), phones: map[string]*whatsappsim.Phone{}}
	w.shop = w.NewPhone(whatsappsim.PhoneOptions{Number: shopsNumber, Name: business})
	_, err := w.Listen()
	return w, err
}

// install puts WhatsApp on a person's phone.
func (w *whatsApp) install(p *person) {
	w.phones[p.ID] = w.NewPhone(whatsappsim.PhoneOptions{Number: p.Phone, Name: p.Name})
}

// link links the server to the shop's phone as the owner would: over the API,
// by scanning the code that the server shows.
func (w *whatsApp) link(ctx context.Context, s shop) error {
	var bot struct{ ID string }
	if err := s.call(ctx, http.MethodPost, "/v1/bots", map[string]any{"kind": "whatsapp_device"}, &bot); err != nil {
		return err
	}
	var pairing struct{ QR string }
	if err := s.call(ctx, http.MethodPost, "/v1/bots/"+bot.ID+"/pairing", map[string]any{"accept_terms": true}, &pairing); err != nil {
		return err
	}
	return w.shop.Scan(ctx, pairing.QR)
}

// watch calls seen whenever a phone may show something new, until ctx ends.
func (w *whatsApp) watch(ctx context.Context, seen func()) {
	var all sync.WaitGroup
	for _, p := range w.phones {
		all.Go(func() { follow(ctx, p, seen) })
	}
	follow(ctx, w.shop, seen) // which shows what people write
	all.Wait()
}

func follow(ctx context.Context, p *whatsappsim.Phone, seen func()) {
	for ctx.Err() == nil {
		changed := p.Changed()
		seen()
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// write lets the person write to the shop.
func (w *whatsApp) write(p *person, text string) error {
	_, err := w.phones[p.ID].Write(w.shop, text)
	return err
}

var whatsAppTroubles = []trouble{
	{"whatsapp_silent", "WhatsApp loses messages", "It takes them and says nothing, so the SMS follows when it is due.", func(w *world) []*fault.Fault {
		return []*fault.Fault{w.whatsapp.Fail(fault.Rule{Method: "message", Times: fault.Always, Empty: true})}
	}},
}

// chat is what the person and the shop have written, the oldest message first.
func (w *whatsApp) chat(p *person) []talkView {
	phone, talk := w.phones[p.ID], []talkView{}
	for _, m := range w.shop.Messages() {
		if m.From == phone.Number() {
			talk = append(talk, talkView{ID: m.ID, Mine: true, Text: m.Text, At: m.Received})
		}
	}
	for _, m := range phone.Messages() {
		talk = append(talk, talkView{ID: m.ID, Text: m.Text, Code: m.Code(), At: m.Received, Edited: len(m.History) > 0})
	}
	slices.SortStableFunc(talk, func(a, b talkView) int { return a.At.Compare(b.At) })
	return talk
}
