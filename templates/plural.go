package templates

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-playground/locales"
)

// Plural forms stand in the text itself, each under the name that CLDR has for
// it: {{items|one: item|other: items}}. The number is not part of them.

// formNames are CLDR's names of the forms.
var formNames = map[locales.PluralRule]string{
	locales.PluralRuleZero: "zero", locales.PluralRuleOne: "one", locales.PluralRuleTwo: "two",
	locales.PluralRuleFew: "few", locales.PluralRuleMany: "many", locales.PluralRuleOther: "other",
}

// mostThings bounds a count, so that it never looks like a code.
const mostThings = 999

// form names the form that goes with a number of things. A language for which
// CLDR has no rules has one form for all numbers.
func (c *cldr) form(n int) string {
	if name, ok := formNames[c.words.CardinalPluralRule(float64(n), 0)]; ok {
		return name
	}
	return formNames[locales.PluralRuleOther]
}

// needed lists the forms that whole numbers have: Russian has another one for
// fractions, which nobody counts in.
func (c *cldr) needed() map[string]bool {
	forms := make(map[string]bool)
	for n := range mostThings + 1 {
		forms[c.form(n)] = true
	}
	return forms
}

// readForms reads "one: item|other: items".
func readForms(source string) (map[string]string, error) {
	forms := make(map[string]string)
	for part := range strings.SplitSeq(source, "|") {
		name, word, ok := strings.Cut(part, ":")
		name, word = strings.TrimSpace(name), strings.TrimSpace(word)
		if !ok || word == "" {
			return nil, &fault{"plural_forms", fmt.Sprintf("%q is no plural form such as one: word", strings.TrimSpace(part))}
		}
		if _, twice := forms[name]; twice {
			return nil, &fault{"plural_forms", fmt.Sprintf("plural form %s stands twice", name)}
		}
		forms[name] = word
	}
	return forms, nil
}

// inflect gives the plural forms of a text their language, and demands exactly
// the forms that it has.
func (t text) inflect(c *cldr) error {
	for i, p := range t {
		if p.forms == nil {
			continue
		}
		want := slices.Sorted(maps.Keys(c.forms))
		if have := slices.Sorted(maps.Keys(p.forms)); !slices.Equal(have, want) {
			return &fault{"plural_forms", fmt.Sprintf("{{%s|…}} has the plural forms %s, this language needs %s", p.name, strings.Join(have, ", "), strings.Join(want, ", "))}
		}
		t[i].language = c
	}
	return nil
}

// inflected is the word that goes with the number.
func (p piece) inflected(number string) string {
	n, err := strconv.Atoi(number)
	if err != nil || p.language == nil {
		return ""
	}
	return p.forms[p.language.form(n)]
}
