package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// left are the documents that nobody follows here, and why.
var left = map[string]string{
	"docs/performance.md": "its commands are benchmarks, which take minutes and tell of one machine",
}

// TestDocs follows every document that holds commands, as somebody would who
// copies one after the other, beside a server and a business of its own.
func TestDocs(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("the commands of the documents need %s", tool)
		}
	}
	documents, err := filepath.Glob(filepath.Join(source, "docs", "*.md"))
	if err != nil || len(documents) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	for _, path := range documents {
		document := strings.TrimPrefix(path, source+"/")
		if left[document] != "" {
			continue
		}
		all := parts(t, document)
		if len(fenced(all)) == 0 {
			continue
		}
		t.Run(filepath.Base(document), func(t *testing.T) {
			r := newReader(newPlace(t), document, "")
			r.at = filepath.Join(r.dir, "work")
			r.open()
			r.follow(all)
			if err := r.serving.end(t, syscall.SIGTERM); err != nil {
				t.Errorf("serve ended with %v", err)
			}
		})
	}
}

// open does what the README says: a server runs, and a business has its keys.
func (r *reader) open() {
	r.Helper()
	r.setScene()
	program, err := binary()
	r.ok(err)
	r.ok(os.MkdirAll(r.at, 0o700))
	program, err = filepath.Abs(program)
	r.ok(err)
	r.ok(os.Symlink(program, filepath.Join(r.at, "otpravka")))
	r.serving = watch(r, r.shell("exec ./otpravka serve"))
	r.run("./otpravka business create --name Shop --country KZ --locale en")
}

// follow goes through a document.
func (r *reader) follow(all []part) {
	r.Helper()
	var before part // a direction for the text that follows
	able := true
	for _, p := range all {
		if p.kind == "needs" {
			_, err := exec.LookPath(p.text)
			able = err == nil
		}
		if !able {
			continue
		}
		direction := before
		before = part{}
		switch p.kind {
		case "stage":
			r.act(p.text)
		case "shows", "save", "runs on", "not run":
			before = p
			if p.text == "" && p.kind != "runs on" {
				r.Errorf("%s: <!-- %s --> says nothing", r.document, p.kind)
			}
		case "sh":
			switch direction.kind {
			case "not run":
			case "runs on":
				r.launchApp(p.text)
			default:
				r.run(p.text)
			}
		case "json":
			if direction.kind == "shows" {
				r.compareText(direction.text, p.text)
			} else {
				r.compare(p.text)
			}
		case "text":
			if direction.kind == "shows" {
				r.compareText(direction.text, p.text)
			}
		case "go", "js", "python", "yaml":
			switch direction.kind {
			case "not run":
			case "save":
				write(r, filepath.Join(r.at, direction.text), r.here(p.text))
			default:
				r.Errorf("%s: nothing is done with the text that begins %.40q", r.document, p.text)
			}
		}
	}
}
