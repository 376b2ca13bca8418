package templates

import (
	"maps"
	"slices"
)

// ReplyKeys lists the keys of the table of answers.
func ReplyKeys() []string { return slices.Sorted(maps.Keys(replySpecs)) }

// Languages are those that a business may write in.
func Languages() []string { return slices.Sorted(maps.Keys(translators)) }

// Forms are the plural forms that texts in the language have.
func Forms(language string) map[string]bool {
	data, err := newCLDR(language, nil)
	if err != nil {
		return nil
	}
	return data.forms
}
