package api

import (
	"context"

	"otpravka/otpcore"
)

// CreateBot registers a Telegram bot.
func (h *Handlers) CreateBot(ctx context.Context, r CreateBotRequestObject) (CreateBotResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	b, err := h.Bots.Register(ctx, otpcore.BotRequest{
		BusinessID: clientOf(ctx).caller.Business.ID, Kind: otpcore.BotKind(r.Body.Kind),
		Token: r.Body.Token, Takeover: given(r.Body.Takeover), Idempotency: key,
	})
	if err != nil {
		return nil, err
	}
	return CreateBot201JSONResponse(h.bot(b)), nil
}

// ListBots lists the business's bots, oldest first.
func (h *Handlers) ListBots(ctx context.Context, r ListBotsRequestObject) (ListBotsResponseObject, error) {
	by := clientOf(ctx).caller
	all, err := h.Bots.List(ctx, by.Business.ID)
	if err != nil {
		return nil, err
	}
	items, next, err := page(h, by, all, func(b *otpcore.Bot) otpcore.ID { return b.ID }, r.Params.Cursor, r.Params.Limit)
	if err != nil {
		return nil, err
	}
	out := ListBots200JSONResponse{Items: []Bot{}, NextCursor: next}
	for _, b := range items {
		out.Items = append(out.Items, h.bot(b))
	}
	return out, nil
}

// GetBot shows a bot and how it is doing.
func (h *Handlers) GetBot(ctx context.Context, r GetBotRequestObject) (GetBotResponseObject, error) {
	b, err := h.Bots.Get(ctx, clientOf(ctx).caller.Business.ID, otpcore.ID(r.ID))
	if err != nil {
		return nil, err
	}
	return GetBot200JSONResponse(h.bot(b)), nil
}

// DeleteBot removes a bot with its links.
func (h *Handlers) DeleteBot(ctx context.Context, r DeleteBotRequestObject) (DeleteBotResponseObject, error) {
	if err := h.Bots.Remove(ctx, clientOf(ctx).caller.Business.ID, otpcore.ID(r.ID)); err != nil {
		return nil, err
	}
	return DeleteBot204Response{}, nil
}

func (h *Handlers) bot(b *otpcore.Bot) Bot {
	out := Bot{
		ID: string(b.ID), Kind: BotKind(b.Kind), Name: b.Name, Username: some[string](b.Username),
		State: BotState(b.State), StateDetail: b.StateText, StateAt: at(b.StateAt), CreatedAt: b.CreatedAt.UTC(),
	}
	if b.Username != "" {
		address := "https://t.me/" + b.Username
		out.URL, out.QrURL = &address, h.qrURL(string(b.ID))
	}
	return out
}
