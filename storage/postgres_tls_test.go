package storage

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"otpravka/internal/pgtest"
	"otpravka/otpcore"
)

// refusedOpen expects an error that says what to do, in one line and without
// the password.
func refusedOpen(t testing.TB, what, url string, want ...string) {
	t.Helper()
	db, err := openAt(t, url)
	if err == nil {
		mustClose(t, db)
		t.Errorf("%s: opened", what)
		return
	}
	for _, part := range append(want, "OTPRAVKA_DATABASE_URL") {
		if text := err.Error(); !strings.Contains(text, part) || strings.Contains(text, "\n") || strings.Contains(text, secretWord) {
			t.Errorf("%s: %q does not say %q in one line without the password", what, text, part)
		}
	}
}

// TestPostgresOverTLS connects as an operator does who wants to know whom the
// server talks to.
func TestPostgresOverTLS(t *testing.T) {
	ca := pgtest.NewAuthority(t)
	at := pgtest.NewTLS(t, ca, "127.0.0.1", time.Now().Add(time.Hour))
	db := mustOpen(t, at)
	var encrypted bool
	err := db.pool.QueryRow(`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`).Scan(&encrypted)
	if err != nil || !encrypted {
		t.Errorf("encrypted: %v, %v", encrypted, err)
	}
	if err := db.Write(t.Context(), func(tx otpcore.Tx) error { return tx.SetOffset("bot_1", 1) }); err != nil {
		t.Error(err)
	}
	mustClose(t, db)

	refusedOpen(t, "another authority", pgtest.With(t, at, "sslrootcert", pgtest.NewAuthority(t).File),
		"certificate", "authority that is not trusted", "sslrootcert")
	refusedOpen(t, "no file", pgtest.With(t, at, "sslrootcert", filepath.Join(t.TempDir(), "nothing.crt")), "nothing.crt", "sslrootcert")
	empty := filepath.Join(t.TempDir(), "empty.crt")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refusedOpen(t, "no certificate", pgtest.With(t, at, "sslrootcert", empty), "sslrootcert")
	refusedOpen(t, "wrong password", changedPassword(t, at), `does not let "otpravka" in`, "password")
	refusedOpen(t, "no TLS", pgtest.With(t, at, "sslmode", "disable"), `does not let "otpravka" in`)
}

func changedPassword(t testing.TB, at string) string {
	t.Helper()
	return changed(t, at, func(u *url.URL) { u.User = url.UserPassword(pgtest.Role, secretWord+"-not") })
}

func TestExpiredCertificateOfPostgres(t *testing.T) {
	ca := pgtest.NewAuthority(t)
	at := pgtest.NewTLS(t, ca, "127.0.0.1", time.Now().Add(-time.Hour))
	refusedOpen(t, "expired", at, "certificate", "has expired", "renew it")
}

func TestForeignCertificateOfPostgres(t *testing.T) {
	ca := pgtest.NewAuthority(t)
	at := pgtest.NewTLS(t, ca, "db.internal", time.Now().Add(time.Hour))
	refusedOpen(t, "another name", at, "certificate", "not for 127.0.0.1", "db.internal")
}
