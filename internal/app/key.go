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
	ring, err := readKey(cfg, bound == "")
	if err != nil || bound == "" {
		return ring, err
	}
	return ring, ring.Matches(bound)
}

// checkKey refuses a key that cannot be read before a database is made for it.
// A file that is not there yet is no reason: the first start makes it.
func checkKey(cfg Config) error {
	_, err := readKey(cfg, false)
	if cfg.MasterKey == "" && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func readKey(cfg Config, mayCreate bool) (*keyring.Ring, error) {
	if cfg.MasterKey != "" {
		return keyring.Parse(cfg.MasterKey)
	}
	file, err := keyFile(cfg)
	if err != nil {
		return nil, err
	}
	if mayCreate {
		return keyring.LoadOrCreate(file)
	}
	return keyring.Load(file)
}

func keyFile(cfg Config) (string, error) {
	if cfg.MasterKeyFile != "" {
		return filepath.Abs(cfg.MasterKeyFile)
	}
	return DefaultKeyFile()
}
