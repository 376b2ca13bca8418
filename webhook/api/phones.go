package api

import (
	"context"
	"time"

	"otpravka/otpcore"
)

// LookupPhone shows a phone's links, pause and lock.
func (h *Handlers) LookupPhone(ctx context.Context, r LookupPhoneRequestObject) (LookupPhoneResponseObject, error) {
	state, err := h.lookup(ctx, r.Body)
	return LookupPhone200JSONResponse(state), err
}

// UnblockPhone lifts a phone's pause and lock, and shows what is left.
func (h *Handlers) UnblockPhone(ctx context.Context, r UnblockPhoneRequestObject) (UnblockPhoneResponseObject, error) {
	if err := h.Phones.Unblock(ctx, clientOf(ctx).caller, r.Body.Phone, given(r.Body.Country)); err != nil {
		return nil, err
	}
	state, err := h.lookup(ctx, r.Body)
	return UnblockPhone200JSONResponse(state), err
}

// ForgetPhone erases the person behind a phone.
func (h *Handlers) ForgetPhone(ctx context.Context, r ForgetPhoneRequestObject) (ForgetPhoneResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	f, err := h.Phones.Forget(ctx, clientOf(ctx).caller, r.Body.Phone, given(r.Body.Country), key)
	if err != nil {
		return nil, err
	}
	return ForgetPhone200JSONResponse{
		ID: string(f.ID), ForgottenAt: f.At.UTC(), Verifications: f.Verifications, Deliveries: f.Deliveries,
		Links: f.Links, Sessions: f.Sessions, Orders: f.Orders,
	}, nil
}

func (h *Handlers) lookup(ctx context.Context, r *PhoneRequest) (PhoneState, error) {
	view, err := h.Phones.Lookup(ctx, clientOf(ctx).caller, r.Phone, given(r.Country))
	if err != nil {
		return PhoneState{}, err
	}
	out := PhoneState{
		Phone: view.Phone.E164(), Region: view.Phone.Region(), Failures: view.Failures,
		Links: []Link{}, Blocks: blocks(view, h.Verifications.Now()),
	}
	for _, l := range view.Links {
		out.Links = append(out.Links, link(l, view.Phone))
	}
	return out, nil
}

// endless is how far away a lock without an end is shown to the domain's
// callers; nobody needs to read such a date.
const endless = 300 * 24 * time.Hour

func blocks(view *otpcore.PhoneView, now time.Time) []Block {
	out := []Block{}
	if !view.PausedUntil.IsZero() {
		out = append(out, Block{
			Kind: BlockKindPaused, Until: at(view.PausedUntil), Detail: "The user asked not to get codes for a while.",
		})
	}
	if !view.LockedUntil.IsZero() {
		lock := Block{Kind: BlockKindLocked, Until: at(view.LockedUntil), Detail: "Too many wrong codes were tried for this phone."}
		if view.LockedUntil.Sub(now) > endless {
			lock.Until = nil
		}
		out = append(out, lock)
	}
	return out
}
