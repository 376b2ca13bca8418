//go:build !nowhatsmeow

package whatsappdevice

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"go.mau.fi/whatsmeow/store/sqlstore"
	_ "modernc.org/sqlite" // the driver of the keys' file

	"otpravka/bot"
	"otpravka/otpcore"
)

// Keys keeps the devices' keys: private ones, which the library stores in clear.
// Whoever reads them can speak as the shop. The database is opened, and made, when
// the first device needs it. It is safe for concurrent use.
type Keys struct {
	file     string
	postgres string

	mu        sync.Mutex
	db        *sql.DB
	container *sqlstore.Container
	leases    int // connections of PostgreSQL that leases hold
}

// InFile keeps keys in a SQLite file, which only its owner can read.
func InFile(path string) *Keys { return &Keys{file: path} }

// InPostgres keeps keys in a schema of their own, beside that of the URL: a
// migration of the library's tables must not meet ours.
func InPostgres(url string) *Keys { return &Keys{postgres: url} }

// Close closes the database if it was opened.
func (k *Keys) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.db == nil {
		return nil
	}
	db := k.db
	k.db, k.container = nil, nil
	return db.Close()
}

// open opens the database once. After an error the next call tries again.
func (k *Keys) open(ctx context.Context) (*sqlstore.Container, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.container != nil {
		return k.container, nil
	}
	db, dialect, err := k.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("whatsapp keys: %w", err)
	}
	container := sqlstore.NewWithDB(db, dialect, nil)
	if err := errors.Join(container.Upgrade(ctx), furnish(ctx, db)); err != nil {
		return nil, errors.Join(fmt.Errorf("whatsapp keys: %w", err), db.Close())
	}
	k.db, k.container = db, container
	return container, nil
}

func (k *Keys) connect(ctx context.Context) (*sql.DB, string, error) {
	if k.postgres != "" {
		return connectPostgres(ctx, k.postgres)
	}
	if err := prepare(k.file); err != nil {
		return nil, "", err
	}
	// A transaction of the library that reads first and then finds another writer
	// ahead would fail as busy at once, and lose a message: it locks from the start.
	address := url.URL{Scheme: "file", Path: k.file, RawQuery: url.Values{
		"_txlock": {"immediate"},
		"_pragma": {"foreign_keys(1)", "busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "secure_delete(ON)"},
	}.Encode()}
	db, err := sql.Open("sqlite", address.String())
	return db, "sqlite", err
}

// prepare makes the file, so that it is private from its first byte on.
func prepare(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// workers is how many connections to PostgreSQL all devices share for their work.
// Leases come on top: they are held for days, and enough of them would leave none.
const workers = 16

// leased counts a lease in or out.
func (k *Keys) leased(more int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.leases += more
	if k.db != nil {
		k.db.SetMaxOpenConns(workers + k.leases)
	}
}

func connectPostgres(ctx context.Context, address string) (*sql.DB, string, error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, "", errors.New("the database url cannot be read") // and its error may quote the password
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, "", err
	}
	var schema string
	err = conn.QueryRow(ctx, "SELECT coalesce(nullif(current_schema(), 'public'), 'otpravka') || '_whatsapp'").Scan(&schema)
	if err == nil {
		schema = pgx.Identifier{schema}.Sanitize()
		// The library looks for its table of versions in all schemas of the database,
		// where another installation may have one. So it finds it made.
		_, err = conn.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+schema+
			"; CREATE TABLE IF NOT EXISTS "+schema+".whatsmeow_version (version INTEGER, compat INTEGER)")
	}
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return nil, "", err
	}
	cfg.RuntimeParams["search_path"] = schema
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(workers)
	db.SetConnMaxIdleTime(time.Minute)
	return db, "postgres", nil
}

// tables are ours beside the library's.
var tables = []string{
	`CREATE TABLE IF NOT EXISTS otpravka_devices (
		bot_id TEXT NOT NULL PRIMARY KEY,
		jid    TEXT NOT NULL, -- with the device's number; empty: not linked
		state  TEXT NOT NULL, -- why it is not, or may not connect
		reason TEXT NOT NULL,
		until  BIGINT NOT NULL -- unix ms; how long it may not connect
	)`,
	`CREATE TABLE IF NOT EXISTS otpravka_sent (
		bot_id      TEXT NOT NULL,
		message_id  TEXT NOT NULL,
		delivery_id TEXT NOT NULL, -- empty: nobody waits for receipts
		edits       TEXT NOT NULL, -- the message that it changes; empty: none
		content     BLOB,          -- sealed; NULL once it arrived or is of no use
		sent_at     BIGINT NOT NULL, -- unix ms
		PRIMARY KEY (bot_id, message_id)
	)`,
	`CREATE INDEX IF NOT EXISTS otpravka_sent_by_age ON otpravka_sent (sent_at)`,
	`CREATE TABLE IF NOT EXISTS otpravka_phones (
		bot_id    TEXT NOT NULL PRIMARY KEY,
		signed_at BIGINT NOT NULL -- unix ms; when the phone was last heard of
	)`,
	`CREATE TABLE IF NOT EXISTS otpravka_forgotten (
		bot_id TEXT NOT NULL,
		number TEXT NOT NULL,
		hidden TEXT NOT NULL, -- address of the same person; empty: unknown
		due    BIGINT NOT NULL, -- unix ms; when its keys are deleted once more
		PRIMARY KEY (bot_id, number)
	)`,
}

func furnish(ctx context.Context, db *sql.DB) error {
	blob := "BLOB"
	if _, postgres := db.Driver().(*stdlib.Driver); postgres {
		blob = "BYTEA"
	}
	for _, table := range tables {
		if _, err := db.ExecContext(ctx, strings.ReplaceAll(table, "BLOB", blob)); err != nil {
			return err
		}
	}
	return nil
}

// busy is the trouble of a device that another process of the installation runs.
func busy() error {
	return &bot.Trouble{
		Wait: 30 * time.Second, Err: errors.New("whatsapp keys: device is run by another process"),
		Text: "Another server of this installation runs the device; this one takes over when that one stops.",
	}
}

// lost is the trouble of a device whose lease went with its connection: another
// process may run it by now.
func lost() error {
	return &bot.Trouble{
		Wait: time.Second, Err: errors.New("whatsapp keys: lease lost"),
		Text: "The connection to the database broke, and another server may have taken the device over; this one connects again if none has.",
	}
}

// lease makes this process the one that runs the bot's device, until release is
// called: two with the same keys would throw each other out without end. Held ends
// before that, and says why, where the lease is lost. A SQLite file belongs to one
// process anyway.
func (k *Keys) lease(ctx context.Context, id otpcore.ID) (held context.Context, release func(), err error) {
	if _, err := k.open(ctx); err != nil {
		return nil, nil, err
	}
	if k.postgres == "" {
		return ctx, func() {}, nil
	}
	k.leased(1)
	conn, err := k.db.Conn(ctx)
	if err != nil {
		k.leased(-1)
		return nil, nil, err
	}
	var ours bool
	err = conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, "otpravka whatsapp "+string(id)).Scan(&ours)
	if err != nil || !ours {
		if err == nil {
			err = busy()
		}
		err = errors.Join(err, conn.Close())
		k.leased(-1)
		return nil, nil, err
	}
	held, end := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		watch(held, conn)
		end(lost())
	}()
	return held, func() {
		end(context.Canceled)
		<-watched
		_ = conn.Close()
		k.leased(-1)
	}, nil
}

// watch returns once the connection is of no use any more, or ctx has ended. The
// connection leaves the pool, and its lock with it, whatever became of it.
func watch(ctx context.Context, conn *sql.Conn) {
	_ = conn.Raw(func(c any) error {
		for {
			// Nobody notifies: what the wait hears of is the connection's end.
			if _, err := c.(*stdlib.Conn).Conn().WaitForNotification(ctx); err != nil {
				return driver.ErrBadConn
			}
		}
	})
}
