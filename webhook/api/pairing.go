package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"otpravka/otpcore"
	"otpravka/webhook/qr"
)

// pairingTerms are shown before a phone is linked, and with every answer about it.
const pairingTerms = "WhatsApp's terms of service allow no linked devices but its own: the number can be banned for this one, " +
	"most of all if it writes to people who did not write to it first. Link a number that the business can afford to lose; " +
	"the WhatsApp Business Cloud API is the way that WhatsApp allows."

// CreatePairing begins to link a bot to a phone.
func (h *Handlers) CreatePairing(ctx context.Context, r CreatePairingRequestObject) (CreatePairingResponseObject, error) {
	by := clientOf(ctx).caller
	if !r.Body.AcceptTerms {
		return nil, &otpcore.Error{
			Kind: otpcore.KindInvalid, Code: "terms_not_accepted", Field: "/accept_terms",
			Detail: pairingTerms + " Send accept_terms true to link it all the same.",
		}
	}
	var phone otpcore.Phone
	if r.Body.Phone != nil {
		var err error
		if phone, err = h.Numbers.ParsePhone(*r.Body.Phone, by.Business.Settings.DefaultCountry); err != nil {
			return nil, err
		}
	}
	now, err := h.Bots.Pair(ctx, by.Business.ID, otpcore.ID(r.ID), otpcore.PairRequest{Phone: phone})
	if err != nil {
		return nil, err
	}
	shown, err := pairing(now)
	return CreatePairing201JSONResponse(shown), err
}

// GetPairing shows how a pairing is going.
func (h *Handlers) GetPairing(ctx context.Context, r GetPairingRequestObject) (GetPairingResponseObject, error) {
	now, _, err := h.Bots.Pairing(ctx, clientOf(ctx).caller.Business.ID, otpcore.ID(r.ID))
	if err != nil {
		return nil, err
	}
	shown, err := pairing(now)
	return GetPairing200JSONResponse(shown), err
}

// WatchPairing follows a pairing until it ends.
func (h *Handlers) WatchPairing(ctx context.Context, r WatchPairingRequestObject) (WatchPairingResponseObject, error) {
	s := pairingStream{ctx: ctx, look: func() (otpcore.Pairing, <-chan struct{}, error) {
		return h.Bots.Pairing(ctx, clientOf(ctx).caller.Business.ID, otpcore.ID(r.ID))
	}}
	if _, _, err := s.look(); err != nil {
		return nil, err
	}
	return s, nil
}

func pairing(p otpcore.Pairing) (Pairing, error) {
	out := Pairing{
		BotID: string(p.BotID), Status: PairingStatus(p.Status), Detail: p.Detail, Terms: pairingTerms,
		Qr: some[string](p.QR.Reveal()), Letters: some[string](p.Letters.Reveal()), ExpiresAt: at(p.ExpiresAt),
	}
	if !p.QR.IsZero() {
		picture, err := qr.PNG(p.QR.Reveal())
		if err != nil {
			return out, err
		}
		address := "data:image/png;base64," + base64.StdEncoding.EncodeToString(picture)
		out.QrPng = &address
	}
	return out, nil
}

// pairingStream is a pairing as server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
type pairingStream struct {
	ctx  context.Context
	look func() (otpcore.Pairing, <-chan struct{}, error)
}

// streamFor is how long a stream lives, within what the server grants an answer.
// The browser connects again by itself.
const streamFor = 20 * time.Second

// VisitWatchPairingResponse writes what there is to show whenever that changes.
func (s pairingStream) VisitWatchPairingResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	ctx, cancel := context.WithTimeout(s.ctx, streamFor)
	defer cancel()
	flush := http.NewResponseController(w)
	for {
		now, changed, err := s.look()
		if err != nil {
			return nil // the bot was removed: the stream ends
		}
		shown, err := pairing(now)
		if err != nil {
			return err
		}
		data, err := json.Marshal(shown)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "event: pairing\ndata: %s\n\n", data); err != nil || flush.Flush() != nil {
			return nil // whoever looked has left
		}
		if now.Status != otpcore.PairingNone && !now.Status.Running() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}
