package cli_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

// more stands in a document for what it leaves out: fields at the end of an
// object, items at the end of a list, a value, any part of a text.
const more = "…"

var (
	moreForm  = regexp.MustCompile(`([{\[]|,)\s*` + more + `\s*([}\]])`)
	valueForm = regexp.MustCompile(`:\s*` + more)
)

// shown reads the JSON that a document shows.
func shown(t testing.TB, text string) (v any) {
	t.Helper()
	whole := moreForm.ReplaceAllStringFunc(text, func(s string) string {
		m := moreForm.FindStringSubmatch(s)
		if m[2] == "}" {
			return m[1] + `"` + more + `": true` + m[2]
		}
		return m[1] + `"` + more + `"` + m[2]
	})
	whole = valueForm.ReplaceAllString(whole, `: "`+more+`"`)
	if err := json.Unmarshal([]byte(whole), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// unlike returns where the answer is not what the document shows, one sentence
// for each place. What is another one each time has to look alike: ids, times,
// codes and seconds that run down. Everything else has to be equal, and nothing
// may be left out without the sign for it.
func unlike(at string, want, got any) (all []string) {
	switch want := want.(type) {
	case map[string]any:
		fields, ok := got.(map[string]any)
		if !ok {
			break
		}
		for name, w := range want {
			if g, there := fields[name]; name != more && !there {
				all = append(all, fmt.Sprintf("%s/%s is shown and not there", at, name))
			} else if name != more {
				all = append(all, unlike(at+"/"+name, w, g)...)
			}
		}
		for name := range fields {
			if _, there := want[name]; !there && want[more] == nil {
				all = append(all, fmt.Sprintf("%s/%s is there and not shown", at, name))
			}
		}
		return all
	case []any:
		items, ok := got.([]any)
		if n := len(want); n > 0 && want[n-1] == more {
			want = want[:n-1]
			items = items[:min(len(items), len(want))]
		}
		if !ok || len(items) != len(want) {
			break
		}
		for i := range want {
			all = append(all, unlike(fmt.Sprintf("%s/%d", at, i), want[i], items[i])...)
		}
		return all
	case string:
		if want == more {
			return nil
		}
		if text, ok := got.(string); ok && alike(at, want, text) {
			return nil
		}
	case float64:
		// A countdown may have gone on for a few seconds.
		if n, ok := got.(float64); ok && strings.HasSuffix(at, "_in") && n <= want && n > want-10 {
			return nil
		}
	}
	if reflect.DeepEqual(want, got) {
		return nil
	}
	return []string{fmt.Sprintf("%s is %v, the document shows %v", at, got, want)}
}

var (
	idForm   = regexp.MustCompile(`^([a-z]{3}_)[0-7][0-9a-z]{25}$`)
	codeForm = regexp.MustCompile(`^[0-9]{6}$`)
)

func alike(at, want, got string) bool {
	if m := idForm.FindStringSubmatch(want); m != nil {
		return idForm.MatchString(got) && strings.HasPrefix(got, m[1])
	}
	if _, err := time.Parse(time.RFC3339, want); err == nil {
		_, err = time.Parse(time.RFC3339, got)
		return err == nil
	}
	if strings.HasSuffix(at, "/test_code") {
		return codeForm.MatchString(want) && codeForm.MatchString(got)
	}
	return wildcard(want).MatchString(got)
}

// wildcard is the form of texts that look like the one that is shown.
func wildcard(text string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(text), more, ".+?") + `$`)
}

func TestUnlike(t *testing.T) {
	answer := shown(t, `{"id": "vrf_01m82h4ys0e9ttfr2je4g9wd8z", "at": "2026-11-22T10:00:00Z", "expires_in": 178, "test_code": "123456",
		"links": {"telegram": "https://t.me/shop_bot?start=abc"}, "route": ["telegram", "sms"]}`)
	for sample, faults := range map[string]int{
		`{"id": "vrf_01kpx3q8e5f1ttgq0g7m9y2c4d", "test_code": "337368", "expires_in": 180, …}`: 0,
		`{"at": "2020-01-01T00:00:00Z", "links": {…}, "route": ["telegram", …], …}`:             0,
		`{"links": {"telegram": "https://t.me/shop_bot?start=…"}, …}`:                           0,
		`{"links": {"telegram": "https://t.me/other_bot?start=…"}, …}`:                          1,
		`{"links": …, "expires_in": …, …}`:                                                      0,
		`{"links": {}, …}`:                                                                      1,
		`{"route": ["telegram"], …}`:                                                            1,
		`{"route": ["sms", …], …}`:                                                              1,
		`{"id": "dlv_01kpx3q8e5f1ttgq0g7m9y2c4d", …}`:                                           1,
		`{"expires_in": 60, …}`:                                                                 1,
		`{"at": "today", …}`:                                                                    1,
		`{"hint": "Look for the code.", …}`:                                                     1,
		`{"route": ["telegram", "sms"]}`:                                                        5,
		`["telegram"]`:                                                                          1,
	} {
		if got := unlike("", shown(t, sample), answer); len(got) != faults {
			t.Errorf("%s: %q, want %d", sample, got, faults)
		}
	}
}
