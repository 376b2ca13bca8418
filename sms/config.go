package sms

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/nyaruka/phonenumbers"
	"go.yaml.in/yaml/v4"

	"otpravka/otpcore"
)

// Config is the part of the configuration file that declares SMS providers.
// Embed it with `yaml:",inline"`.
type Config struct {
	Providers []ProviderConfig `yaml:"sms_providers"`
}

// Parse reads a file that holds nothing but sms_providers, or nothing at all.
// Unknown fields are refused, so that a misspelt setting is not silently
// without effect. The error names the line of the first mistake and says what
// to write instead.
func Parse(data []byte) ([]ProviderConfig, error) {
	var c Config
	if err := Decode(data, &c); err != nil {
		return nil, err
	}
	return c.Providers, nil
}

// Decode reads a file as strictly into a struct that embeds a Config beside
// other settings.
func Decode(data []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return firstError(nameKnown(err, into))
	}
	return nil
}

// ProviderConfig is one declared provider. It comes out of YAML only, whole
// and checked, so nothing about it can be wrong later but its secrets.
type ProviderConfig struct{ declaration }

// declaration mirrors the YAML.
type declaration struct {
	ID           string               `yaml:"id"`
	Countries    []string             `yaml:"countries"`
	Businesses   []string             `yaml:"businesses"`
	Rate         rate                 `yaml:"rate"`
	NumberFormat numberFormat         `yaml:"number_format"`
	Vars         map[string]scalar    `yaml:"vars"`
	Secrets      map[string]secretRef `yaml:"secrets"`
	Auth         auth                 `yaml:"auth"`
	Request      request              `yaml:"request"`
	Success      success              `yaml:"success"`
	MessageID    path                 `yaml:"message_id"`
	Cost         *cost                `yaml:"cost"`
	Price        *price               `yaml:"price"`
	Errors       []errorRule          `yaml:"errors"`
	DLR          *dlr                 `yaml:"dlr"`

	line int
}

type rate struct {
	Timeout time.Duration `yaml:"timeout"`
}

const (
	defaultTimeout = 10 * time.Second
	maxTimeout     = 10 * time.Second // the domain cuts every call off then, and its lease counts on that
)

// UnmarshalYAML reads and checks the whole declaration.
func (c *ProviderConfig) UnmarshalYAML(n *yaml.Node) error {
	d := declaration{line: n.Line}
	if err := Load(n, &d); err != nil {
		return err
	}
	for _, check := range []func() error{d.checkNames, d.checkRate, d.checkVars, d.bindRequest, d.bindAnswer} {
		if err := check(); err != nil {
			return err
		}
	}
	c.declaration = d
	return nil
}

// Name-safe ids stand in URLs, rows and metrics.
var providerID = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

func (d *declaration) checkNames() error {
	if !providerID.MatchString(d.ID) {
		return errAt(d.line, "provider id %q: up to 32 lower-case letters, digits, - and _, a letter first", d.ID)
	}
	for _, region := range d.Countries {
		if !phonenumbers.GetSupportedRegions()[region] {
			return errAt(d.line, "provider %s: country %q is no ISO 3166 code, like KZ", d.ID, region)
		}
	}
	for _, id := range d.Businesses {
		if _, ok := otpcore.ParseID(otpcore.PrefixBusiness, id); !ok {
			return errAt(d.line, "provider %s: business %q is no id, like biz_…", d.ID, id)
		}
	}
	return nil
}

func (d *declaration) checkRate() error {
	if d.Rate.Timeout == 0 {
		d.Rate.Timeout = defaultTimeout
	}
	if d.Rate.Timeout < 100*time.Millisecond || d.Rate.Timeout > maxTimeout {
		return errAt(d.line, "provider %s: rate.timeout is between 100ms and %v", d.ID, maxTimeout)
	}
	return nil
}

var varName = regexp.MustCompile(`^[a-z0-9_]+$`)

func (d *declaration) checkVars() error {
	for name := range maps.Keys(d.Secrets) {
		if !varName.MatchString(name) {
			return errAt(d.line, "provider %s: secret name %q: lower-case letters, digits and _", d.ID, name)
		}
	}
	for name, value := range d.Vars {
		if !varName.MatchString(name) || hasControl(string(value)) {
			return errAt(d.line, "provider %s: var %q: a name of lower-case letters, digits and _, a value on one line", d.ID, name)
		}
	}
	return nil
}

// scope returns a scope with the file's vars and the given further variables.
func (d *declaration) scope(secrets bool, message ...string) scope {
	sc := scope{vars: make(map[string]string, len(d.Vars)), message: message}
	for name, value := range d.Vars {
		sc.vars[name] = string(value)
	}
	if secrets {
		sc.secrets = d.Secrets
	}
	return sc
}

// reaches reports whether the provider serves the business and the region. An
// empty list stands for all.
func (d *declaration) reaches(business otpcore.ID, region string) bool {
	return (len(d.Countries) == 0 || slices.Contains(d.Countries, region)) &&
		(len(d.Businesses) == 0 || slices.Contains(d.Businesses, string(business)))
}
