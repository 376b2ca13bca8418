package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"

	"otpravka/otpcore"
	"otpravka/sms"
	"otpravka/webhook"
)

// Config is everything that a run of Otpravka depends on. Every outside
// address stands here, so that simulators take the same code path as the real
// services.
type Config struct {
	Listen   string       // TCP address of the API
	Listener net.Listener // used instead of Listen where given

	DatabaseURL   string
	MasterKey     string // the keys themselves; empty: MasterKeyFile
	MasterKeyFile string // made on the first start; empty: DefaultKeyFile
	PublicURL     string // base of links and callbacks; empty: the listener
	TelegramAPI   string // base of the Bot API
	SMS           []sms.ProviderConfig

	Rules  otpcore.Rules
	Limits webhook.Limits
	// CallsPerSecond bounds each API key; zero: the API's default.
	CallsPerSecond int
	Log            *slog.Logger
	// Ready is called once requests are answered, with the API's base URL.
	Ready func(baseURL string)
}

// Defaults of the settings that have one.
const (
	DefaultListen      = ":8080"
	DefaultDatabaseURL = "./data/otpravka.db"
	DefaultTelegramAPI = "https://api.telegram.org"
)

// DefaultKeyFile is where the master key lies: in the user's configuration
// directory, so that no copy of the data directory holds it.
func DefaultKeyFile() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no home for the master key: set OTPRAVKA_MASTER_KEY_FILE to a file outside of the data directory: %w", err)
	}
	return filepath.Join(dir, "otpravka", "master.key"), nil
}

// File is the YAML file: what does not fit a flag or a variable.
type File struct {
	SMS sms.Config `yaml:",inline"`
}

// ReadFile reads the YAML file at path. Unknown names are refused, so that a
// misspelt setting is not silently without effect.
func ReadFile(path string) (File, error) {
	var f File
	raw, err := os.ReadFile(path)
	if err != nil {
		return f, fmt.Errorf("the configuration file cannot be read: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// check refuses settings that could only fail later.
func (c *Config) check() error {
	for _, u := range []struct{ name, value string }{
		{"OTPRAVKA_PUBLIC_URL", c.PublicURL},
		{"OTPRAVKA_TELEGRAM_API", c.TelegramAPI},
	} {
		if u.value == "" {
			continue
		}
		parsed, err := url.Parse(u.value)
		if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" ||
			parsed.RawQuery != "" || parsed.Fragment != "" || parsed.User != nil {
			return fmt.Errorf("%s must be an address like https://codes.example.com, without a query", u.name)
		}
	}
	return nil
}
