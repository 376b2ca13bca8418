package crash

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"otpravka/internal/failpoint"
)

// reach is how often a point is hit at least by a process that lives through
// the whole scenario of the matrix. The others are hit fifty times.
var reach = map[failpoint.Point]int{
	failpoint.BeforeVoid:      1,
	failpoint.BeforeDrain:     1,
	failpoint.BeforeClose:     1,
	failpoint.StopPart:        7,
	failpoint.DueRead:         7,
	failpoint.BusinessCreated: businesses,
	failpoint.Resent:          7,
	failpoint.Canceled:        7,
	failpoint.TGEdited:        7,
}

// hitsOf are the hits of a point to die at.
func hitsOf(point failpoint.Point) []int {
	most, rare := reach[point]
	if !*full {
		return []int{1}
	}
	hits := []int{1}
	for _, n := range []int{7, 50} {
		if !rare || n <= most {
			hits = append(hits, n)
		}
	}
	return hits
}

// atStop are the points of an orderly stop: there the stop comes in the middle
// of the traffic, and everywhere else at its end.
var atStop = map[failpoint.Point]bool{failpoint.StopPart: true, failpoint.BeforeDrain: true, failpoint.BeforeClose: true}

// TestDyingAtEachPoint kills the server at a point and holds it to I1 to I8.
func TestDyingAtEachPoint(t *testing.T) {
	t.Parallel()
	engines := []engine{sqlite}
	if *full {
		engines = append(engines, postgres)
	}
	for _, on := range engines {
		for _, point := range failpoint.Points() {
			for _, hit := range hitsOf(point) {
				t.Run(fmt.Sprintf("%s/%s/%d", on.name, point, hit), func(t *testing.T) {
					t.Parallel()
					dieAt(t, on, point, hit)
				})
			}
		}
	}
}

func dieAt(t *testing.T, on engine, point failpoint.Point, hit int) {
	w := newWorld(t, on, fmt.Sprintf("%s:%d", point, hit))
	var trouble trouble
	if atStop[point] {
		trouble = deployAmidst
	}
	people := w.live(trouble)
	w.hold(people)
	w.stop()
	if n := w.died(); n != 1 {
		t.Errorf("the server died %d times: %s was not hit %d times", n, point, hit)
	}
	w.sound(people)
}

// deployAmidst stops the server in order while messages are on their way.
func deployAmidst(w *world) {
	w.must(w.sms.WaitCalls(w.ctx(), cycles()/8))
	w.deploy()
}

// TestEachPointIsReached lets the server live: whatever is not hit as often as
// its kill needs would be a test of nothing.
func TestEachPointIsReached(t *testing.T) {
	t.Parallel()
	engines := []engine{sqlite}
	if *full {
		engines = append(engines, postgres)
	}
	for _, on := range engines {
		t.Run(on.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, on, "")
			people := w.live(nil)
			w.hold(people)
			w.stop()
			if n := w.died(); n != 0 {
				t.Errorf("the server died %d times", n)
			}
			w.sound(people)
			hits := w.hits()
			for _, point := range failpoint.Points() {
				want := slices.Max(hitsOf(point))
				if hits[point] < want {
					t.Errorf("%s was hit %d times, want %d", point, hits[point], want)
				}
			}
		})
	}
}

// hits counts the hits of all processes.
func (w *world) hits() map[failpoint.Point]int {
	w.Helper()
	file, err := os.Open(w.hitsFile())
	w.must(err)
	defer func() { _ = file.Close() }()
	hits := map[failpoint.Point]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		hits[failpoint.Point(lines.Text())]++
	}
	return hits
}

// TestRandomKills kills the server at moments that nobody chose.
func TestRandomKills(t *testing.T) {
	t.Parallel()
	rounds := 1
	if *full {
		rounds = 5
	}
	for _, on := range []engine{sqlite, postgres} {
		for round := range rounds {
			t.Run(fmt.Sprintf("%s/%d", on.name, round), func(t *testing.T) {
				t.Parallel()
				from := *seed
				if from == 0 {
					from = rand.Uint64()
				}
				t.Logf("-seed %d", from)
				random := rand.New(rand.NewPCG(from, uint64(round)))
				const kills = 4
				w := newWorld(t, on, "")
				people := w.live(func(w *world) {
					for range kills {
						time.Sleep(time.Duration(50+random.IntN(950)) * time.Millisecond)
						w.must(w.ready(w.ctx(), w.http)) // a service that cannot start is another test
						w.signal(syscall.SIGKILL)
					}
				})
				w.hold(people)
				w.stop()
				if n := w.died(); n != kills {
					t.Errorf("the server died %d times, want %d", n, kills)
				}
				w.sound(people)
			})
		}
	}
}
