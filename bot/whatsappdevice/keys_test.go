//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"otpravka/bot"
	"otpravka/internal/pgtest"
	"otpravka/otpcore"
)

func TestKeysAreTheOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a ?#% name")
	k := InFile(filepath.Join(dir, "whatsapp.db"))
	if _, err := k.device(t.Context(), "bot_a"); err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	for _, name := range []string{"whatsapp.db", "whatsapp.db-wal"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is open to others: %s", name, info.Mode())
		}
	}
}

func TestNothingIsMadeBeforeADeviceNeedsIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "whatsapp.db")
	k := InFile(path)
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
}

func TestUrlOfKeysIsNotQuoted(t *testing.T) {
	for _, url := range []string{"postgres://shop:s3cret@%zz/x", "postgres://shop:s3cret@127.0.0.1:1/x?connect_timeout=1"} {
		_, err := InPostgres(url).device(t.Context(), "bot_a")
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%v", err)
		}
	}
}

// TestInstallationsShareADatabase, each with a schema of its own.
func TestInstallationsShareADatabase(t *testing.T) {
	for range 2 {
		k := InPostgres(pgtest.URL(t))
		defer k.Close()
		if err := k.keep(t.Context(), "bot_a", device{state: otpcore.BotLoggedOut, reason: "x"}); err != nil {
			t.Fatal(err)
		}
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
		if d, err := k.device(t.Context(), "bot_a"); err != nil || d.state != otpcore.BotLoggedOut { // opened anew
			t.Errorf("%+v, %v", d, err)
		}
	}
}

// TestOneServerRunsADevice: two with the same keys would throw each other out
// without end. The second takes over when the first has stopped.
func TestOneServerRunsADevice(t *testing.T) {
	url := pgtest.URL(t)
	first, second := InPostgres(url), InPostgres(url)
	defer func() { _ = errors.Join(first.Close(), second.Close()) }()
	id := otpcore.ID("bot_a")
	_, release, err := first.lease(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = second.lease(t.Context(), id)
	if trouble, ok := errors.AsType[*bot.Trouble](err); !ok || trouble.Text == "" || trouble.Wait == 0 {
		t.Fatalf("two run the device: %v", err)
	}
	_, other, err := second.lease(t.Context(), "bot_b")
	if err != nil {
		t.Fatalf("another device: %v", err)
	}
	other()
	release()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	over := soon(t)
	_, taken, err := second.lease(ctx, id)
	for err != nil { // the server needs a moment to see that the connection is gone
		if _, busy := errors.AsType[*bot.Trouble](err); !busy || over.Err() != nil {
			t.Fatal(err)
		}
		_, taken, err = second.lease(ctx, id)
	}
	taken()
}

// TestLostLeaseIsNoticed at once: another server may run the device by then.
func TestLostLeaseIsNoticed(t *testing.T) {
	url := pgtest.URL(t)
	proxy := pgtest.NewProxy(t, url)
	first, second := InPostgres(proxy.URL), InPostgres(url)
	defer func() { _ = errors.Join(first.Close(), second.Close()) }()
	held, release, err := first.lease(t.Context(), "bot_a")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	proxy.Cut()
	select {
	case <-held.Done():
	case <-soon(t).Done():
		t.Fatal("nobody noticed")
	}
	if trouble, ok := errors.AsType[*bot.Trouble](context.Cause(held)); !ok || trouble.Text == "" {
		t.Errorf("the owner is told %v", context.Cause(held))
	}
	over := soon(t)
	for { // PostgreSQL needs a moment to see it, too
		_, taken, err := second.lease(t.Context(), "bot_a")
		if err == nil {
			taken()
			return
		}
		if _, busy := errors.AsType[*bot.Trouble](err); !busy || over.Err() != nil {
			t.Fatal(err)
		}
	}
}

// TestLeasesLeaveConnectionsForWork, however many devices a server runs.
func TestLeasesLeaveConnectionsForWork(t *testing.T) {
	k := InPostgres(pgtest.URL(t))
	defer k.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for i := range 40 {
		_, release, err := k.lease(ctx, otpcore.ID("bot_"+strconv.Itoa(i)))
		if err != nil {
			t.Fatalf("device %d: %v", i, err)
		}
		defer release()
	}
	if _, err := k.device(ctx, "bot_0"); err != nil {
		t.Errorf("no connection is left: %v", err)
	}
}
