package api

import (
	"regexp"
	"strings"
	"testing"
)

// Ids are read by the domain in place of their patterns.
func TestIDsKeepTheirPatterns(t *testing.T) {
	operations, _, err := readContract(Contract)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]schema{}
	for _, op := range operations {
		for _, p := range op.parameters {
			if prefix, ok := strings.CutSuffix(p.Schema.Pattern, anyID); ok {
				ids[strings.TrimPrefix(prefix, "^")] = p.Schema
			}
		}
	}
	if len(ids) < 5 {
		t.Errorf("%d kinds of ids, want those of most nouns", len(ids))
	}
	for prefix, s := range ids {
		pattern, id := regexp.MustCompile(s.Pattern), prefix+"_01kpx3q8e5f1ttgq0g7m9y2c4d"
		if !s.matches(id) {
			t.Errorf("%s is no id", id)
		}
		same := func(text string) {
			if got, want := s.matches(text), pattern.MatchString(text); got != want {
				t.Errorf("%q matches %s: %v, want %v", text, s.Pattern, got, want)
			}
		}
		for i := range id {
			same(id[:i])
			same(id[:i] + id[i+1:])
			for b := range 256 {
				same(id[:i] + string([]byte{byte(b)}) + id[i+1:])
				same(id[:i] + string([]byte{byte(b)}) + id[i:])
			}
		}
	}
}
