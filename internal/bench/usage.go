package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// usage is what a process has used of the machine.
type usage struct {
	cpu time.Duration // of all its threads, since it began
	rss int64         // bytes of memory now
}

// kernelTick is the unit of CPU times in /proc on every Linux (proc(5)).
const kernelTick = time.Second / 100

// usageOf reads /proc, which only Linux has: elsewhere the error says so, and
// the report shows a dash.
func usageOf(pid int) (u usage, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, err
	}
	// The name in parentheses may hold anything, so counting begins behind it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const utime, stime, rss = 11, 12, 21
	for i, field := range map[int]func(int64){
		utime: func(n int64) { u.cpu += time.Duration(n) * kernelTick },
		stime: func(n int64) { u.cpu += time.Duration(n) * kernelTick },
		rss:   func(n int64) { u.rss = n * int64(os.Getpagesize()) },
	} {
		if i >= len(fields) {
			return u, fmt.Errorf("/proc/%d/stat is too short", pid)
		}
		n, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return u, err
		}
		field(n)
	}
	return u, nil
}
