package app

import (
	"context"

	"otpravka/internal/keyring"
	"otpravka/storage"
)

// Copied is a finished backup, with the master key that belongs to it.
type Copied struct {
	storage.Copy
	Key string // where the key is: a file, or the name of a variable
	// KeyTrouble says why nothing in the copy can be read with that key; nil:
	// it can.
	KeyTrouble error
}

// Backup copies the database to the file, beside the running server or without
// one. The key is only looked at: no backup ever holds it.
func Backup(ctx context.Context, cfg Config, file string) (Copied, error) {
	var c Copied
	var err error
	if c.Copy, err = storage.Backup(ctx, cfg.DatabaseURL, file); err != nil {
		return c, err
	}
	c.Key = keyring.EnvVar
	if cfg.MasterKey == "" {
		if c.Key, c.KeyTrouble = keyFile(cfg); c.KeyTrouble != nil {
			return c, nil
		}
	}
	ring, err := readKey(cfg)
	if err == nil && c.KeyCheck != "" {
		err = ring.Matches(c.KeyCheck)
	}
	c.KeyTrouble = err
	return c, nil
}
