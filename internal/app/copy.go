package app

import (
	"context"

	"otpravka/storage"
)

// Copy moves everything to another database. The configured master key must be
// the one that the source was sealed with, because the target will need it too;
// a new key is never made here.
func Copy(ctx context.Context, cfg Config, t storage.Transfer) (storage.Transferred, error) {
	t.Key = func(bound string) error {
		ring, err := readKey(cfg)
		if err != nil {
			return err
		}
		return ring.Matches(bound)
	}
	return t.Run(ctx)
}
