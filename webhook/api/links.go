package api

import (
	"context"

	"otpravka/otpcore"
)

// CreateLink makes a link that waits for its chat.
func (h *Handlers) CreateLink(ctx context.Context, r CreateLinkRequestObject) (CreateLinkResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	l, err := h.Links.Open(ctx, clientOf(ctx).caller, otpcore.LinkRequest{
		Phone: given(r.Body.Phone), Country: given(r.Body.Country),
		Channel: otpcore.Channel(r.Body.Channel), TTL: seconds(r.Body.TTL),
		ReturnURL: given(r.Body.ReturnURL), Idempotency: key,
	})
	if err != nil {
		return nil, err
	}
	return CreateLink201JSONResponse(h.openLink(l)), nil
}

// GetLink shows a link.
func (h *Handlers) GetLink(ctx context.Context, r GetLinkRequestObject) (GetLinkResponseObject, error) {
	l, err := h.Links.Get(ctx, clientOf(ctx).caller, otpcore.ID(r.ID))
	if err != nil {
		return nil, err
	}
	return GetLink200JSONResponse(h.openLink(l)), nil
}

// DeleteLink revokes a link for good.
func (h *Handlers) DeleteLink(ctx context.Context, r DeleteLinkRequestObject) (DeleteLinkResponseObject, error) {
	if err := h.Links.Revoke(ctx, clientOf(ctx).caller, otpcore.ID(r.ID)); err != nil {
		return nil, err
	}
	return DeleteLink204Response{}, nil
}

func (h *Handlers) openLink(l *otpcore.OpenLink) Link {
	out := link(l.Link, l.Phone)
	out.URL = some[string](l.URL)
	if l.URL != "" {
		out.QrURL = h.qrURL(l.Token)
	}
	return out
}

// qrURL is the address of a QR code, by the token or the id that the room
// webhook/qr knows.
func (h *Handlers) qrURL(name string) *string {
	address := h.BaseURL + "/qr/" + name + ".png"
	return &address
}

func link(l *otpcore.Link, phone otpcore.Phone) Link {
	return Link{
		ID: string(l.ID), BotID: string(l.BotID), Channel: Channel(l.Channel), Status: LinkStatus(l.Status),
		Proof: some[Proof](l.Proof), Phone: some[string](phone.E164()), CreatedAt: l.CreatedAt.UTC(),
		ExpiresAt: at(l.ExpiresAt), VerifiedAt: at(l.VerifiedAt), EndedAt: at(l.EndedAt), EndReason: some[string](l.EndReason),
	}
}
