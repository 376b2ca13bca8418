package cli_test

import (
	"testing"

	"otpravka/internal/pgtest"
)

func TestRestoreEpochCommandOnPostgres(t *testing.T) {
	p, database := newPlace(t), pgtest.URL(t)
	restore := func() result { return run(t, "restore-epoch", "--database-url", database) }
	server := p.start(p.serve("--database-url", database)...)
	restore().refused(t, "", "another otpravka process", "stop it")
	if status := server.stop(); status != 0 {
		t.Fatalf("serve ended with %d", status)
	}
	if r := restore(); r.status != 0 || r.out != "recovery epoch 2 is in force; 0 pending verifications end with the next start\n" {
		t.Errorf("restore-epoch: %+v", r)
	}
	if status := p.start(p.serve("--database-url", database)...).stop(); status != 0 {
		t.Errorf("serve after it ended with %d", status)
	}
}
