package cli_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"otpravka/internal/pgtest"
	"otpravka/otpcore"
	"otpravka/storage"
)

func (p place) copy(to string, more ...string) result {
	p.Helper()
	return run(p, append([]string{"copy", "--from", "sqlite://" + p.database(), "--to", to, "--master-key-file", p.key()}, more...)...)
}

func TestCopyCommand(t *testing.T) {
	p := newPlace(t)
	to := filepath.Join(p.dir, "target.db")
	p.copy(to).refused(t, "", "no database at "+p.database())
	p.untouched()
	server := p.start(p.serve()...)
	run(t, append([]string{"business", "create", "--name", "Shop", "--country", "KZ"}, p.flags()...)...)
	p.copy(to).refused(t, "", "another otpravka process uses "+p.database(), "stop it")
	if status := server.stop(); status != 0 {
		t.Fatalf("serve ended with %d", status)
	}
	p.copy(to, "--master-key", keyA).refused(t, keyA, "sealed with key")
	if exists(to) {
		t.Error("a target was made for another key")
	}
	r := p.copy(to)
	if r.status != 0 || !strings.Contains(r.err, "businesses: 1 rows copied") || !strings.Contains(r.err, "businesses: 1 rows read back") {
		t.Errorf("copy: %+v", r)
	}
	for _, line := range []string{"  businesses     1", "       total", "are the same.", "set to " + to, "No server starts on " + p.database() + " any more."} {
		if !strings.Contains(r.out, line) {
			t.Errorf("%q does not say %q", r.out, line)
		}
	}
	run(t, p.serve()...).refused(t, "", "was moved to "+to, "restore-epoch")
	moved := []string{"--database-url", to}
	if status := p.start(p.serve(moved...)...).stop(); status != 0 {
		t.Errorf("the server on the target ended with %d", status)
	}
	if r := run(t, append([]string{"business", "list"}, p.flags(moved...)...)...); !strings.Contains(r.out, "Shop") {
		t.Errorf("the target lists %+v", r)
	}
	if r := p.restoreEpoch(); r.status != 0 {
		t.Errorf("restore-epoch on the source: %+v", r)
	}
	if status := p.start(p.serve()...).stop(); status != 0 {
		t.Errorf("the server that came back ended with %d", status)
	}
}

// manyEvents fills the place's database with more than a copy takes in a
// moment.
func (p place) manyEvents(n int) {
	p.Helper()
	if status := p.start(p.serve()...).stop(); status != 0 {
		p.Fatalf("serve ended with %d", status)
	}
	db, err := storage.Open(p.Context(), storage.Config{URL: p.database(), Boot: otpcore.NewID(otpcore.PrefixBoot, time.Now())})
	if err != nil {
		p.Fatal(err)
	}
	for range n / 1000 {
		err := db.Write(context.WithoutCancel(p.Context()), func(tx otpcore.Tx) error {
			for range 1000 {
				e := otpcore.Event{ID: otpcore.NewID("evt", time.Now()), BusinessID: "biz_1", Mode: otpcore.Live, Type: "note.test", At: tx.Now()}
				if err := tx.AddEvent(e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			p.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		p.Fatal(err)
	}
}

func TestKilledCopyGoesOn(t *testing.T) {
	const events = 20_000
	p := newPlace(t)
	p.manyEvents(events)
	to := pgtest.URL(t)
	args := []string{"copy", "--from", p.database(), "--master-key-file", p.key()}
	killed := p.command(args...)
	killed.Env = append(killed.Env, "OTPRAVKA_COPY_TO="+to)
	process := begin(t, killed)
	process.waitFor(t, "events: ") // the first batch is there
	if err := process.end(t, syscall.SIGKILL); err == nil {
		t.Fatal("a killed copy ended in order")
	}
	run(t, p.serve("--database-url", to)...).refused(t, "", "unfinished copy of "+p.database(), "otpravka copy")
	r := run(t, append(args, "--to", to)...)
	if r.status != 0 || !strings.Contains(r.out, fmt.Sprint(events)) || !strings.Contains(r.err, fmt.Sprintf("events: %d rows read back", events)) {
		t.Fatalf("the second run: %+v", r)
	}
	if strings.Contains(r.err, "events: 1000 rows copied") || strings.Contains(r.err, "boots: 2 rows copied") {
		t.Errorf("it began again:\n%s", r.err)
	}
	if status := p.start(p.serve("--database-url", to)...).stop(); status != 0 {
		t.Errorf("the server on the target ended with %d", status)
	}
}
