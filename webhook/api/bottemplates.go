package api

import (
	"context"

	"otpravka/otpcore"
)

// ListBotTemplates shows what became of the texts that a chat network has to
// approve.
func (h *Handlers) ListBotTemplates(ctx context.Context, r ListBotTemplatesRequestObject) (ListBotTemplatesResponseObject, error) {
	list, err := h.Bots.Templates(ctx, clientOf(ctx).caller.Business.ID, otpcore.ID(r.ID))
	if err != nil {
		return nil, err
	}
	return ListBotTemplates200JSONResponse(botTemplates(list)), nil
}

// SyncBotTemplates asks the network about them first.
func (h *Handlers) SyncBotTemplates(ctx context.Context, r SyncBotTemplatesRequestObject) (SyncBotTemplatesResponseObject, error) {
	list, err := h.Bots.SyncTemplates(ctx, clientOf(ctx).caller.Business.ID, otpcore.ID(r.ID))
	if err != nil {
		return nil, err
	}
	return SyncBotTemplates200JSONResponse(botTemplates(list)), nil
}

func botTemplates(list []otpcore.BotTemplate) BotTemplates {
	out := BotTemplates{Items: []BotTemplate{}}
	for _, t := range list {
		out.Items = append(out.Items, BotTemplate{
			Name: t.Name, Locale: t.Locale, Category: BotTemplateCategory(t.Category), Status: BotTemplateStatus(t.Status),
			Reason: some[string](t.Reason), CheckedAt: at(t.CheckedAt),
		})
	}
	return out
}
