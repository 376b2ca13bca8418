package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"otpravka/otpcore"
	"otpravka/templates"
)

// table is the rows of the table with this head, each as its cells.
func table(t testing.TB, document, head string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(source, document))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n"+head+"\n|")
	if !found {
		t.Fatalf("%s has no table with the head %s", document, head)
	}
	for i, line := range strings.Split(rest, "\n") {
		if i == 0 {
			continue // the rule under the head
		}
		if !strings.HasPrefix(line, "|") {
			break
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows = append(rows, cells)
	}
	return rows
}

var word = regexp.MustCompile("`([a-z_]+)`")

func words(cell string) (all []string) {
	for _, m := range word.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	return all
}

func TestDocsShowTheHints(t *testing.T) {
	texts, err := templates.New()
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]bool)
	for _, row := range table(t, "docs/login.md", "| route | English | Russian |") {
		var route []otpcore.Channel
		for _, ch := range words(row[0]) {
			route = append(route, otpcore.Channel(ch))
		}
		told[strings.Join(words(row[0]), " ")] = true
		for i, locale := range []string{"en", "ru"} {
			if hint := texts.Hint(locale, route); hint != row[i+1] {
				t.Errorf("%v in %s is %q, the document shows %q", route, locale, hint, row[i+1])
			}
		}
	}
	for _, route := range []string{"telegram", "sms", "telegram sms", "sms telegram"} {
		if !told[route] {
			t.Errorf("the hint for %s is not shown", route)
		}
	}
}

func TestDocsTellEveryReason(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(source, "webhook/api/openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var contract struct {
		Components struct {
			Schemas struct {
				CheckResult struct {
					Properties struct{ Reason struct{ Enum []string } }
				} `yaml:"CheckResult"`
			}
		}
	}
	if err := yaml.Load(text, &contract); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, row := range table(t, "docs/login.md", "| reason | what the screen says | по-русски | and then |") {
		told = append(told, words(row[0])...)
	}
	reasons := slices.Sorted(slices.Values(contract.Components.Schemas.CheckResult.Properties.Reason.Enum))
	if slices.Sort(told); len(reasons) == 0 || !slices.Equal(told, reasons) {
		t.Errorf("the contract has %q, the document %q", reasons, told)
	}
}

var trialForm = regexp.MustCompile(`(?m)^\tTrial\w+\s+= "(\+\d+)" // (.*)$`)

func TestDocsTellEveryTrialNumber(t *testing.T) {
	code, err := os.ReadFile(filepath.Join(source, "otpcore/trial.go"))
	if err != nil {
		t.Fatal(err)
	}
	var want [][]string
	for _, m := range trialForm.FindAllStringSubmatch(string(code), -1) {
		want = append(want, m[1:])
	}
	if got := table(t, "docs/testing.md", "| number | what it plays |"); len(want) < 8 || !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("the document has\n%q\nthe code\n%q", got, want)
	}
}
