package app

import (
	"context"
	"fmt"
)

// variables tells of those that look like settings and are none. Which ones a file
// refers to that cannot be read is not known.
func (e *examination) variables(context.Context) []Finding {
	if !e.declared && e.file != "" {
		return nil
	}
	var all []Finding
	for _, v := range e.cfg.unread() {
		text := fmt.Sprintf("nothing reads %s: correct its name, or unset it", v.name)
		if v.meant != "" {
			text = fmt.Sprintf("nothing reads %s: correct its name, perhaps to %s, or unset it", v.name, v.meant)
		}
		all = append(all, Finding{Grade: Warn, Text: text})
	}
	return all
}
