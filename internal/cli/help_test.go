package cli_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"otpravka/internal/cli"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with the file, or writes it.
func golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		write(t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run go test ./internal/cli -update and look at the change\ngot:\n%s", path, got)
	}
}

func helpOf(t testing.TB, command string) string {
	t.Helper()
	r := run(t, append(strings.Fields(command), "--help")...)
	if r.status != 0 || r.err != "" {
		t.Fatalf("%s --help ends with %d: %s", command, r.status, r.err)
	}
	return r.out
}

var commandLine = regexp.MustCompile(`(?m)^  ([a-z]+(?:-[a-z]+)*(?: [a-z]+)?)    +\S`)

// everyCommand lists what --help of the program shows, and the program itself.
func everyCommand(t testing.TB) []string {
	t.Helper()
	all := []string{""}
	for _, m := range commandLine.FindAllStringSubmatch(helpOf(t, ""), -1) {
		all = append(all, m[1])
	}
	if len(all) < 12 {
		t.Fatalf("only %d commands are listed: %q", len(all), all)
	}
	return all
}

func TestHelp(t *testing.T) {
	t.Setenv("COLUMNS", "")
	for _, command := range append(everyCommand(t), "business", "key", "orders") {
		t.Run("otpravka "+command, func(t *testing.T) {
			text := helpOf(t, command)
			for _, word := range []string{"\nExamples:\n\n    ", "\nExit status: 0", "Usage: otpravka"} {
				if !strings.Contains(text, word) {
					t.Errorf("the help does not hold %q", word)
				}
			}
			for line := range strings.SplitSeq(text, "\n") {
				if n := utf8.RuneCountInString(line); n > 80 {
					t.Errorf("this line has %d columns: %s", n, line)
				}
			}
			name := strings.ReplaceAll(strings.TrimSpace("otpravka "+command), " ", "-")
			golden(t, filepath.Join("help", name+".golden"), text)
		})
	}
}

func TestHelpFitsNarrowTerminals(t *testing.T) {
	t.Setenv("COLUMNS", "60")
	for line := range strings.SplitSeq(helpOf(t, "backup"), "\n") {
		// Examples stay in one line, and so does a single long word.
		if utf8.RuneCountInString(line) > 60 && !strings.HasPrefix(line, "    otpravka") && len(strings.Fields(line)) > 1 {
			t.Errorf("this line is too long for 60 columns: %s", line)
		}
	}
}

// The help names every column that the import reads.
func TestHelpNamesColumns(t *testing.T) {
	words := strings.FieldsFunc(helpOf(t, "orders import"), func(r rune) bool { return strings.ContainsRune(" \n,;", r) })
	for _, column := range cli.OrderColumns {
		if !slices.Contains(words, column) {
			t.Errorf("the help does not name the column %s", column)
		}
	}
}

// Every setting of the server names its variable.
func TestHelpNamesVariables(t *testing.T) {
	for _, m := range regexp.MustCompile(`(?m)^ +--([a-z-]+)=`).FindAllStringSubmatch(helpOf(t, "serve"), -1) {
		variable := "($OTPRAVKA_" + strings.ToUpper(strings.ReplaceAll(m[1], "-", "_")) + ")"
		if text := helpOf(t, "serve"); !strings.Contains(strings.Join(strings.Fields(text), " "), variable) {
			t.Errorf("--%s does not name %s", m[1], variable)
		}
	}
}
