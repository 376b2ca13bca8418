package app

import (
	"fmt"
	"os"

	"otpravka/sms"
	"otpravka/webhook/events"
	"otpravka/webhook/origin"
)

// File is what the YAML file says: what does not fit a flag or a variable.
type File struct {
	sms.Config     `yaml:",inline"`
	SharedBots     []SharedBot `yaml:"shared_bots"`
	TrustedProxies []string    `yaml:"trusted_proxies"`

	WhatsAppPrices WhatsAppPrices `yaml:"whatsapp_prices"`
	Webhooks       struct {
		Allow []string `yaml:"allow"`
	} `yaml:"webhooks"`

	proxies   origin.Proxies
	variables []string // that it refers to
}

// ReadFile reads the YAML file at path.
func ReadFile(path string) (File, error) {
	var f File
	raw, err := os.ReadFile(path)
	if err != nil {
		return f, fmt.Errorf("the configuration file cannot be read: %w", err)
	}
	f.variables = referredTo(raw)
	if err := sms.Decode(raw, &f); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	if err := checkShared(f.SharedBots); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	if err := f.WhatsAppPrices.check(); err != nil {
		return f, fmt.Errorf("%s: %w", path, err)
	}
	if f.proxies, err = origin.Parse(f.TrustedProxies); err != nil {
		return f, fmt.Errorf("%s: trusted_proxies: %w", path, err)
	}
	for i, text := range f.Webhooks.Allow {
		if f.Webhooks.Allow[i], err = events.ParseOpen(text); err != nil {
			return f, fmt.Errorf("%s: webhooks.allow: %w", path, err)
		}
	}
	return f, nil
}

// Take takes over what the file says.
func (c *Config) Take(f File) {
	c.SMS, c.SharedBots, c.Proxies, c.WebhooksAllow = f.Providers, f.SharedBots, f.proxies, f.Webhooks.Allow
	c.WhatsAppPrices, c.fromFile = f.WhatsAppPrices, f.variables
}
