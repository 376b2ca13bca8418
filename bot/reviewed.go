package bot

import (
	"context"

	"otpravka/otpcore"
)

// Templates tells of the texts that the chat network of a bot of the business has to
// approve.
func (f *Fleet) Templates(ctx context.Context, business, id otpcore.ID) ([]otpcore.BotTemplate, error) {
	r, err := f.reviewed(ctx, business, id)
	if err != nil {
		return nil, err
	}
	return r.Templates(), nil
}

// SyncTemplates asks the network about them now, and hands in once more what it has
// refused.
func (f *Fleet) SyncTemplates(ctx context.Context, business, id otpcore.ID) ([]otpcore.BotTemplate, error) {
	r, err := f.reviewed(ctx, business, id)
	if err != nil {
		return nil, err
	}
	return r.SyncTemplates(ctx)
}

func (f *Fleet) reviewed(ctx context.Context, business, id otpcore.ID) (Reviewed, error) {
	return able[Reviewed](ctx, f, business, id, "bot_has_no_templates", "Only bots of the kind whatsapp_cloud send texts that their network has to approve.")
}
