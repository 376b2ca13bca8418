package sms

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"otpravka/otpcore"
)

// success declares what counts as the provider's yes: a status in one of the
// ranges, all of the conditions in All, and none of those in None.
type success struct {
	HTTP statusSet   `yaml:"http"`
	All  []condition `yaml:"all"`
	None []condition `yaml:"none"`
}

// readsBody reports whether the status alone does not decide.
func (s success) readsBody() bool { return len(s.All)+len(s.None) > 0 }

func (s success) holds(doc any, v values) bool {
	met := func(c condition) bool { return c.holds(doc, v) }
	return !slices.ContainsFunc(s.All, func(c condition) bool { return !met(c) }) && !slices.ContainsFunc(s.None, met)
}

// errorRule gives a class to the refusals that it fits: by status, by a
// condition on the body, or by both at once.
type errorRule struct {
	HTTP  statusSet
	When  *condition
	Class otpcore.ErrorClass
	line  int
}

// errorFields are the fields of a rule: its condition stands beside http and class.
type errorFields struct {
	HTTP            statusSet `yaml:"http"`
	Class           string    `yaml:"class"`
	conditionFields `yaml:",inline"`
}

// UnmarshalYAML reads and checks the rule.
func (r *errorRule) UnmarshalYAML(n *yaml.Node) error {
	var raw errorFields
	if err := Load(n, &raw); err != nil {
		return err
	}
	*r = errorRule{HTTP: raw.HTTP, Class: otpcore.ErrorClass(raw.Class), line: n.Line}
	if _, ok := outcomes[r.Class]; !ok {
		return errAt(n.Line, "class %q is unknown; known are %s", raw.Class, classNames())
	}
	c := condition(raw.conditionFields)
	if !c.isZero() {
		if err := c.check(n.Line); err != nil {
			return err
		}
		r.When = &c
	}
	if r.When == nil && len(r.HTTP) == 0 {
		return errAt(n.Line, "an error rule has http, a condition, or both")
	}
	return nil
}

func (r errorRule) fits(status int, doc any, v values) bool {
	return (len(r.HTTP) == 0 || r.HTTP.has(status)) && (r.When == nil || r.When.holds(doc, v))
}

// statusSet is a list of HTTP statuses and ranges of them: [200-299, 404].
type statusSet []statusRange

type statusRange struct{ from, to int }

// UnmarshalYAML reads 404 or 200-299.
func (r *statusRange) UnmarshalYAML(n *yaml.Node) error {
	low, high, isRange := strings.Cut(n.Value, "-")
	if !isRange {
		high = low
	}
	from, errFrom := strconv.Atoi(low)
	to, errTo := strconv.Atoi(high)
	if errFrom != nil || errTo != nil || from < 200 || to > 599 || from > to {
		return errAt(n.Line, "http status %q: write 404 or 200-299", n.Value)
	}
	*r = statusRange{from, to}
	return nil
}

func (s statusSet) has(status int) bool {
	return slices.ContainsFunc(s, func(r statusRange) bool { return r.from <= status && status <= r.to })
}

// bindAnswer checks what reads the provider's answers and reports.
func (d *declaration) bindAnswer() error {
	if len(d.Success.HTTP) == 0 {
		return errAt(d.line, "provider %s: success.http is missing: which statuses may mean yes", d.ID)
	}
	switch d.NumberFormat {
	case "":
		return errAt(d.line, "provider %s: number_format is missing: e164, digits or national", d.ID)
	case formatE164, formatDigits, formatNational:
	default:
		return errAt(d.line, "provider %s: number_format %q: e164, digits or national", d.ID, d.NumberFormat)
	}
	sc := d.scope(false, recipient...)
	for _, p := range d.answerPaths() {
		if err := p.bind(sc); err != nil {
			return err
		}
	}
	if d.DLR != nil {
		return d.DLR.bind()
	}
	return nil
}

func (d *declaration) answerPaths() []*path {
	paths := []*path{&d.MessageID}
	if d.Cost != nil {
		paths = append(paths, &d.Cost.Path)
	}
	for _, c := range d.decisive() {
		paths = append(paths, &c.Path)
	}
	return paths
}

// decisive are the conditions that tell yes from no and one no from another.
func (d *declaration) decisive() (list []*condition) {
	for i := range d.Success.All {
		list = append(list, &d.Success.All[i])
	}
	for i := range d.Success.None {
		list = append(list, &d.Success.None[i])
	}
	for _, rule := range d.Errors {
		if rule.When != nil {
			list = append(list, rule.When)
		}
	}
	return list
}
