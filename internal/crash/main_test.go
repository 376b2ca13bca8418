package crash

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var (
	full = flag.Bool("full", false, "every point at its 1st, 7th and 50th hit, on both databases")
	seed = flag.Uint64("seed", 0, "of the random kills; 0: a new one, which is printed")
)

// patience bounds every wait for what must happen.
const patience = 60 * time.Second

// pause is how long to wait before asking again for what nothing announces.
const pause = 20 * time.Millisecond

// built is the directory of the binary, empty until a test needs it.
var built string

// atOnce is how many servers run side by side: their tests mostly wait for
// codes to run out.
const atOnce = "6"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(afterwards{m})
}

// afterwards removes the binary behind the tests.
type afterwards struct{ *testing.M }

func (a afterwards) Run() int {
	defer func() {
		if built != "" {
			_ = os.RemoveAll(built)
		}
	}()
	return a.M.Run()
}

// binary builds the program with its failpoints, once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "otpcrash")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "otpravka")
	build := exec.Command("go", "build", "-tags", "failpoints", "-o", path, "otpravka/cmd/otpravka")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is released
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})
