package cli_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func completionOf(t testing.TB, shell string) string {
	t.Helper()
	r := run(t, "completion", shell)
	if r.status != 0 || r.err != "" {
		t.Fatalf("completion %s ends with %d: %s", shell, r.status, r.err)
	}
	return r.out
}

// press types the words into bash and presses the tab key behind the last one.
// Bash cuts words at "=" as well.
func press(t testing.TB, script string, words ...string) []string {
	t.Helper()
	call := script + `
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_otpravka
printf '%s\n' "${COMPREPLY[@]}"`
	out, err := exec.Command("bash", append([]string{"-u", "-c", call, "bash"}, words...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", words, err, out)
	}
	return strings.Fields(string(out))
}

func TestBashCompletes(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("the script is for bash")
	}
	script := completionOf(t, "bash")
	for _, tt := range []struct{ typed, want string }{
		{"otpravka s", "serve shared"},
		{"otpravka b", "business backup bench"},
		{"otpravka --h", "--help"},
		{"otpravka bench-", ""}, // hidden
		{"otpravka business ", "create list --help"},
		{"otpravka business c", "create"},
		{"otpravka business create --c", "--config --country --currency"},
		{"otpravka business create --name serve --cu", "--currency"},
		{"otpravka serve --metrics", "--metrics-listen"},
		{"otpravka serve --master-key", "--master-key-file"}, // the key itself is hidden
		{"otpravka serve --log-format ", "json text"},
		{"otpravka serve --log-format t", "text"},
		{"otpravka serve --log-format = t", "text"},
		{"otpravka serve --log-format =", "json text"},
		{"otpravka serve --config x", ""}, // bash offers files then
		{"otpravka completion z", "zsh"},
		{"otpravka backup x", ""},
		{"otpravka listen --j", "--json"},
		{"otpravka key create --mode ", "live test"},
	} {
		got, want := press(t, script, strings.Split(tt.typed, " ")...), strings.Fields(tt.want)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%q is completed with %q, want %q", tt.typed, got, want)
		}
	}
}

// Sourcing is all that the script needs: bash then knows whom to ask.
func TestBashKnowsTheScript(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("the script is for bash")
	}
	out, err := exec.Command("bash", "-eu", "-c", completionOf(t, "bash")+"\ncomplete -p otpravka").CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != "complete -o default -F _otpravka otpravka" {
		t.Errorf("bash knows %q (%v)", got, err)
	}
}

func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		golden(t, "completion/otpravka."+shell, completionOf(t, shell))
	}
	if r := run(t, "completion", "tcsh"); r.status != 2 || !strings.Contains(r.err, "bash") {
		t.Errorf("another shell: %+v", r)
	}
}
