package pgtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

var errNotInstalled = errors.New("no PostgreSQL here: install the package postgresql, or set " + EnvVar + " to the URL of a server")

// Role owns the test database. It is no superuser: Otpravka needs none.
const Role = "otpravka"

// guard makes the cluster, starts it, and stops and removes it when its
// standard input ends. The test process holds the other end, so the cluster is
// gone with it, however it ends: after a panic, a time-out or SIGKILL.
const guard = `
cd "$1"
"$2/initdb" -D data -A trust -U postgres -E UTF8 --locale=C --no-sync &&
"$2/pg_ctl" -D data -l log -w -o "-c listen_addresses='' -c unix_socket_directories='$1' -c fsync=off -c full_page_writes=off -c max_connections=200" start &&
"$2/psql" -v ON_ERROR_STOP=1 -q -h "$1" -U postgres -d postgres -c 'CREATE ROLE otpravka LOGIN' -c 'CREATE DATABASE otpravka OWNER otpravka' &&
echo ready >&3
read _
"$2/pg_ctl" -D data -m immediate stop
rm -rf "$1"
`

// startCluster runs the guard and returns the URL of the test database.
func startCluster() (string, error) {
	g, err := start(guard)
	if err != nil {
		return "", err
	}
	held = append(held, g.feed) // until the process ends
	return g.url(primaryPort), g.told.Close()
}

// cluster is a guard that runs.
type cluster struct {
	dir  string   // of its sockets
	feed *os.File // what the guard reads
	told *os.File // what it answers
	log  string
}

// start runs a guard in a directory of its own, with these variables, and
// returns once it is ready.
func start(guard string, env ...string) (*cluster, error) {
	bin := binaries()
	if bin == "" {
		return nil, errNotInstalled
	}
	dir, err := os.MkdirTemp("", "pg") // short: the name of a socket is limited
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "guard.log"))
	if err != nil {
		return nil, err
	}
	hold, feed, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ready, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/bin/sh", "-c", guard, "guard", dir, bin)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = hold, log, log, []*os.File{tell}
	cmd.Env, cmd.SysProcAttr = append(os.Environ(), env...), owner
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	_, _, _ = hold.Close(), tell.Close(), log.Close()
	g := &cluster{dir: dir, feed: feed, told: ready, log: log.Name()}
	return g, g.await()
}

// await waits until the guard has done what it was asked for.
func (g *cluster) await() error {
	if line, _ := bufio.NewReader(g.told).ReadString('\n'); line != "ready\n" {
		said, _ := os.ReadFile(g.log)
		return fmt.Errorf("PostgreSQL did not do it:\n%s", said)
	}
	return nil
}

const (
	primaryPort = "5432"
	standbyPort = "5433"
)

// url is the test database at the ports.
func (g *cluster) url(ports ...string) string {
	at := url.Values{"host": {strings.Join(slices.Repeat([]string{g.dir}, len(ports)), ",")}, "port": {strings.Join(ports, ",")}}
	u := url.URL{Scheme: "postgres", User: url.User(Role), Path: "/" + Role, RawQuery: at.Encode()}
	return u.String()
}

// held keeps the guard waiting: a file that nobody holds is closed.
var held []io.Closer

// binaries is the directory of initdb and pg_ctl: in PATH, or where Debian
// puts them, the newest version first.
func binaries() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil && whole(filepath.Dir(path)) {
			return filepath.Dir(path)
		}
	}
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	for _, dir := range dirs {
		if whole(dir) {
			return dir
		}
	}
	return ""
}

// whole tells that the directory holds all that the guard runs.
func whole(dir string) bool {
	for _, name := range []string{"initdb", "pg_ctl", "postgres", "psql"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

func version(bin string) int {
	n, _ := strconv.Atoi(strings.Split(bin, "/")[4])
	return n
}
