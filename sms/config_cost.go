package sms

import (
	"errors"
	"math/big"
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

// price is what a message, or each segment of it, costs by contract; it also
// stands in where an answer tells no cost.
type price struct {
	Amount   scalar `yaml:"amount"`
	Currency string `yaml:"currency"`
	Per      string `yaml:"per"` // message, segment
}

const perSegment = "segment"

var errNoSegments = errors.New("a price per segment needs Options.Segments")

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
	if p.Per != "" && p.Per != "message" && p.Per != perSegment {
		return errAt(n.Line, "price.per %q: message or segment", p.Per)
	}
	return nil
}

func (p *price) isPerSegment() bool { return p != nil && p.Per == perSegment }

// costOf reads the cost out of an answer, or takes the agreed price. Providers
// that book prices as debts write them with a minus.
func (p *provider) costOf(doc any, v values) otpcore.Cost {
	if p.Cost != nil {
		text, _ := p.Cost.Path.text(doc, v)
		if text = strings.TrimPrefix(text, "-"); amount.MatchString(text) {
			return priced(text, p.Cost.Currency)
		}
	}
	switch {
	case p.Price.isPerSegment():
		return priced(times(string(p.Price.Amount), p.segments(v[varText])), p.Price.Currency)
	case p.Price != nil:
		return priced(string(p.Price.Amount), p.Price.Currency)
	}
	return otpcore.Cost{}
}

// times multiplies an amount and keeps its decimals.
func times(amount string, n int) string {
	_, decimals, _ := strings.Cut(amount, ".")
	product, _ := new(big.Rat).SetString(amount) // its form was checked with the file
	return product.Mul(product, big.NewRat(int64(n), 1)).FloatString(len(decimals))
}

func priced(amount, currency string) otpcore.Cost {
	return otpcore.Cost{Money: otpcore.Money{Amount: amount, Currency: currency}}
}
