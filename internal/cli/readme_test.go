package cli_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

var readmes = []string{"README.md", "README.ru.md"}

// block is fenced text of a document.
type block struct{ kind, text string }

var blockForm = regexp.MustCompile("(?ms)^```(sh|json)\n(.*?)^```$")

func blocks(t testing.TB, document string) (all []block) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(source, document))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range blockForm.FindAllStringSubmatch(string(text), -1) {
		all = append(all, block{m[1], m[2]})
	}
	return all
}

var comment = regexp.MustCompile(`(?m)\s+# .*$`)

// commands are the commands of a block, without their comments.
func (b block) commands() []string {
	text := comment.ReplaceAllString(strings.ReplaceAll(b.text, "\\\n", " "), "")
	return strings.Split(strings.TrimSpace(text), "\n")
}

// sample is the answer that a document shows. It ends with "…", because real
// answers hold more.
func (b block) sample(t testing.TB) (fields map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(strings.Replace(b.text, ", …}", "}", 1)), &fields); err != nil {
		t.Fatalf("%v in %s", err, b.text)
	}
	return fields
}

// reader is somebody who follows a document in a fresh copy of the source.
type reader struct {
	place
	clone, port string
	serving     *process
	key, id     string
	// shown is the code that the document shows, got the one that was answered.
	shown, got string
	answer     []byte // of the last curl
}

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
			_, port, _ := strings.Cut(freeAddress(t), ":")
			r := &reader{place: newPlace(t), clone: clone, port: port}
			all := blocks(t, document)
			r.shown, _ = all[slices.IndexFunc(all, func(b block) bool { return b.kind == "json" })].sample(t)["test_code"].(string)
			for _, b := range all {
				if b.kind == "json" {
					r.compare(b.sample(t))
					continue
				}
				for _, line := range b.commands() {
					r.follow(line)
				}
			}
			if r.serving == nil || r.got == "" {
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

// follow does what the document says. Of what has no end, or runs this test
// again, it only asks whether it is there.
func (r *reader) follow(line string) {
	r.Helper()
	switch {
	case line == "go run ./cmd/otpravka demo":
		r.must(r.command("demo", "--help"))
	case line == "make test":
		r.must(r.shell("make -n test"))
	case strings.HasPrefix(line, "go build "):
		build := r.shell(line)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		r.must(build)
	case line == "./otpravka serve":
		r.serving = watch(r, r.shell("exec "+line))
	case strings.HasPrefix(line, "./otpravka business create "):
		r.key = testKeyForm.FindString(string(r.must(r.shell(line))))
	case strings.HasPrefix(line, "curl "):
		line = strings.ReplaceAll(line, "localhost:8080", "localhost:"+r.port)
		if r.got != "" {
			line = strings.ReplaceAll(line, r.shown, r.got)
		}
		r.answer = r.must(r.shell(line))
	default:
		r.Fatalf("this test does not know how to follow %q", line)
	}
}

func (r *reader) shell(line string) *exec.Cmd {
	cmd := exec.Command("sh", "-c", line)
	cmd.Dir = r.clone
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + r.dir, "XDG_CONFIG_HOME=" + filepath.Join(r.dir, "config"),
		"OTPRAVKA_LISTEN=:" + r.port, "TEST_KEY=" + r.key, "ID=" + r.id,
	}
	return cmd
}

func (r *reader) must(cmd *exec.Cmd) []byte {
	r.Helper()
	out, err := cmd.Output()
	if err != nil {
		r.Fatalf("%q: %v\n%s", cmd.Args, err, out)
	}
	return out
}

// compare expects every field of the sample in the last answer, with the same
// value where that is not another one each time.
func (r *reader) compare(sample map[string]any) {
	r.Helper()
	var answer map[string]any
	if err := json.Unmarshal(r.answer, &answer); err != nil {
		r.Fatalf("%v in %s", err, r.answer)
	}
	own := map[string]*string{"id": &r.id, "test_code": &r.got}
	for name, want := range sample {
		switch kept := own[name]; {
		case kept == nil && !reflect.DeepEqual(answer[name], want):
			r.Errorf("%s is %v, the document shows %v", name, answer[name], want)
		case kept != nil:
			*kept, _ = answer[name].(string)
			if len(*kept) != len(want.(string)) {
				r.Errorf("%s is %v, the document shows %v", name, answer[name], want)
			}
		}
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

func TestReadmesShowTheSame(t *testing.T) {
	english, russian := blocks(t, readmes[0]), blocks(t, readmes[1])
	if len(english) != len(russian) {
		t.Fatalf("%d and %d blocks", len(english), len(russian))
	}
	for i := range english {
		if !slices.Equal(english[i].commands(), russian[i].commands()) {
			t.Errorf("block %d differs:\n%s\n%s", i, english[i].text, russian[i].text)
		}
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
