package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"otpravka/otpcore"
)

// The marks that keep servers out, as rows of meta. One of them stands from the
// first row of a transfer on, so at no time could two servers start.
const (
	unfinishedMeta = "copy_unfinished" // in the target; a mark
	movedMeta      = "moved_to"        // in the source; the name of the target
)

// mark is how far a target is.
type mark struct {
	Origin origin   `json:"origin"`
	Table  string   `json:"table,omitempty"` // empty: no row is there yet
	After  [][]byte `json:"after,omitempty"` // key of the last row of the table
	Rows   int64    `json:"rows,omitempty"`  // of the table
}

// origin names a source as it is at one time. A server, or a command beside
// one, adds a boot before it writes anything else, so an origin that is the
// same stands for the same rows.
type origin struct {
	Name  string `json:"name"`
	Boot  string `json:"boot"`
	Boots int64  `json:"boots"`
	Epoch string `json:"epoch"`
	Mark  string `json:"high_water"`
}

// same tells that nothing was written in between. An address may be written in
// several ways, so its name does not count.
func (o origin) same(other origin) bool {
	other.Name = o.Name
	return o == other
}

const (
	lastBoot   = `SELECT id FROM boots ORDER BY started_at DESC, id DESC LIMIT 1`
	countBoots = `SELECT CAST(COUNT(*) AS TEXT) FROM boots`
	deleteMeta = `DELETE FROM meta WHERE name = $1`
)

// origin reads what the database is a moment before the transfer.
func (e *end) origin(ctx context.Context) (o origin, err error) {
	o.Name = e.dialect.name()
	var boots string
	for _, part := range []struct {
		into  *string
		query string
		args  []any
	}{
		{&o.Boot, lastBoot, nil},
		{&boots, countBoots, nil},
		{&o.Epoch, selectMeta, []any{"recovery_epoch"}},
		{&o.Mark, selectMeta, []any{"high_water"}},
	} {
		rows, err := readTexts(ctx, e.conn, part.query, part.args...)
		if err != nil {
			return o, fmt.Errorf("read the state of %s: %w", o.Name, err)
		}
		if len(rows) > 0 {
			*part.into = rows[0]
		}
	}
	o.Boots, err = strconv.ParseInt(boots, 10, 64)
	return o, err
}

// marks reads the marks of a database: how far it is as a target, nil when it
// is none, and where it went as a source, empty when nowhere.
func (e *end) marks(ctx context.Context) (*mark, string, error) {
	unfinished, err := readTexts(ctx, e.conn, selectMeta, unfinishedMeta)
	if err != nil {
		return nil, "", err
	}
	moved, err := readTexts(ctx, e.conn, selectMeta, movedMeta)
	if err != nil {
		return nil, "", err
	}
	var m *mark
	if len(unfinished) > 0 {
		m = new(mark)
		if err := json.Unmarshal([]byte(unfinished[0]), m); err != nil {
			return nil, "", fmt.Errorf("read %s: %w", unfinishedMeta, err)
		}
	}
	if len(moved) > 0 {
		return m, moved[0], nil
	}
	return m, "", nil
}

// refuseMarked keeps a server away from half a database, and from one that
// went on elsewhere. Coming back to the latter takes a new recovery epoch.
func refuseMarked(s *session, name string, comesBack bool) error {
	unfinished, err := value[string](s, selectMeta, unfinishedMeta)
	switch {
	case err == nil:
		return errUnfinished(name, unfinished)
	case !errors.Is(err, otpcore.ErrNotFound):
		return fmt.Errorf("read %s: %w", unfinishedMeta, err)
	}
	moved, err := value[string](s, selectMeta, movedMeta)
	switch {
	case errors.Is(err, otpcore.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("read %s: %w", movedMeta, err)
	case comesBack:
		return nil
	}
	return errMoved(name, moved)
}

func errUnfinished(name, text string) error {
	var m mark
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return fmt.Errorf("read %s: %w", unfinishedMeta, err)
	}
	return fmt.Errorf("%s is an unfinished copy of %s: run the same `otpravka copy` again, and it goes on", name, m.Origin.Name)
}

func errMoved(name, to string) error {
	return fmt.Errorf("%s was moved to %s: set OTPRAVKA_DATABASE_URL to that one, or, to come back to this one as it was left, run `otpravka restore-epoch` on it, which ends what is pending", name, to)
}
