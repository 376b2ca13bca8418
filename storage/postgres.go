package storage

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// postgres is a PostgreSQL database, or one schema of it.
type postgres struct {
	config *pgx.ConnConfig
	wrap   func(driver.Connector) driver.Connector
	// machineClock says that the database's clock is not asked.
	machineClock bool
	sees         string // the statement of look, set by claim
	together     together
}

// postgresReaders is the size of the readers' pool.
const postgresReaders = 16

// oldestServer is the first version that reports by itself whether it is a
// standby, and the oldest one that PostgreSQL supports.
const oldestServer = 14

// IsPostgres tells whether the URL names a PostgreSQL database.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// sessionSettings are set for every connection unless the URL does. A session
// whose client has vanished keeps its locks until the server finds out, so the
// server asks early; a statement that waits for somebody else's lock would
// make everybody wait, so it gives up.
var sessionSettings = map[string]string{
	"application_name":     "otpravka",
	"timezone":             "UTC",
	"lock_timeout":         "2s",
	"statement_timeout":    "30s",
	"tcp_keepalives_idle":  "10",
	"tcp_keepalives_count": "3", "tcp_keepalives_interval": "3",
	"tcp_user_timeout": "20000",
}

// byKey are settings of the writer's connection, whose statements all find
// their rows by an index. What the server knows of a table's size is minutes old:
// while a new database fills, it would plan to read whole tables for a batch.
var byKey = map[string]string{
	"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
	"plan_cache_mode": "force_generic_plan", // planned once, not for each batch
	"jit":             "off",                // which takes longer than any of them
}

const connectTimeout = 5 * time.Second

func newPostgres(cfg Config) (*postgres, error) {
	if spillsPassword(cfg.URL) {
		return nil, errBadAddress
	}
	if err := readableAuthority(cfg.URL); err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(cfg.URL)
	if err != nil { // its text may hold a part of the password
		return nil, errBadAddress
	}
	unlessGiven(config, sessionSettings)
	config.ConnectTimeout = cmp.Or(config.ConnectTimeout, connectTimeout)
	// Only the primary takes writes, and its readers see them at once.
	config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsPrimary
	config.DialFunc = dialer().DialContext
	return &postgres{config: config, wrap: cfg.wrap, machineClock: cfg.machineClock}, nil
}

// spillsPassword reports an address whose password holds a bare "/", "?" or "#".
// What follows it, up to the last "@", would be taken for a host, a database or an
// option, and be looked up and logged.
func spillsPassword(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (strings.Contains(u.EscapedPath(), "@") || strings.Contains(u.EscapedFragment(), "@"))
}

func unlessGiven(config *pgx.ConnConfig, settings map[string]string) {
	for name, value := range settings {
		if _, given := config.RuntimeParams[name]; !given {
			config.RuntimeParams[name] = value
		}
	}
}

// dialer makes connections that notice within seconds when the other side is
// gone without a word.
func dialer() *net.Dialer {
	return &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 3 * time.Second, Count: 3},
		Control:         boundUnanswered,
	}
}

// name is the address that was given, without the password.
func (p *postgres) name() string {
	at := p.config.Host
	if !strings.HasPrefix(at, "/") {
		at = net.JoinHostPort(at, strconv.Itoa(int(p.config.Port)))
	}
	name := fmt.Sprintf("postgres://%s@%s/%s", p.config.User, at, p.config.Database)
	if schemas := p.config.RuntimeParams["search_path"]; schemas != "" {
		name += "?search_path=" + schemas
	}
	return name
}

func (*postgres) reserve() (io.Closer, error) { return io.NopCloser(nil), nil }

func (p *postgres) connect(readOnly bool) (*sql.DB, error) {
	config, conns := p.config.Copy(), 1
	if readOnly {
		config.RuntimeParams["default_transaction_read_only"] = "on"
		conns = postgresReaders
	} else {
		unlessGiven(config, byKey)
	}
	var c driver.Connector = textConnector{stdlib.GetConnector(*config)}
	if p.wrap != nil {
		c = p.wrap(c)
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

func (*postgres) schema() (goose.Dialect, string) { return goose.DialectPostgres, "postgres" }

func (*postgres) begin() string { return "BEGIN ISOLATION LEVEL READ COMMITTED" }

func (p *postgres) exchange(x *oneByOne) exchange { return pipelined{x, &p.together} }

func (*postgres) snapshot() sql.TxOptions {
	return sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
}

func (*postgres) nests() bool { return true }

// locking are the reads whose rows a decision is going to change, as they lock
// them: no other server writes, but people with psql may.
var locking = func() map[string]string {
	texts := make(map[string]string)
	for _, query := range []string{selectVerification, selectDelivery, selectStanding, standingsOfPhone, standingOfVerification} {
		texts[query] = query + " FOR UPDATE"
	}
	return texts
}()

// writing locks the rows that the writer reads, so that nobody changes them
// between its decision and its commit.
func (*postgres) writing(query string) string { return cmp.Or(locking[query], query) }

func (*postgres) leave(context.Context, *sql.Conn) error { return nil }
