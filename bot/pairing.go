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
	return able[Paired](ctx, f, business, id, "bot_needs_no_pairing", "Only bots of the kind whatsapp_device are paired with a phone.")
}

// able finds the connector of a bot of the business, if it is of the kind that can
// do something, or a conflict with the code and the sentence.
func able[T Connector](ctx context.Context, f *Fleet, business, id otpcore.ID, code, only string) (T, error) {
	var none T
	if _, err := f.Get(ctx, business, id); err != nil {
		return none, err
	}
	c, ok := f.member(id).connectorOrNil().(T)
	if !ok {
		return none, &otpcore.Error{Kind: otpcore.KindConflict, Code: code, Detail: only}
	}
	return c, nil
}
