package templates

import (
	"maps"
	"slices"
)

// ReplyKeys lists the keys of the table of answers.
func ReplyKeys() []string { return slices.Sorted(maps.Keys(replySpecs)) }
