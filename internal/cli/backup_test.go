package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func (p place) backup(file string, more ...string) result {
	p.Helper()
	return run(p, append([]string{"backup", file}, p.flags(more...)...)...)
}

func TestBackupCommand(t *testing.T) {
	p := newPlace(t)
	file := filepath.Join(p.dir, "copy.db")
	p.backup(file).refused(t, "", "no database at "+p.database())
	server := p.start(p.serve()...)
	key, err := os.ReadFile(p.key())
	if err != nil {
		t.Fatal(err)
	}
	r := p.backup(file)
	for _, word := range []string{"backup      " + file + ", ", "whole and checked", "is not in it", p.key(), "kept apart"} {
		if !strings.Contains(r.out, word) {
			t.Errorf("%q does not say %q", r.out, word)
		}
	}
	if r.status != 0 || strings.Contains(r.out+r.err, strings.TrimSpace(string(key))) {
		t.Errorf("the backup ends with %+v", r)
	}
	p.backup(file).refused(t, "", "is not overwritten")
	p.backup("-").refused(t, "", "not to standard output")
	if r := run(t, append([]string{"backup"}, p.flags()...)...); r.status != 2 {
		t.Errorf("a backup to nowhere: %+v", r)
	}
	if status := server.stop(); status != 0 {
		t.Fatalf("serve ended with %d", status)
	}
	alone := filepath.Join(p.dir, "alone.db")
	if r := p.backup(alone, "--master-key", keyA); r.status != 0 || !strings.Contains(r.out, "is missing: the database was sealed with key") {
		t.Errorf("with another key: %+v", r)
	}
	elsewhere := []string{"--database-url", file}
	if status := p.start(p.serve(elsewhere...)...).stop(); status != 0 {
		t.Errorf("the server on the copy ended with %d", status)
	}
	run(t, p.serve("--database-url", alone, "--master-key", keyA)...).refused(t, keyA, "sealed with key")
}

func (p place) restoreEpoch() result {
	p.Helper()
	return run(p, "restore-epoch", "--database-url", p.database())
}

func TestRestoreEpochCommand(t *testing.T) {
	p := newPlace(t)
	p.restoreEpoch().refused(t, "", "no database at "+p.database())
	p.untouched()
	server := p.start(p.serve()...)
	p.restoreEpoch().refused(t, "", "another otpravka process", "stop it")
	if status := server.stop(); status != 0 {
		t.Fatalf("serve ended with %d", status)
	}
	if r := p.restoreEpoch(); r.status != 0 || r.out != "recovery epoch 2 is in force; 0 pending verifications end with the next start\n" {
		t.Errorf("restore-epoch: %+v", r)
	}
	if status := p.start(p.serve()...).stop(); status != 0 {
		t.Errorf("serve after it ended with %d", status)
	}
}
