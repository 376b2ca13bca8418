package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"otpravka/otpcore"
)

// past is how far back the copies reach: less than anything is kept for.
const past = 7 * 24 * time.Hour

// fill copies the approved verifications of a SQLite file, with all rows that
// belong to them, until there are n more. It knows the tables by their columns
// only: ids are replaced by new ones, times moved back, phones drawn anew.
func fill(ctx context.Context, file string, n int) (err error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=synchronous(off)&_pragma=cache_size(-65536)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	originals, err := readOriginals(ctx, db)
	if err != nil {
		return err
	}
	if len(originals) == 0 {
		return errors.New("no approved verification is there to be copied")
	}
	f := &filler{db: db, inserts: map[string]*sql.Stmt{}}
	defer func() { err = errors.Join(err, f.close()) }()
	if err := f.copyAll(ctx, originals, n); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}

// filler inserts rows over the one connection of db.
type filler struct {
	db      *sql.DB
	inserts map[string]*sql.Stmt
}

// copyBatch is how many copies share a transaction.
const copyBatch = 5000

// copyAll makes n copies, oldest first, evenly over the past.
func (f *filler) copyAll(ctx context.Context, originals []original, n int) error {
	now := time.Now()
	for i := range n {
		if i%copyBatch == 0 {
			if _, err := f.db.ExecContext(ctx, "BEGIN"); err != nil {
				return err
			}
		}
		at := now.Add(-past + time.Duration(float64(past-time.Hour)*float64(i)/float64(n)))
		if err := f.copy(ctx, originals[i%len(originals)], at); err != nil {
			return err
		}
		if (i+1)%copyBatch == 0 || i+1 == n {
			if _, err := f.db.ExecContext(ctx, "COMMIT"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *filler) close() error {
	var errs []error
	for _, st := range f.inserts {
		errs = append(errs, st.Close())
	}
	return errors.Join(errs...)
}

// original is a verification with its rows of all tables.
type original struct {
	began time.Time
	rows  []row
}

// row is one row of a table and the statement that inserts another.
type row struct {
	insert  string
	columns []string
	values  []any
}

func readOriginals(ctx context.Context, db *sql.DB) ([]original, error) {
	var found []row
	if err := each(ctx, db, `SELECT id, created_at FROM verifications WHERE status = 'approved' LIMIT ?`, func(r row) {
		found = append(found, r)
	}, samples); err != nil {
		return nil, err
	}
	var tables []string
	if err := each(ctx, db, `SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND c.name = 'verification_id'`, func(r row) {
		tables = append(tables, r.values[0].(string))
	}); err != nil {
		return nil, err
	}
	originals := make([]original, len(found))
	for i, verification := range found {
		id, o := verification.values[0], &originals[i]
		read := func(table, key string) error {
			return each(ctx, db, "SELECT * FROM "+table+" WHERE "+key+" = ?", func(r row) {
				r.insert = "INSERT INTO " + table + " (" + strings.Join(r.columns, ", ") + ") VALUES (?" +
					strings.Repeat(", ?", len(r.columns)-1) + ")"
				o.rows = append(o.rows, r)
			}, id)
		}
		if err := read("verifications", "id"); err != nil {
			return nil, err
		}
		o.began = time.UnixMilli(verification.values[1].(int64))
		for _, table := range tables {
			if err := read(table, "verification_id"); err != nil {
				return nil, err
			}
		}
	}
	return originals, nil
}

// each calls take for every row that the query finds.
func each(ctx context.Context, db *sql.DB, query string, take func(row), args ...any) (err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		r := row{columns: columns, values: make([]any, len(columns))}
		into := make([]any, len(columns))
		for i := range into {
			into[i] = &r.values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		take(r)
	}
	return rows.Err()
}

// copy inserts the verification once more, as if it had begun at the time.
func (f *filler) copy(ctx context.Context, o original, at time.Time) error {
	c := copying{at: at, back: o.began.Sub(at), days: dayOf(o.began) - dayOf(at), ids: map[string]string{}}
	if _, err := rand.Read(c.phone[:]); err != nil {
		return err
	}
	for _, r := range o.rows {
		values := make([]any, len(r.values))
		for i, v := range r.values {
			values[i] = c.value(r.columns[i], v)
		}
		if err := f.insert(ctx, r.insert, values); err != nil {
			return fmt.Errorf("%s: %w", r.insert, err)
		}
	}
	return nil
}

func (f *filler) insert(ctx context.Context, statement string, values []any) (err error) {
	st := f.inserts[statement]
	if st == nil {
		if st, err = f.db.PrepareContext(ctx, statement); err != nil {
			return err
		}
		f.inserts[statement] = st
	}
	_, err = st.ExecContext(ctx, values...)
	return err
}

// copying is one copy in the making.
type copying struct {
	at    time.Time
	back  time.Duration // how much earlier than the original
	days  int64         // the same in days of the calendar
	phone otpcore.Index
	ids   map[string]string // new ids by old
}

// firstMilli is the least number that is taken for a time in unix milliseconds.
const firstMilli = 1_000_000_000_000

func (c *copying) value(column string, v any) any {
	switch v := v.(type) {
	case int64:
		switch {
		case column == "seq": // the database counts
			return nil
		case column == "day":
			return v - c.days
		case v > firstMilli:
			return v - c.back.Milliseconds()
		}
	case []byte:
		if column == "phone_index" {
			return c.phone[:]
		}
	case string:
		for _, prefix := range []string{otpcore.PrefixVerification, otpcore.PrefixDelivery, otpcore.PrefixEvent} {
			if strings.HasPrefix(v, prefix+"_") {
				if c.ids[v] == "" {
					c.ids[v] = string(otpcore.NewID(prefix, c.at))
				}
				return c.ids[v]
			}
		}
	}
	return v
}

func dayOf(t time.Time) int64 { return t.Unix() / 86_400 }
