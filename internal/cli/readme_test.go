package cli_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

var readmes = []string{"README.md", "README.ru.md"}

func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "make", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the commands of the README need %s", tool)
		}
	}
	clone := cloneSource(t)
	for _, document := range readmes {
		t.Run(document, func(t *testing.T) {
			r := newReader(newPlace(t), document, clone)
			direction := part{}
			for _, p := range parts(t, document) {
				switch p.kind {
				case "sh":
					for _, line := range p.commands() {
						r.copyLine(line)
					}
				case "json":
					r.compare(p.text)
				case "text":
					if direction.kind == "shows" {
						r.compareText(direction.text, p.text)
					}
				}
				direction = p
			}
			if r.serving == nil || r.vars["CODE"] == "" {
				t.Fatal("the document starts no server, or shows no code")
			}
			if err := r.serving.end(t, syscall.SIGTERM); err != nil {
				t.Errorf("serve ended with %v", err)
			}
			if err := os.RemoveAll(filepath.Join(clone, "data")); err != nil {
				t.Error(err)
			}
		})
	}
}

// copyLine does what a line of the README says. Of what has no end, or runs
// this test again, it only asks whether it is there.
func (r *reader) copyLine(line string) {
	r.Helper()
	switch {
	case line == "go run ./cmd/otpravka demo":
		r.must(r.command("demo", "--help"))
	case line == "make test":
		r.must(r.shell("make -n test"))
	case strings.HasPrefix(line, "go build "):
		r.must(r.shell("CGO_ENABLED=0 " + line))
	case line == "./otpravka serve":
		r.serving = watch(r, r.shell("exec "+line))
	case strings.HasPrefix(line, "./otpravka business create "), strings.HasPrefix(line, "curl "):
		r.run(line)
	default:
		r.Fatalf("this test does not know how to follow %q", line)
	}
}

// cloneSource copies what a clone would hold, so that nothing of this working
// directory helps a build.
func cloneSource(t testing.TB) string {
	t.Helper()
	ignored, err := os.ReadFile(filepath.Join(source, ".gitignore"))
	if err != nil {
		t.Fatal(err)
	}
	left := append(strings.Fields(string(ignored)), "/.git")
	clone := newPlace(t).dir
	err = filepath.WalkDir(source, func(path string, d fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, source)
		switch {
		case err != nil:
			return err
		case slices.ContainsFunc(left, func(l string) bool { return strings.TrimSuffix(l, "/") == name }):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(clone, name), 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(clone, name), text, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return clone
}

// TestReadmesShowTheSame compares the commands; the answers differ in language.
func TestReadmesShowTheSame(t *testing.T) {
	commands := func(document string) (all []string) {
		for _, p := range parts(t, document) {
			if p.kind == "sh" {
				all = append(all, p.commands()...)
			}
		}
		return all
	}
	english, russian := commands(readmes[0]), commands(readmes[1])
	for i, line := range russian {
		russian[i] = strings.Replace(line, `"locale": "ru"`, `"locale": "en"`, 1)
	}
	if len(english) == 0 || !slices.Equal(english, russian) {
		t.Errorf("the commands differ:\n%q\n%q", english, russian)
	}
}

var linkForm = regexp.MustCompile(`\]\(([^):]+)\)`)

func TestLinksOfDocuments(t *testing.T) {
	documents, err := filepath.Glob(filepath.Join(source, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range append(documents, filepath.Join(source, readmes[0]), filepath.Join(source, readmes[1])) {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range linkForm.FindAllStringSubmatch(string(text), -1) {
			file, _, _ := strings.Cut(m[1], "#")
			if !exists(filepath.Join(filepath.Dir(document), file)) {
				t.Errorf("%s links to %s, which is not there", filepath.Base(document), m[1])
			}
		}
	}
}
