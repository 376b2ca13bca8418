package bench

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Text writes the report for people. A dash stands for what cannot be known.
func (r Report) Text(w io.Writer) error {
	p := &printer{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)}
	r.head(p)
	if len(r.Loads) > 0 {
		r.table(p)
	}
	if r.Backlog != nil {
		r.Backlog.text(p)
	}
	if r.Fallback != nil {
		r.Fallback.text(p)
	}
	if r.Growth != nil {
		r.Growth.text(p)
	}
	if r.Bots != nil {
		r.Bots.text(p)
	}
	if r.Orders != nil {
		r.Orders.text(p)
	}
	return cmp.Or(p.err, p.w.Flush())
}

// printer keeps the first error of many lines.
type printer struct {
	w   *tabwriter.Writer
	err error
}

// line prints a sentence, row the cells of a table.
func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		p.err = p.w.Flush() // a sentence must not widen the table before it
	}
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

func (p *printer) row(cells ...string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, strings.Join(cells, "\t")+"\t")
	}
}

func (r Report) head(p *printer) {
	m, s := r.Machine, r.Settings
	p.line("machine   %d cores of %s, %s, %s; fsync of 4 KiB %.2f ms (p99 %.2f); a bare HTTP answer costs %s µs of CPU",
		m.Cores, cmp.Or(m.CPU, "an unknown processor"), m.OS, m.Go, m.Fsync.P50, m.Fsync.P99, dash(m.EchoMicros))
	p.line("server    %s; %s", s.Server, cmp.Or(s.Database, "its database is not known"))
	if s.FsyncDelay > 0 {
		p.line("disk      made slow: the server waits %g ms before each fsync", s.FsyncDelay)
	}
	p.line("codes     %s", s.Codes)
	p.line("limits    lifted: %s", cmp.Or(s.LimitsLifted, "none"))
	p.line("load      %d connections, medians of %d runs of %g s after %g s of warm-up", s.Connections, s.Runs, s.Seconds, s.Warmup)
}

// costs are the columns of what a load cost the server.
var costs = []struct{ name, title string }{
	{costCPU, "CPU µs"},
	{costRSS, "RSS MB"},
	{costCommits, "commits"},
	{costMean, "batch"},
	{costMax, "at most"},
	{costBacklog, "backlog"},
	{costOldest, "age ms"},
}

func (r Report) table(p *printer) {
	p.line("")
	titles := []string{"", "per s", "p50 ms", "p95 ms", "p99 ms"}
	for _, c := range costs {
		titles = append(titles, c.title)
	}
	p.row(append(titles, "errors")...)
	for _, l := range r.Loads {
		counted := slices.IndexFunc(loads, func(sc scenario) bool { return sc.name == l.Scenario })
		call := loads[counted].counted
		cells := append([]string{l.Scenario, figure(l.PerS)}, l.Calls[call].cells()...)
		for _, c := range costs {
			cells = append(cells, known(l.Cost, c.name))
		}
		p.row(append(cells, errorCells(l.Errors))...)
		for _, part := range slices.Sorted(maps.Keys(l.Calls)) {
			if part != call && l.Scenario == "cycle" {
				cells := append([]string{"its " + part, ""}, l.Calls[part].cells()...)
				p.row(append(cells, make([]string, len(costs)+1)...)...)
			}
		}
	}
	p.line("\nCPU and RSS are those of the server's process, CPU for one call or cycle. Batch is how many pieces of work")
	p.line("share a commit. Backlog is the most messages in memory, and age how long one's result waited for the database.")
}

func (l Latency) cells() []string { return []string{ms(l.P50), ms(l.P95), ms(l.P99)} }

func ms(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

// known prints a value that may be missing.
func known(values map[string]float64, name string) string {
	if v, ok := values[name]; ok {
		return figure(v)
	}
	return "-"
}

// dash prints a value that zero stands in for where it is not known.
func dash(v float64) string {
	if v == 0 {
		return "-"
	}
	return figure(v)
}

// figure prints a value with as many digits as it can tell.
func figure(v float64) string {
	if v >= 100 || v == math.Trunc(v) {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

func errorCells(errors map[string]int) string {
	if len(errors) == 0 {
		return "none"
	}
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(errors)) {
		parts = append(parts, fmt.Sprintf("%s: %d", status, errors[status]))
	}
	return strings.Join(parts, ", ")
}
