package cli

import (
	"fmt"
	"io"
	"strings"
)

// screen is what a person or a script sees. Events go to one stream and
// remarks to the other, so that events can be piped on.
type screen struct {
	out     io.Writer
	notices io.Writer
	json    bool
}

func (s *screen) notice(format string, args ...any) {
	_, _ = fmt.Fprintf(s.notices, format+"\n", args...)
}

// words are what a line shows of an event's data, in this order, as far as
// the event has them.
var words = []string{"channel", "provider", "state", "template", "reason", "class"}

// show prints the event on one line. The columns are as wide as the longest
// type, the id and a masked phone.
func (s *screen) show(e *heard) {
	if s.json {
		_, _ = fmt.Fprintf(s.out, "%s\n", e.body)
		return
	}
	var more []string
	for _, name := range words {
		if word := e.Data[name]; word != "" {
			more = append(more, word)
		}
	}
	line := fmt.Sprintf("%s  %-21s  %-30s  %-13s  %s", e.CreatedAt.Local().Format("15:04:05.000"), e.Type, e.ID, e.Data["phone"], strings.Join(more, " "))
	_, _ = fmt.Fprintln(s.out, strings.TrimRight(line, " "))
}
