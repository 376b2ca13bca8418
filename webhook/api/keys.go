package api

import (
	"context"

	"otpravka/otpcore"
	"otpravka/webhook/problem"
)

// CreateKey makes an API key and shows its text, this once.
func (h *Handlers) CreateKey(ctx context.Context, r CreateKeyRequestObject) (CreateKeyResponseObject, error) {
	idem, err := h.idempotency(r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	made, text, err := h.Businesses.AddKey(ctx, clientOf(ctx).caller, otpcore.KeyRequest{
		Name: r.Body.Name, Scopes: convert[otpcore.Scope](r.Body.Scopes), ExpiresAt: given(r.Body.ExpiresAt), Idempotency: idem,
	})
	if err != nil {
		return nil, err
	}
	out := key(made)
	out.Key = some[string](text.Reveal())
	return CreateKey201JSONResponse(out), nil
}

// ListKeys lists the business's keys of the caller's mode, oldest first.
func (h *Handlers) ListKeys(ctx context.Context, r ListKeysRequestObject) (ListKeysResponseObject, error) {
	by := clientOf(ctx).caller
	all, err := h.Businesses.Keys(ctx, by)
	if err != nil {
		return nil, err
	}
	items, next, err := page(h, by, all, func(k *otpcore.APIKey) otpcore.ID { return k.ID }, r.Params.Cursor, r.Params.Limit)
	if err != nil {
		return nil, err
	}
	out := ListKeys200JSONResponse{Items: []Key{}, NextCursor: next}
	for _, k := range items {
		out.Items = append(out.Items, key(k))
	}
	return out, nil
}

// DeleteKey revokes a key. A key may not revoke itself, so that nobody locks
// their own business out by mistake.
func (h *Handlers) DeleteKey(ctx context.Context, r DeleteKeyRequestObject) (DeleteKeyResponseObject, error) {
	from := clientOf(ctx)
	if otpcore.ID(r.ID) == from.key.ID {
		return nil, problem.New("key_in_use")
	}
	if err := h.Businesses.RevokeKey(ctx, from.caller, otpcore.ID(r.ID)); err != nil {
		return nil, err
	}
	return DeleteKey204Response{}, nil
}

func key(k *otpcore.APIKey) Key {
	used := k.LastUsedAt
	if !used.IsZero() && used.Before(k.CreatedAt) {
		used = k.CreatedAt // the day is stored, and nobody uses a key before it is made
	}
	return Key{
		ID: string(k.ID), Name: k.Name, Mode: Mode(k.Mode), Public: k.Public, Scopes: convert[Scope](k.Scopes),
		CreatedAt: k.CreatedAt.UTC(), ExpiresAt: at(k.ExpiresAt), LastUsedAt: at(used), RevokedAt: at(k.RevokedAt),
	}
}
