//go:build failpoints

package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The variables that tell a process of this build what to do.
const (
	killVar = "OTPRAVKA_FAILPOINT"      // name:n, the hit at which to die
	hitsVar = "OTPRAVKA_FAILPOINT_HITS" // a file that gets the name of every hit
)

// Variables are those that this build reads.
var Variables = []string{killVar, hitsVar}

// plan is what this process was told.
type plan struct {
	point Point
	hit   int

	mu    sync.Mutex
	count int
	hits  *os.File
}

var told = sync.OnceValue(func() *plan {
	p := new(plan)
	if kill := os.Getenv(killVar); kill != "" {
		name, n, _ := strings.Cut(kill, ":")
		hit, err := strconv.Atoi(n)
		if err != nil {
			panic(fmt.Sprintf("%s=%s is no name:n", killVar, kill))
		}
		p.point, p.hit = Point(name), hit
	}
	if path := os.Getenv(hitsVar); path != "" {
		var err error
		if p.hits, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
			panic(err)
		}
	}
	return p
})

// grace is how long everything but the point goes on before the end: whatever
// was told too early gets out, and does harm that the tests see.
const grace = 50 * time.Millisecond

// Hit kills the process the way nothing can catch, if it was told to die at this
// hit of the point.
func Hit(at Point) {
	if !told().due(at) {
		return
	}
	time.Sleep(grace)
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {} // not one instruction more
}

// due counts the hit and reports whether it is the one to die at.
func (p *plan) due(at Point) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hits != nil {
		_, _ = p.hits.WriteString(string(at) + "\n") // what was written before the end is there after it
	}
	if at != p.point {
		return false
	}
	p.count++
	return p.count == p.hit
}
