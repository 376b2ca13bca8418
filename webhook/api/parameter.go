package api

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"otpravka/otpcore"
	"otpravka/webhook/problem"
)

// parameter is one parameter of an operation in the contract.
type parameter struct {
	Ref    string `yaml:"$ref"`
	Name   string `yaml:"name"`
	In     string `yaml:"in"`
	Schema schema `yaml:"schema"`
}

// schema is the part of JSON Schema that parameters use.
type schema struct {
	Ref       string `yaml:"$ref"`
	Type      any    `yaml:"type"` // a word, in schemas that are no parameters also a list
	Pattern   string `yaml:"pattern"`
	MinLength int    `yaml:"minLength"`
	MaxLength *int   `yaml:"maxLength"`
	Minimum   *int   `yaml:"minimum"`
	Maximum   *int   `yaml:"maximum"`
	Advice    string `yaml:"x-advice"`

	matches func(text string) bool // the pattern
}

// anyID is how the patterns of ids go on behind the prefix.
const anyID = "_[0-7][0-9a-hjkmnp-tv-z]{25}$"

func (s *schema) compile() error {
	form, err := regexp.Compile(s.Pattern)
	if err != nil {
		return err
	}
	s.matches = form.MatchString
	if begin, ok := strings.CutSuffix(s.Pattern, anyID); ok {
		prefix := strings.TrimPrefix(begin, "^")
		// Most paths have an id, and the domain reads one faster than its pattern does.
		s.matches = func(text string) bool {
			_, ok := otpcore.ParseID(prefix, text)
			return ok
		}
	}
	return nil
}

// allows reports whether the text of a parameter keeps the schema.
func (s *schema) allows(text string) bool {
	if s.Type == "integer" {
		n, err := strconv.Atoi(text)
		return err == nil && (s.Minimum == nil || n >= *s.Minimum) && (s.Maximum == nil || n <= *s.Maximum)
	}
	n := utf8.RuneCountInString(text)
	return n >= s.MinLength && (s.MaxLength == nil || n <= *s.MaxLength) && s.matches(text)
}

// checkParameters refuses what the contract does not allow in the query and
// the header. A query parameter that it does not name is refused too: it would
// be ignored, and its sender would never learn.
func (op operation) checkParameters(r *http.Request) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return problem.New("bad_query").Because(err)
	}
	for _, p := range op.parameters {
		var values []string
		switch p.In {
		case "query":
			values = query[p.Name]
			delete(query, p.Name)
		case "header":
			values = r.Header.Values(p.Name)
		}
		if len(values) > 1 {
			return problem.New("bad_parameter").At(p.In+"/"+p.Name, "Send it once.")
		}
		if len(values) == 1 && !p.Schema.allows(values[0]) {
			return problem.New("bad_parameter").At(p.In+"/"+p.Name, cmp.Or(p.Schema.Advice, "Send one value as the contract describes it."))
		}
	}
	if len(query) > 0 {
		return problem.New("bad_query")
	}
	return nil
}

// knownID reports whether the ids of the path have the one spelling that ids
// have. Others name nothing.
func (op operation) knownID(param func(string) string) bool {
	for _, p := range op.parameters {
		if p.In != "path" {
			continue
		}
		// The router hands over what the path has escaped as it stands there.
		text, err := url.PathUnescape(param(p.Name))
		if err != nil || !p.Schema.allows(text) {
			return false
		}
	}
	return true
}
