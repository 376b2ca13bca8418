package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"otpravka/otpcore"
)

// Inspection is what a database says of itself.
type Inspection struct {
	KeyCheck  string    // check value of its master key; empty: none yet
	HighWater time.Time // the latest time it has seen
	Bots      []*otpcore.Bot
	Endpoints []*otpcore.Endpoint // none where the schema is older than endpoints
	Closed    error               // why no server starts on it: it was moved, is half a copy or of a newer version; nil: one does
	schema    int64
}

// Inspect reads the database at url and changes nothing in it, neither the
// schema nor the lock, so it also works beside a running server. The error
// wraps ErrNone when there is no database yet.
func Inspect(ctx context.Context, url string) (in Inspection, err error) {
	d, pool, err := peek(ctx, url)
	if err != nil {
		return in, err
	}
	s := &session{ctx: ctx, stmt: newStatements(pool).get}
	in, err = inspect(s)
	if err == nil {
		in.Closed = refuseMarked(s, d.name(), false)
	}
	if err == nil && in.Closed == nil {
		in.Closed, err = newer(d, pool, in.schema)
	}
	if s.failed != nil { // says more to an operator than the domain's word for it
		err = fmt.Errorf("read %s: %w", d.name(), cause(s.failed))
	}
	return in, errors.Join(d.explain(err), pool.Close())
}

// newer is why no server starts on a schema of that version, or nil.
func newer(d dialect, pool *sql.DB, have int64) (refusal, err error) {
	p, err := schemaSteps(d, pool)
	if err != nil {
		return nil, err
	}
	known := p.ListSources()
	return refuseNewer(have, known[len(known)-1].Version), nil
}

const (
	schemaVersion    = `SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version`
	endpointsVersion = 15
)

func inspect(s *session) (in Inspection, err error) {
	in.KeyCheck, err = value[string](s, selectMeta, keyCheckMeta)
	if err != nil && !errors.Is(err, otpcore.ErrNotFound) {
		return in, err
	}
	mark, err := metaNumber(s, "high_water")
	if err != nil {
		return in, err
	}
	in.HighWater = fromMillis(mark)
	if in.Bots, err = s.bots(""); err != nil {
		return in, err
	}
	// The next start brings an older schema up to date; until then nothing is
	// wrong with it.
	if in.schema, err = value[int64](s, schemaVersion); err != nil || in.schema < endpointsVersion {
		return in, err
	}
	in.Endpoints, err = s.endpoints("", "")
	return in, err
}

// CheckWritable returns nil when the file of the database at url can be
// written, or made there, and otherwise one sentence that says what to do. It
// leaves nothing behind. PostgreSQL has files of its own.
func CheckWritable(url string) error {
	if IsPostgres(url) {
		return nil
	}
	path, err := Location(url)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	probe, err := os.CreateTemp(dir, ".probe-*")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // the first start makes the directory
	case err != nil:
		return unwritable(dir, err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return unwritable(dir, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return unwritable(path, err)
	}
	return f.Close()
}
