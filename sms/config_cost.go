package sms

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"otpravka/otpcore"
)

// cost declares where the answer tells what the message cost.
type cost struct {
	Path     path   `yaml:"path"`
	Currency string `yaml:"currency"`
}

// price is what a message costs by contract; it also stands in where an
// answer tells no cost.
type price struct {
	Amount   scalar `yaml:"amount"`
	Currency string `yaml:"currency"`
}

var (
	amount   = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,6})?$`)
	currency = regexp.MustCompile(`^[A-Z]{3}$`)
)

// UnmarshalYAML reads and checks the section.
func (c *cost) UnmarshalYAML(n *yaml.Node) error {
	type plain cost
	if err := Load(n, (*plain)(c)); err != nil {
		return err
	}
	if c.Path.isZero() || !currency.MatchString(c.Currency) {
		return errAt(n.Line, "cost has a path and a currency, like KZT")
	}
	return nil
}

// UnmarshalYAML reads and checks the section.
func (p *price) UnmarshalYAML(n *yaml.Node) error {
	type plain price
	if err := Load(n, (*plain)(p)); err != nil {
		return err
	}
	if !amount.MatchString(string(p.Amount)) || !currency.MatchString(p.Currency) {
		return errAt(n.Line, "price has an amount, like 18.50, and a currency, like KZT")
	}
	return nil
}

// costOf reads the cost out of an answer, or takes the agreed price. Providers
// that book prices as debts write them with a minus.
func (d *declaration) costOf(doc any, v values) otpcore.Cost {
	if d.Cost != nil {
		text, _ := d.Cost.Path.text(doc, v)
		if text = strings.TrimPrefix(text, "-"); amount.MatchString(text) {
			return priced(text, d.Cost.Currency)
		}
	}
	if d.Price != nil {
		return priced(string(d.Price.Amount), d.Price.Currency)
	}
	return otpcore.Cost{}
}

func priced(amount, currency string) otpcore.Cost {
	return otpcore.Cost{Money: otpcore.Money{Amount: amount, Currency: currency}}
}
