package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"otpravka/internal/cli"
	"otpravka/internal/freeport"
)

var (
	exampleForm  = regexp.MustCompile(`(?m)^    (\S.*?)(?:\s+#.*)?$`)
	dateForm     = regexp.MustCompile(`\$\(date [^)]*\)`)
	programForm  = regexp.MustCompile(`otpravka ([^|)>]+)`)
	neverPlaying = regexp.MustCompile(`^export |completion (zsh|fish)|^otpravka (listen|bench|copy|key|orders|demo --script)`)
)

// examplesOf lists the commands that the help shows.
func examplesOf(t testing.TB, command string) (lines []string) {
	t.Helper()
	_, text, _ := strings.Cut(helpOf(t, command), "\nExamples:\n")
	text, _, _ = strings.Cut(text, "\nExit status: ")
	for _, m := range exampleForm.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(lines, m[1]) {
			lines = append(lines, m[1])
		}
	}
	return lines
}

// Every example is a command line that the program understands.
func TestExamplesParse(t *testing.T) {
	t.Setenv("COLUMNS", "")
	for _, command := range everyCommand(t) {
		found := 0
		for _, line := range examplesOf(t, command) {
			m := programForm.FindStringSubmatch(dateForm.ReplaceAllString(line, "today"))
			if m == nil {
				continue // prepares the next line
			}
			found++
			if err := cli.Parse(strings.Fields(m[1])); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
		if found == 0 {
			t.Errorf("the help of %q has no example", command)
		}
	}
}

// stage is where examples are typed: a directory with the program on its PATH.
type stage struct {
	place
	addr string
}

// shell types a line. The program takes the place of the shell, so that
// signals reach it, and what it prints goes with its log.
func (s stage) shell(line string) *exec.Cmd {
	s.Helper()
	path, err := binary()
	if err != nil {
		s.Fatal(err)
	}
	_, port, _ := strings.Cut(s.addr, ":")
	line = regexp.MustCompile(`:80[0-9]{2}\b`).ReplaceAllString(line, ":"+port)
	if !strings.HasPrefix(line, "source ") {
		line = "exec env " + line
	}
	cmd := exec.Command("bash", "-c", line+" 1>&2")
	cmd.Dir = filepath.Join(s.dir, "work")
	cmd.Env = []string{
		"PATH=" + filepath.Dir(path) + ":" + os.Getenv("PATH"), "HOME=" + s.dir, "TMPDIR=" + os.TempDir(),
		"XDG_CONFIG_HOME=" + filepath.Join(s.dir, "config"), "OTPRAVKA_LISTEN=" + s.addr, "OTPRAVKA_METRICS_LISTEN=off",
	}
	return cmd
}

// play types a line and waits for its end.
func (s stage) play(line string) {
	s.Helper()
	if out, err := s.shell(line).CombinedOutput(); err != nil {
		s.Errorf("%s: %v\n%s", line, err, out)
	}
}

// appear types a line that ends with a signal only.
func (s stage) appear(line, word string) *process {
	s.Helper()
	running := begin(s, s.shell(line))
	running.waitFor(s, word)
	return running
}

func (s stage) leave(p *process) {
	s.Helper()
	if err := p.end(s, syscall.SIGTERM); err != nil {
		s.Errorf("%q: %v", p.Args, err)
	}
}

// Examples do what they say, as they stand, but for the port. The ones that
// are not played are played by tests of their own, or need another shell.
func TestExamplesWork(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("examples are typed into bash")
	}
	t.Parallel()
	s := stage{newPlace(t), freeport.For(t)}
	write(t, filepath.Join(s.dir, "work", "otpravka.yaml"), reportingProvider)
	var beside, alone []string
	for _, command := range everyCommand(t) {
		for _, line := range examplesOf(t, command) {
			switch {
			case neverPlaying.MatchString(line):
			case strings.Contains(line, "otpravka serve"):
				s.leave(s.appear(line, "ready"))
			case strings.Contains(line, "otpravka demo"):
				s.leave(s.appear(line, "Open http"))
			case strings.Contains(line, "restore-epoch"):
				alone = append(alone, line)
			default:
				beside = append(beside, line)
			}
		}
	}
	server := s.appear("otpravka serve", "ready")
	for _, line := range beside {
		s.play(line)
	}
	s.leave(server)
	for _, line := range alone {
		s.play(line)
	}
	copies, err := filepath.Glob(filepath.Join(s.dir, "work", "otpravka-*.db"))
	if err != nil || len(copies) != 2 || len(beside) < 10 || len(alone) != 1 {
		t.Errorf("%d lines beside the server, %d without, %d backups (%v)", len(beside), len(alone), len(copies), err)
	}
}
