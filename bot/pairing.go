package bot

import (
	"context"

	"otpravka/otpcore"
)

// Pair begins to link a bot of the business to a phone and returns what to show.
func (f *Fleet) Pair(ctx context.Context, business, id otpcore.ID, r otpcore.PairRequest) (otpcore.Pairing, error) {
	p, err := f.paired(ctx, business, id)
	if err != nil {
		return otpcore.Pairing{}, err
	}
	return p.Pair(ctx, r)
}

// Pairing returns what there is to show, and a channel that closes when that
// changes.
func (f *Fleet) Pairing(ctx context.Context, business, id otpcore.ID) (otpcore.Pairing, <-chan struct{}, error) {
	p, err := f.paired(ctx, business, id)
	if err != nil {
		return otpcore.Pairing{}, nil, err
	}
	now, changed := p.Pairing()
	return now, changed, nil
}

func (f *Fleet) paired(ctx context.Context, business, id otpcore.ID) (Paired, error) {
	if _, err := f.Get(ctx, business, id); err != nil {
		return nil, err
	}
	p, ok := f.member(id).connectorOrNil().(Paired)
	if !ok {
		return nil, &otpcore.Error{
			Kind: otpcore.KindConflict, Code: "bot_needs_no_pairing",
			Detail: "Only bots of the kind whatsapp_device are paired with a phone.",
		}
	}
	return p, nil
}
