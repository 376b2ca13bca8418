// Package pgtest gives tests a PostgreSQL that is really there: a server of
// their own, started once per test process and gone with it, or the one that
// OTPRAVKA_TEST_POSTGRES names.
//
// The server of its own runs without fsync. Tests kill Otpravka and cut its
// connections; none of them cuts the power, and what a killed server process
// has written is safe with the operating system.
package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// EnvVar names a server to use instead: the URL of a role that may create
// schemas in its database.
const EnvVar = "OTPRAVKA_TEST_POSTGRES"

// instance is the server of this test process, as a URL. It must be started
// outside of a testing/synctest bubble only if the bubble would outlive it,
// which none does: starting it leaves no goroutine.
var instance = sync.OnceValues(func() (string, error) {
	if given := os.Getenv(EnvVar); given != "" {
		return given, nil
	}
	return startCluster()
})

// URL makes an empty schema for the test and returns the database URL whose
// connections see only that. It skips the test where there is no PostgreSQL.
func URL(t testing.TB) string {
	t.Helper()
	server, err := instance()
	if err == errNotInstalled {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	schema := "t_" + strings.ToLower(rand.Text())
	run(t, server, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { run(t, server, "DROP SCHEMA "+schema+" CASCADE") })
	return With(t, server, "search_path", schema)
}

// With returns the URL with one more parameter.
func With(t testing.TB, server, name, value string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// run executes one statement over a connection of its own.
func run(t testing.TB, server, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connect to PostgreSQL: %v", err)
	}
	_, err = conn.Exec(ctx, statement)
	if closeErr := conn.Close(ctx); err == nil {
		err = closeErr
	}
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", statement, err))
	}
}
