package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"otpravka/internal/freeport"
)

// reader is somebody who follows a document from the top, in one directory and
// with one server.
type reader struct {
	place
	document string
	at       string    // where commands run
	port     string    // in place of 8080
	metrics  string    // in place of 127.0.0.1:9464
	apps     [2]string // in place of 3000 and 3001, where documents let a business's app listen
	vars     map[string]string
	serving  *process
	*scene

	script string   // the last command
	said   []byte   // by it
	lines  []string // of the server's log, as far as they were read
	kept   []string // of the environment
}

func newReader(p place, document, at string) *reader {
	r := &reader{place: p, document: document, at: at, vars: make(map[string]string), kept: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(p.dir, "home"), "XDG_CONFIG_HOME=" + filepath.Join(p.dir, "config"),
		"GOCACHE=" + goEnv(p, "GOCACHE"), "GOMODCACHE=" + goEnv(p, "GOMODCACHE"), "GOPROXY=off", "TMPDIR=" + os.TempDir(),
	}}
	_, r.port, _ = net.SplitHostPort(freeport.For(p))
	r.metrics = freeport.For(p)
	for i := range r.apps {
		_, r.apps[i], _ = net.SplitHostPort(freeport.For(p))
	}
	r.kept = append(r.kept, "OTPRAVKA_LISTEN=:"+r.port, "OTPRAVKA_METRICS_LISTEN="+r.metrics)
	return r
}

func goEnv(p place, name string) string {
	p.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		p.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// here puts the test's ports in the place of the document's.
func (r *reader) here(text string) string {
	return strings.NewReplacer("localhost:8080", "localhost:"+r.port, "127.0.0.1:9464", r.metrics, "3000", r.apps[0], "3001", r.apps[1]).Replace(text)
}

func (r *reader) shell(script string) *exec.Cmd {
	cmd := exec.Command("sh", "-e", "-c", r.here(script))
	cmd.Dir = r.at
	cmd.Env = append([]string{}, r.kept...)
	for name, value := range r.vars {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

func (r *reader) must(cmd *exec.Cmd) []byte {
	r.Helper()
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		r.Fatalf("%s: %q: %v\n%s%s", r.document, cmd.Args[len(cmd.Args)-1], err, out, errs.String())
	}
	return out
}

// names are the variables that documents ask their readers to set, by what is
// kept in them.
var names = map[string]*regexp.Regexp{
	"BOT":         regexp.MustCompile(`"id":"(bot_[0-9a-z]{26})"`),
	"ID":          regexp.MustCompile(`"id":"(vrf_[0-9a-z]{26})"`),
	"KEY_ID":      regexp.MustCompile(`"id":"(key_[0-9a-z]{26})"`),
	"WEBHOOK_ID":  regexp.MustCompile(`"id":"(whk_[0-9a-z]{26})"`),
	"SECRET":      regexp.MustCompile(`"secret":"(whsec_[^"]+)"`),
	"BUSINESS_ID": regexp.MustCompile(`business +(biz_[0-9a-z]{26})`),
	"HANDOVER_ID": regexp.MustCompile(`"verification_id":"(vrf_[0-9a-z]{26})"`),
	"COURIER_KEY": regexp.MustCompile(`"key":"(otp_live_\w+)"`),
	"CODE":        regexp.MustCompile(`"test_code":"([0-9]+)"`),
	"LIVE_KEY":    regexp.MustCompile(`live key +(otp_live_\w+)`),
	"TEST_KEY":    regexp.MustCompile(`test key +(otp_test_\w+)`),
}

// run follows commands, and keeps what the reader is told to keep.
func (r *reader) run(script string) {
	r.Helper()
	r.script, r.said = script, r.must(r.shell(script))
	for name, form := range names {
		if m := form.FindSubmatch(r.said); m != nil {
			r.vars[name] = string(m[1])
		}
	}
}

// compare expects that the last answer is what the document shows. What was
// only read is read again until it is: no signal tells that the outcome of a
// message is stored.
func (r *reader) compare(sample string) {
	r.Helper()
	want := shown(r, r.here(sample))
	over := time.After(patience)
	for {
		faults := unlike("", want, r.lastAnswer())
		if len(faults) == 0 {
			return
		}
		if !strings.HasPrefix(r.script, "curl ") || strings.Contains(r.script, " -d ") {
			r.Errorf("%s: %s", r.document, strings.Join(faults, "\n"))
			return
		}
		select {
		case <-time.After(100 * time.Millisecond):
			r.said = r.must(r.shell(r.script))
		case <-over:
			r.Fatalf("%s: %s", r.document, strings.Join(faults, "\n"))
		}
	}
}

// lastAnswer reads the last JSON value that a command printed.
func (r *reader) lastAnswer() (answer any) {
	r.Helper()
	for all := json.NewDecoder(bytes.NewReader(r.said)); ; {
		err := all.Decode(&answer)
		if errors.Is(err, io.EOF) {
			return answer
		}
		if err != nil {
			r.Fatalf("%s: %v in %s", r.document, err, r.said)
		}
	}
}

// compareText expects that people or the operator see what the document shows.
func (r *reader) compareText(what, sample string) {
	r.Helper()
	sample = strings.TrimSpace(sample)
	switch what {
	case "output":
		if got := strings.TrimSpace(string(r.said)); !wildcard(r.here(sample)).MatchString(got) {
			r.Errorf("%s shows\n%s\nand this came:\n%s", r.document, sample, got)
		}
	case "log":
		r.logged(sample)
	case "chat", "sms":
		got := plain.Replace(strings.ReplaceAll(r.read[what], r.vars["CODE"], "123456"))
		if timeOfDay.ReplaceAllString(got, "14:32") != timeOfDay.ReplaceAllString(sample, "14:32") {
			r.Errorf("%s shows in %s\n%s\nand this came:\n%s", r.document, what, sample, got)
		}
	default:
		r.Fatalf("%s: <!-- shows: %s --> says nothing to this test", r.document, what)
	}
}

// plain writes spaces that keep words together as documents do.
var plain = strings.NewReplacer("\u00a0", " ")

var timeOfDay = regexp.MustCompile(`\b[0-2]\d:[0-5]\d\b`)

// logged waits for a line of the log that looks like the one that is shown: a
// JSON object, of which every field has to be alike.
func (r *reader) logged(sample string) {
	r.Helper()
	want := shown(r, sample)
	like := func(line string) bool {
		var got any
		return json.Unmarshal([]byte(line), &got) == nil && len(unlike("", want, got)) == 0
	}
	over := time.After(patience)
	for !slices.ContainsFunc(r.lines, like) {
		select {
		case line, ok := <-r.serving.log:
			if !ok {
				r.Fatalf("the server ended before it logged %s", sample)
			}
			r.lines = append(r.lines, line)
		case <-over:
			r.Fatalf("%s: no line of the log looks like %s\n%s", r.document, sample, strings.Join(r.lines, "\n"))
		}
	}
}

var (
	goRun   = regexp.MustCompile(`go run (\w+)\.go`)
	nodeRun = regexp.MustCompile(`node \w+`)
)

// launchApp starts a program that has no end and says where to open it. It
// takes the shell's place: a program under "go run" would outlive the test.
func (r *reader) launchApp(script string) {
	r.Helper()
	script = goRun.ReplaceAllString(script, "exec sh -c 'go build -o $1 $1.go && exec ./$1'")
	script = nodeRun.ReplaceAllString(script, "exec ${0}")
	app := begin(r, r.shell(script))
	r.Cleanup(func() {
		_ = app.Process.Kill()
		for range app.log {
		}
		_ = app.Wait()
	})
	app.waitFor(r, "serving http://localhost:")
}
