package otpcore

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// draftTexts checks what will stand in the message, so that a send can no
// longer fail on it.
func (v *Verifications) draftTexts(out *Verification, r StartRequest, spec TemplateSpec) error {
	for name := range r.Params {
		if _, both := r.Context[name]; both {
			return invalid("param_in_context", "/params/"+name, "Name a value either in params or in context.")
		}
	}
	var err error
	if out.Params, err = checkParams("/params", spec.Params, r.Params); err != nil {
		return err
	}
	if out.Context, err = checkParams("/context", spec.Context, r.Context); err != nil {
		return err
	}
	for name, p := range out.Context {
		if p.Money != nil && strings.Trim(p.Money.Amount, "0.") == "" {
			return invalid("param_type", "/context/"+name, "Send a positive amount: nobody confirms a payment of nothing.")
		}
	}
	return nil
}

// checkParams returns the values in canonical form, so that equal amounts are
// equal however they were written. No values are nil.
func checkParams(at string, specs []ParamSpec, given map[string]Param) (map[string]Param, error) {
	var out map[string]Param
	if len(given) > 0 {
		out = make(map[string]Param, len(given))
	}
	for _, spec := range specs {
		value, ok := given[spec.Name]
		if !ok {
			if spec.Required {
				return nil, invalid("param_missing", at+"/"+spec.Name, "This template needs "+spec.Name+". Send it.")
			}
			continue
		}
		canonical, err := checkParam(at+"/"+spec.Name, spec.Type, value)
		if err != nil {
			return nil, err
		}
		out[spec.Name] = canonical
	}
	for name := range given {
		if _, declared := out[name]; !declared {
			return nil, invalid("param_unknown", at, "This template does not declare one of the values. Send only the ones in its description.")
		}
	}
	return out, nil
}

var (
	amountForm   = regexp.MustCompile(`^(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?$`)
	countForm    = regexp.MustCompile(`^(0|[1-9][0-9]{0,2})$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
	orderForm    = regexp.MustCompile(`^[\p{L}\p{N}#№/_.-]+$`) // of up to 32 characters
)

func checkParam(at, kind string, p Param) (Param, error) {
	if kind == "money" {
		return checkMoney(at, p)
	}
	if p.Money != nil {
		return p, invalid("param_type", at, "Send a text here.")
	}
	switch kind {
	case "order_number":
		if utf8.RuneCountInString(p.Text) > 32 || !orderForm.MatchString(p.Text) || LeadsAway(p.Text) {
			return p, invalid("param_type", at, "Send an order number of up to 32 letters, digits and # № / _ . - characters that is no link.")
		}
		return p, nil
	case "date":
		if _, err := time.Parse(time.DateOnly, p.Text); err != nil {
			return p, invalid("param_type", at, "Send a date like 2026-11-22.")
		}
		return p, nil
	case "count":
		if !countForm.MatchString(p.Text) {
			return p, invalid("param_type", at, `Send a whole number from "0" to "999": a longer one could be taken for the code.`)
		}
		return p, nil
	case "name":
		return p, checkWords(at, p.Text, 64)
	}
	return p, checkWords(at, p.Text, 32)
}

func checkMoney(at string, p Param) (Param, error) {
	if p.Money == nil || !amountForm.MatchString(p.Money.Amount) || !currencyForm.MatchString(p.Money.Currency) {
		return p, invalid("param_type", at, `Send a positive amount like {"amount": "4990.00", "currency": "KZT"}.`)
	}
	whole, cents, _ := strings.Cut(p.Money.Amount, ".")
	return Param{Money: &Money{Amount: whole + "." + (cents + "00")[:2], Currency: p.Money.Currency}}, nil
}

// A text may lead nobody away and may not look like a code: links, runs of
// four digits and characters that hide or reorder others are refused. The dots
// that other scripts use in host names count as dots, and so does a dot that
// is dressed up in brackets.
var (
	linkForm     = regexp.MustCompile(`(?i)://|:\\|www\.|hxxp|@|[\p{L}\p{N}\p{So}-]\.[\p{L}\p{So}]{2,}|\b(https?|ftp|file|data|javascript|mailto|tel|sms|tg):`)
	digitRunForm = regexp.MustCompile(`\p{N}([\p{Zs}\p{Pd}._]?\p{N}){3,}`)
	otherDots    = strings.NewReplacer("。", ".", "．", ".", "｡", ".", "․", ".", "[.]", ".", "(.)", ".", "{.}", ".")
)

// manySpaces is a gap on which WhatsApp refuses a whole message, and the code
// with it: parameters of its templates have at most four spaces in a row.
const manySpaces = "     "

func checkWords(at, text string, most int) error {
	return checkLine(at, text, most, digitRunForm, "Send text without links, addresses and runs of four or more digits.")
}

// checkLine is checkWords with a run of digits of one's own.
func checkLine(at, text string, most int, run *regexp.Regexp, advice string) error {
	n := utf8.RuneCountInString(text)
	if n > most || strings.TrimSpace(text) == "" {
		return invalid("param_length", at, fmt.Sprintf("Send 1 to %d characters.", most))
	}
	marks := 0
	for _, r := range text {
		marks++
		if !unicode.In(r, unicode.Mn, unicode.Me) {
			marks = 0
		}
		if !unicode.IsGraphic(r) || r == utf8.RuneError || marks > 2 {
			return invalid("var_not_allowed", at, "Send plain text on one line, without control, direction or stacked marks.")
		}
	}
	if strings.Contains(text, manySpaces) {
		return invalid("var_not_allowed", at, "Send text without long gaps: WhatsApp refuses a message for five spaces in a row.")
	}
	if LeadsAway(text) || run.MatchString(otherDots.Replace(text)) {
		return invalid("var_not_allowed", at, advice)
	}
	return nil
}

// LeadsAway reports whether the text holds a link or an address, in whatever
// dress.
func LeadsAway(text string) bool { return linkForm.MatchString(otherDots.Replace(text)) }

// LooksLikeCode reports whether digits of the text could be taken for a code.
func LooksLikeCode(text string) bool { return digitRunForm.MatchString(otherDots.Replace(text)) }
