package app

import (
	"fmt"
	"os"

	"otpravka/sms"
	"otpravka/webhook/events"
	"otpravka/webhook/origin"
)

// File is what the YAML file says: whatever does not fit a flag or a variable.
type File struct {
	SMS           []sms.ProviderConfig
	Proxies       origin.Proxies
	WebhooksAllow []string
}

// wholeFile mirrors the YAML.
type wholeFile struct {
	sms.Config     `yaml:",inline"`
	TrustedProxies []string `yaml:"trusted_proxies"`
	Webhooks       struct {
		Allow []string `yaml:"allow"`
	} `yaml:"webhooks"`
}

// ReadFile reads the YAML file at path.
func ReadFile(path string) (File, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return File{}, fmt.Errorf("the configuration file cannot be read: %w", err)
	}
	var written wholeFile
	if err := sms.Decode(raw, &written); err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	f := File{SMS: written.Providers}
	if f.Proxies, err = origin.Parse(written.TrustedProxies); err != nil {
		return File{}, fmt.Errorf("%s: trusted_proxies: %w", path, err)
	}
	for _, text := range written.Webhooks.Allow {
		address, err := events.ParseOpen(text)
		if err != nil {
			return File{}, fmt.Errorf("%s: webhooks.allow: %w", path, err)
		}
		f.WebhooksAllow = append(f.WebhooksAllow, address)
	}
	return f, nil
}

// Take takes over what the file says.
func (c *Config) Take(f File) { c.SMS, c.Proxies, c.WebhooksAllow = f.SMS, f.Proxies, f.WebhooksAllow }
