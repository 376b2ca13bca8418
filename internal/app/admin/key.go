package admin

import (
	"context"
	"errors"
	"fmt"

	"otpravka/otpcore"
)

// NewKey asks for another API key of a business.
type NewKey struct {
	Business otpcore.ID      `json:"business"`
	Name     string          `json:"name"`
	Mode     otpcore.Mode    `json:"mode"`
	Scopes   []otpcore.Scope `json:"scopes"`
}

// CreatedKey is a new API key, which is shown this once.
type CreatedKey struct {
	ID  otpcore.ID `json:"id"`
	Key string     `json:"key"`
}

// CreateKey makes a key for a business that has none at hand: the API needs
// one to make another.
func (s *Service) CreateKey(ctx context.Context, r NewKey) (CreatedKey, error) {
	business, err := s.Businesses.Get(ctx, r.Business)
	if errors.Is(err, otpcore.ErrNotFound) {
		return CreatedKey{}, fmt.Errorf("no business has the id %s: take one that `otpravka business list` shows", r.Business)
	}
	if err != nil {
		return CreatedKey{}, err
	}
	key, text, err := s.Businesses.AddKey(ctx, otpcore.Caller{Business: business, Mode: r.Mode}, otpcore.KeyRequest{Name: r.Name, Scopes: r.Scopes})
	if err != nil {
		return CreatedKey{}, err
	}
	return CreatedKey{ID: key.ID, Key: text.Reveal()}, nil
}

// CreateKey makes a key on the running server.
func (c *Client) CreateKey(ctx context.Context, r NewKey) (CreatedKey, error) {
	var out CreatedKey
	return out, c.call(ctx, createKey, r, &out)
}
