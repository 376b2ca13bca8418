package api

import (
	"context"

	"otpravka/otpcore"
)

// CreateBot registers a bot.
func (h *Handlers) CreateBot(ctx context.Context, r CreateBotRequestObject) (CreateBotResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	if r.Body.Token == nil && otpcore.BotKind(r.Body.Kind) != otpcore.BotWhatsAppDevice {
		return nil, errNoToken
	}
	b, err := h.Bots.Register(ctx, otpcore.BotRequest{
		BusinessID: clientOf(ctx).caller.Business.ID, Kind: otpcore.BotKind(r.Body.Kind),
		Token: given(r.Body.Token), Cloud: cloudAccount(r.Body.Whatsapp), Takeover: given(r.Body.Takeover), Idempotency: key,
	})
	if err != nil {
		return nil, err
	}
	shown, err := h.bot(ctx, b)
	return CreateBot201JSONResponse(shown), err
}

// errNoToken is what the contract's schema cannot say: all kinds but one have one.
var errNoToken = &otpcore.Error{
	Kind: otpcore.KindInvalid, Code: "missing_field", Field: "/token", Detail: "Send the token of the bot: only a whatsapp_device has none.",
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
		shown, err := h.bot(ctx, b)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, shown)
	}
	return out, nil
}

// GetBot shows a bot and how it is doing.
func (h *Handlers) GetBot(ctx context.Context, r GetBotRequestObject) (GetBotResponseObject, error) {
	b, err := h.Bots.Get(ctx, clientOf(ctx).caller.Business.ID, otpcore.ID(r.ID))
	if err != nil {
		return nil, err
	}
	shown, err := h.bot(ctx, b)
	return GetBot200JSONResponse(shown), err
}

// DeleteBot removes a bot with its links.
func (h *Handlers) DeleteBot(ctx context.Context, r DeleteBotRequestObject) (DeleteBotResponseObject, error) {
	if err := h.Bots.Remove(ctx, clientOf(ctx).caller.Business.ID, otpcore.ID(r.ID)); err != nil {
		return nil, err
	}
	return DeleteBot204Response{}, nil
}

// bot shows a bot, and the address at which people link to it, if there is one.
func (h *Handlers) bot(ctx context.Context, b *otpcore.Bot) (Bot, error) {
	callback, verify := h.Bots.Callback(b.ID)
	out := Bot{
		ID: string(b.ID), Kind: BotKind(b.Kind), Name: b.Name, Username: some[string](b.Username),
		State: BotState(b.State), StateDetail: b.StateText, StateAt: at(b.StateAt), CreatedAt: b.CreatedAt.UTC(),
		CallbackURL: some[string](callback), VerifyToken: some[string](verify),
	}
	address, err := h.Links.OfBot(ctx, b, clientOf(ctx).caller.Business.ID)
	if b.Shared() {
		shared := true
		out.Shared = &shared
	}
	switch {
	case err == nil && b.Shared():
		out.URL = &address
	case err == nil:
		out.URL, out.QrURL = &address, h.qrURL(string(b.ID))
	case otpcore.KindOf(err) != otpcore.KindNotFound:
		return out, err
	}
	return out, nil
}

func cloudAccount(w *WhatsAppAccount) *otpcore.CloudAccount {
	if w == nil {
		return nil
	}
	out := &otpcore.CloudAccount{
		PhoneNumberID: w.PhoneNumberID, AccountID: w.BusinessAccountID, AppSecret: w.AppSecret, Button: string(given(w.Button)),
	}
	for _, app := range w.Apps {
		out.Apps = append(out.Apps, otpcore.AndroidApp{Package: app.PackageName, Signature: app.SignatureHash})
	}
	return out
}
