package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// lockSpace is the first half of the key of our advisory locks ("otpr"); the
// second half is the schema, so that two installations may share a database.
const lockSpace = 0x6f747072

const (
	aboutServer = `SELECT current_setting('server_version_num')::int, COALESCE(current_schema(), ''),
		has_function_privilege('pg_control_system()', 'EXECUTE') AND has_function_privilege('pg_current_wal_lsn()', 'EXECUTE')
		AND has_function_privilege('pg_walfile_name(pg_lsn)', 'EXECUTE')`
	// Waits for lock_timeout: the session of a server that was killed a moment
	// ago may still be ending.
	lockSchema = `SELECT pg_advisory_lock($1::int, oid::int) FROM pg_namespace WHERE nspname = $2`

	seeClock = `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, ''`
	// The timeline is that of the log which is being written, whose files begin
	// with it. The control file tells it only after the first checkpoint, for
	// which a standby that has taken over takes minutes. A dump that is restored
	// within the cluster makes the tables anew, under other OIDs. The database's comes from
	// a function, because hosts of many take away the right to read pg_database.
	seeAll = `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, system_identifier || '/' ||
		('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int || '/' || to_regclass('meta')::oid || '.' ||
		(SELECT datid FROM pg_stat_get_activity(pg_backend_pid())) FROM pg_control_system()`
)

// findMeta tells whether the tables are there and, while they are not, whether
// they may be made.
const findMeta = `SELECT to_regclass('meta') IS NOT NULL, has_schema_privilege(current_schema(), 'CREATE')`

var (
	errTooOld   = fmt.Errorf("PostgreSQL is older than version %d: upgrade it", oldestServer)
	errNoSchema = errors.New("no schema of the search path exists: create it, or correct search_path in OTPRAVKA_DATABASE_URL")
)

// about looks at the server and the schema before anything is done there.
func (p *postgres) about(ctx context.Context, row func(context.Context, string, ...any) *sql.Row) (schema string, sees bool, err error) {
	var version int
	if err := row(ctx, aboutServer).Scan(&version, &schema, &sees); err != nil {
		return "", false, err
	}
	switch {
	case version < oldestServer*10_000:
		return "", false, errTooOld
	case schema == "":
		return "", false, errNoSchema
	}
	return schema, sees, nil
}

// find looks for the first table.
func (p *postgres) find(ctx context.Context, pool *sql.DB) error {
	if _, _, err := p.about(ctx, pool.QueryRowContext); err != nil {
		return err
	}
	var made, mayMake bool
	err := pool.QueryRowContext(ctx, findMeta).Scan(&made, &mayMake)
	switch {
	case err != nil || made:
		return err
	case !mayMake:
		return &pgconn.PgError{Severity: "ERROR", Code: insufficientRights, Message: "no right to create tables"}
	}
	return ErrNone
}

// claim takes the lock that makes this process the only one on the schema. The
// lock lives as long as the connection does, and everything is written through
// that same connection: whoever has lost the lock cannot write any more.
func (p *postgres) claim(ctx context.Context, conn *sql.Conn) error {
	schema, sees, err := p.about(ctx, conn.QueryRowContext)
	if err != nil {
		return err
	}
	p.sees = seeClock
	if sees {
		p.sees = seeAll
	}
	_, err = conn.ExecContext(ctx, lockSchema, lockSpace, schema)
	if sqlState(err) == lockNotAvailable {
		return errHeld
	}
	return err
}

// look asks for the clock, and for the identifier of the cluster with the
// number of its timeline, which is another one after each take-over by a
// standby and after each recovery from an archive, and for those of our table and
// its database.
func (p *postgres) look(s *session) (sight, error) {
	if p.machineClock {
		return sight{}, nil
	}
	before := time.Now()
	v, err := one(s, func(scan func(...any) error) (v sight, err error) {
		var micros int64
		err = scan(&micros, &v.lineage)
		v.shown = time.UnixMicro(micros).UTC()
		return v, err
	}, p.sees)
	// The database looked at its clock somewhere between question and answer.
	v.at = before.Add(time.Since(before) / 2)
	return v, err
}
