package app

import (
	"errors"
	"io/fs"
	"path/filepath"

	"otpravka/internal/keyring"
)

// loadKey returns the master key. Only a new database, which is bound to no
// key yet, may get a new one: a lost key file must not be replaced silently by
// one that opens nothing.
func loadKey(cfg Config, bound string) (*keyring.Ring, error) {
	ring, err := readKey(cfg)
	switch {
	case bound != "" && err == nil:
		return ring, ring.Matches(bound)
	case bound == "" && noKeyFile(cfg, err):
		return makeKey(cfg)
	}
	return ring, err
}

// makeKey makes the key of a new database and tells where it lies.
func makeKey(cfg Config) (*keyring.Ring, error) {
	file, err := keyFile(cfg)
	if err != nil {
		return nil, err
	}
	ring, err := keyring.LoadOrCreate(file)
	if err == nil && cfg.KeyMade != nil {
		cfg.KeyMade(file)
	}
	return ring, err
}

// checkKey refuses a key that cannot be read before a database is made for it.
// A file that is not there yet is no reason: the first start makes it.
func checkKey(cfg Config) error {
	if _, err := readKey(cfg); !noKeyFile(cfg, err) {
		return err
	}
	return nil
}

func noKeyFile(cfg Config, err error) bool {
	return cfg.MasterKey == "" && errors.Is(err, fs.ErrNotExist)
}

func readKey(cfg Config) (*keyring.Ring, error) {
	if cfg.MasterKey != "" {
		return keyring.Parse(cfg.MasterKey)
	}
	file, err := keyFile(cfg)
	if err != nil {
		return nil, err
	}
	return keyring.Load(file)
}

func keyFile(cfg Config) (string, error) {
	if cfg.MasterKeyFile != "" {
		return filepath.Abs(cfg.MasterKeyFile)
	}
	return DefaultKeyFile()
}
