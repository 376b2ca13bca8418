package pgtest

import (
	"fmt"
	"testing"
)

// Pair is a primary and a standby that follows it over streaming replication,
// in a cluster of the test's own. The standby lags as an asynchronous one does.
type Pair struct {
	URL string // of the database on whichever of the two is the primary

	testing.TB
	at *cluster
}

// pairGuard makes the standby from a base backup of the primary. Then it does
// what its standard input says, a line for each act, until that ends.
const pairGuard = `
cd "$1"
settings="-c listen_addresses='' -c unix_socket_directories='$1' -c fsync=off -c max_connections=60"
first="-D data -l log -w"
second="-D standby -l standby.log -w"
begin() { "$bin/pg_ctl" $2 -o "$settings -c port=$1" start; }
bin=$2
"$bin/initdb" -D data -A trust -U postgres -E UTF8 --locale=C --no-sync &&
begin 5432 "$first" &&
"$bin/psql" -v ON_ERROR_STOP=1 -q -h "$1" -U postgres -d postgres -c 'CREATE ROLE otpravka LOGIN' -c 'CREATE DATABASE otpravka OWNER otpravka' &&
"$bin/pg_basebackup" -h "$1" -p 5432 -U postgres -D standby --write-recovery-conf --checkpoint=fast --no-sync &&
begin 5433 "$second" &&
echo ready >&3
while read -r act; do
	case $act in
	promote) "$bin/pg_ctl" $second promote ;;
	lose-primary) "$bin/pg_ctl" $first -m immediate stop ;;
	stop-standby) "$bin/pg_ctl" $second -m fast stop ;;
	start-standby) begin 5433 "$second" ;;
	*) false ;;
	esac && echo ready >&3
done
"$bin/pg_ctl" $first -m immediate stop
"$bin/pg_ctl" $second -m immediate stop
rm -rf "$1"
`

// NewPair starts both for the time of the test, and skips it where there is no
// PostgreSQL to start.
func NewPair(t testing.TB) *Pair {
	t.Helper()
	at, err := start(pairGuard)
	if err == errNotInstalled {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = at.feed.Close(), at.told.Close() })
	return &Pair{URL: at.url(primaryPort, standbyPort), TB: t, at: at}
}

func (p *Pair) act(what string) {
	p.Helper()
	_, err := fmt.Fprintln(p.at.feed, what)
	if err == nil {
		err = p.at.await()
	}
	if err != nil {
		p.Fatalf("%s: %v", what, err)
	}
}

// Standby is the database as the standby has it.
func (p *Pair) Standby() string { return p.at.url(standbyPort) }

// Promote makes the standby the primary, and returns once it takes writes.
func (p *Pair) Promote() { p.act("promote") }

// LosePrimary takes the primary away without a word.
func (p *Pair) LosePrimary() { p.act("lose-primary") }

// StopStandby lets the standby see nothing of what the primary commits.
func (p *Pair) StopStandby() { p.act("stop-standby") }

// StartStandby lets it catch up, if the primary is there.
func (p *Pair) StartStandby() { p.act("start-standby") }
