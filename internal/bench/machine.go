package bench

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Machine is what the figures were measured on.
type Machine struct {
	Cores int     `json:"cores"`
	CPU   string  `json:"cpu,omitempty"`
	OS    string  `json:"os"`
	Go    string  `json:"go"`
	Fsync Latency `json:"fsync_ms"` // of 4 KiB, on the disk of the database
	// EchoMicros is the CPU of a bare HTTP request and answer, client and server
	// together, in microseconds: what no server on this machine can go below.
	// Zero where the system does not tell.
	EchoMicros float64 `json:"echo_cpu_us,omitempty"`
}

// probe looks at the machine. Dir is where the database will lie.
func probe(ctx context.Context, dir string) (m Machine, err error) {
	m = Machine{Cores: runtime.NumCPU(), CPU: cpuName(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	if m.Fsync, err = probeFsync(dir); err != nil {
		return m, err
	}
	m.EchoMicros, err = probeEcho(ctx)
	return m, err
}

// cpuName is empty where there is no /proc.
func cpuName() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range bytes.Lines(info) {
		if name, value, _ := bytes.Cut(line, []byte(":")); string(bytes.TrimSpace(name)) == "model name" {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

const fsyncs = 100

// probeFsync appends pages to a file the way a write-ahead log grows, and waits
// for the disk after each.
func probeFsync(dir string) (l Latency, err error) {
	f, err := os.CreateTemp(dir, "fsync-*")
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	page := make([]byte, 4096)
	took := make([]time.Duration, fsyncs)
	for i := range took {
		began := time.Now()
		if _, err := f.Write(page); err != nil {
			return l, err
		}
		if err := f.Sync(); err != nil {
			return l, err
		}
		took[i] = time.Since(began)
	}
	return latencyOf(took), nil
}

const (
	echoTime        = 500 * time.Millisecond
	echoConnections = 16
)

// probeEcho lets the bench's own clients ask a server that does nothing.
func probeEcho(ctx context.Context) (micros float64, err error) {
	stop, address, err := echoServer()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	t, err := newTarget(address, "none")
	if err != nil {
		return 0, err
	}
	s := &site{target: t}
	c, err := s.hire(ctx, echoConnections, "")
	defer func() { err = errors.Join(err, c.dismiss()) }()
	if err != nil {
		return 0, err
	}
	before, missing := usageOf(os.Getpid())
	if missing != nil {
		return 0, nil
	}
	if _, err := c.work(ctx, (*customer).ask, echoTime); err != nil {
		return 0, err
	}
	after, _ := usageOf(os.Getpid())
	return round(float64((after.cpu - before.cpu).Microseconds()) / float64(s.phones.Load())), nil
}

// echoAnswer is as long as the answer to a start.
var echoAnswer = `{"id":"` + blankID + `","hint":"` + strings.Repeat("x", 400) + `"}`

// echoServer is the standard library's server with nothing behind it.
func echoServer() (stop func() error, address string, err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, echoAnswer)
	})}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	return func() error {
		err := srv.Close()
		<-served
		return err
	}, "http://" + ln.Addr().String(), nil
}

// diskOf is the directory of the database, or another one where there is none.
func (o Options) diskOf() string {
	if file := o.databaseFile(); file != "" {
		return filepath.Dir(file)
	}
	return os.TempDir()
}
