package templates

import (
	"fmt"
	"strings"
	"time"

	"github.com/bojanz/currency"
	"github.com/go-playground/locales"

	"otpravka/otpcore"
)

// cldr writes amounts, dates and numbers of things as the Unicode Common Locale
// Data Repository says that a language does.
type cldr struct {
	words locales.Translator
	// signs writes amounts with the currency's sign, codes with its ISO 4217
	// code in place of it.
	signs, codes *currency.Formatter
	forms        map[string]bool // plural forms that whole numbers need
}

// newCLDR returns the data of a language. Symbols replace the signs of
// currencies: what the language itself writes out, its readers know by a sign
// that CLDR gives to their region only.
func newCLDR(tag string, symbols map[string]string) (*cldr, error) {
	words, ok := translators[tag]
	if !ok {
		return nil, fmt.Errorf("locale %s: no data about this language is built in", tag)
	}
	of := currency.NewLocale(tag)
	c := &cldr{words: words(), signs: currency.NewFormatter(of), codes: currency.NewFormatter(of)}
	c.codes.CurrencyDisplay = currency.DisplayCode
	for code, sign := range symbols {
		if !currency.IsValid(code) {
			return nil, fmt.Errorf("locale %s: symbols: there is no currency %s", tag, code)
		}
		c.signs.SymbolMap[code] = sign
	}
	c.forms = c.needed()
	return c, nil
}

// money writes an amount exactly: nothing is rounded, and a currency that the
// data does not know stands by its code. Plain asks for signs of the GSM
// alphabet.
func (c *cldr) money(m otpcore.Money, plain bool) string {
	amount, err := currency.NewAmount(m.Amount, m.Currency)
	if err != nil {
		return c.foreign(m, plain)
	}
	written := c.signs.Format(amount)
	if plain && !isGSM(gsmLike.Replace(written)) {
		written = c.codes.Format(amount)
	}
	return simplified(written, plain)
}

// foreign writes an amount of a currency that is not in the data. It borrows
// the form of another one.
func (c *cldr) foreign(m otpcore.Money, plain bool) string {
	amount, err := currency.NewAmount(m.Amount, "USD")
	if err != nil {
		return inert(m.Amount + " " + m.Currency)
	}
	f := currency.NewFormatter(c.signs.Locale())
	f.SymbolMap = map[string]string{"USD": inert(m.Currency)}
	return simplified(f.Format(amount), plain)
}

// date writes a date of the form 2026-11-22 with the name of its month. A value
// of another form stays as it is.
func (c *cldr) date(value string, plain bool) string {
	day, err := time.Parse(time.DateOnly, value)
	if err != nil {
		return inert(value)
	}
	// The abbreviation of "year" would end a sentence twice.
	return simplified(strings.TrimSuffix(c.words.FmtDateLong(day), " г."), plain)
}

// gsmLike replaces signs that CLDR likes by those of the GSM alphabet that look
// the same: one sign outside of it would more than halve a segment.
var gsmLike = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u2009", " ", "ʻ", "'", "ʼ", "'", "‘", "'", "’", "'", "−", "-")

func simplified(text string, plain bool) string {
	if !plain {
		return text
	}
	return gsmLike.Replace(text)
}
