package cli_test

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// source is where the program's source begins, seen from this package.
const source = "../.."

// recipe is what the last stage of the Dockerfile makes of an image.
type recipe struct {
	env                          []string
	copied                       []string // paths that come with the image
	owned                        []string // those of them that the user owns
	volumes, entry, serve, check []string
	user, port                   string
}

var copyForm = regexp.MustCompile(`^--from=build (?:--chown=(\S+) )?\S+ (/\S+)$`)

func readRecipe(t testing.TB) recipe {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(source, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	_, last, found := strings.Cut(string(text), "\nFROM scratch\n")
	if !found {
		t.Fatal("the last stage is not FROM scratch")
	}
	list := func(text string) (words []string) {
		if err := json.Unmarshal([]byte(text), &words); err != nil {
			t.Fatalf("%q is no list: %v", text, err)
		}
		return words
	}
	var r recipe
	for line := range strings.Lines(last) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "COPY":
			m := copyForm.FindStringSubmatch(rest)
			if m == nil {
				t.Fatalf("cannot follow %q", line)
			}
			r.copied = append(r.copied, m[2])
			if m[1] != "" {
				r.owned = append(r.owned, m[1]+" "+m[2])
			}
		case "ENV":
			r.env = append(r.env, rest)
		case "VOLUME":
			r.volumes = list(rest)
		case "USER":
			r.user = rest
		case "EXPOSE":
			r.port = rest
		case "HEALTHCHECK":
			r.check = list(rest[strings.Index(rest, "["):])
		case "ENTRYPOINT":
			r.entry = list(rest)
		case "CMD":
			r.serve = list(rest)
		}
	}
	return r
}

func TestDockerfile(t *testing.T) {
	r := readRecipe(t)
	for name, is := range map[string][2][]string{
		"copied":      {r.copied, {"/etc/ssl/certs/ca-certificates.crt", "/otpravka", "/data", "/config"}},
		"owned":       {r.owned, {"65532:65532 /data", "65532:65532 /config"}},
		"volumes":     {r.volumes, {"/data", "/config"}},
		"user":        {{r.user}, {"65532:65532"}},
		"port":        {{r.port}, {"8080"}},
		"healthcheck": {r.check, {"/otpravka", "healthcheck"}},
		"entry point": {r.entry, {"/otpravka"}},
		"command":     {r.serve, {"serve"}},
		"environment": {r.env, {
			"OTPRAVKA_LISTEN=:8080", "OTPRAVKA_DATABASE_URL=sqlite:///data/otpravka.db", "OTPRAVKA_MASTER_KEY_FILE=/config/master.key",
		}},
	} {
		if !slices.Equal(is[0], is[1]) {
			t.Errorf("%s: %q, want %q", name, is[0], is[1])
		}
	}
}

// TestBuildContextHoldsTheSource keeps .dockerignore, which names what is let
// in, in step with the tree: the build needs every directory with Go files.
func TestBuildContextHoldsTheSource(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(source, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	err = fs.WalkDir(os.DirFS(source), ".", func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".go") {
			room, _, _ := strings.Cut(path, "/")
			if !slices.Contains(lines, "!"+room) {
				t.Errorf("%s is not in the build context", path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []string{"*", "**/*.db", "**/master.key"} {
		if !slices.Contains(lines, never) {
			t.Errorf("%s is let into the build context", never)
		}
	}
}

// watch starts the command of a server and returns once it is ready.
func watch(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	s := begin(t, cmd)
	s.waitFor(t, `"msg":"ready"`)
	return s
}

// begin starts the process and reads its log.
func begin(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	s := &process{Cmd: cmd, log: make(chan string, 1000)}
	pipe, err := s.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.log)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			s.log <- lines.Text()
		}
	}()
	t.Cleanup(func() { _ = s.Process.Kill() })
	return s
}
