package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"otpravka/internal/keyring"
	"otpravka/otpcore"
)

// copies says what is copied, and into what.
type copies struct {
	file    string // SQLite, in nobody's use
	keyFile string
	status  otpcore.Status // of the originals, which are there already
	n       int
	phones  int           // the first copy is of the phone after this one
	past    time.Duration // the oldest copy began that long ago, and the last one now
}

// make copies verifications with all rows that belong to them. It knows the
// tables by their columns only: ids are replaced by new ones, times moved, and
// phones are others.
func (c copies) make(ctx context.Context) (err error) {
	ring, err := keyring.Load(c.keyFile)
	if err != nil {
		return err
	}
	// Nobody else reads, and a file that is half full after a power cut is of no
	// use to anybody. The server goes back to a log.
	db, err := openAlone(c.file, "&_pragma=synchronous(off)&_pragma=journal_mode(off)&_pragma=cache_size(-262144)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	originals, err := readOriginals(ctx, db, c.status)
	if err != nil {
		return err
	}
	if len(originals) == 0 {
		return fmt.Errorf("no verification that is %s is there to be copied", c.status)
	}
	// Events are numbered in the order in which they happened, and the copies are
	// older than whatever is there.
	if _, err := db.ExecContext(ctx, `UPDATE events SET seq = seq + ?`, roomForOlder); err != nil {
		return err
	}
	f := &filler{copies: c, ring: ring, db: db, inserts: map[string]*sql.Stmt{}}
	defer func() { err = errors.Join(err, f.close()) }()
	return f.copyAll(ctx, originals)
}

// roomForOlder is more events than any copies have.
const roomForOlder = 1_000_000_000

// openAlone opens a file that nobody else uses, over one connection.
func openAlone(file, pragmas string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=locking_mode(exclusive)"+pragmas)
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// filler inserts rows over the one connection of db.
type filler struct {
	copies
	ring    *keyring.Ring
	db      *sql.DB
	inserts map[string]*sql.Stmt
	events  int64 // the number of the last one
}

// copyBatch is how many copies share a transaction.
const copyBatch = 5000

// copyAll makes the copies, oldest first, evenly over the past.
func (f *filler) copyAll(ctx context.Context, originals []original) error {
	now, n := time.Now(), f.n
	for i := range n {
		if i%copyBatch == 0 {
			if _, err := f.db.ExecContext(ctx, "BEGIN"); err != nil {
				return err
			}
		}
		at := now.Add(-f.past + time.Duration(float64(f.past)*float64(i)/float64(n)))
		if err := f.copy(ctx, originals[i%len(originals)], at, f.phones+1+i); err != nil {
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
	table   string
	insert  string
	columns []string
	values  []any
}

func readOriginals(ctx context.Context, db *sql.DB, status otpcore.Status) ([]original, error) {
	var found []row
	if err := each(ctx, db, `SELECT id, created_at FROM verifications WHERE status = ? LIMIT ?`, func(r row) {
		found = append(found, r)
	}, string(status), samples); err != nil {
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
				r.table = table
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

// copy inserts the verification once more, as if the n-th phone had begun it at
// the time.
func (f *filler) copy(ctx context.Context, o original, at time.Time, n int) error {
	phone, err := phoneOf(n)
	if err != nil {
		return err
	}
	c := copying{at: at, back: o.began.Sub(at), days: dayOf(o.began) - dayOf(at), ids: map[string]string{}, index: f.ring.Index("phone", phone)}
	for _, r := range o.rows {
		values := make([]any, len(r.values))
		for i, v := range r.values {
			if r.columns[i] == "seq" {
				f.events++
				values[i] = f.events
				continue
			}
			values[i] = c.value(r.columns[i], v)
		}
		if r.table == "verifications" {
			f.sealPhone(r.columns, values, phone)
		}
		if err := f.insert(ctx, r.insert, values); err != nil {
			return fmt.Errorf("%s: %w", r.insert, err)
		}
	}
	return nil
}

// sealPhone seals the phone for the row that it moves into.
func (f *filler) sealPhone(columns []string, values []any, phone string) {
	of := func(column string) *any { return &values[slices.Index(columns, column)] }
	id, business := (*of("id")).(string), (*of("business_id")).(string)
	*of("phone_sealed") = f.ring.Seal(otpcore.Place{
		Table: "verifications", Column: "phone", Row: otpcore.ID(id), Business: otpcore.ID(business),
	}, []byte(phone))
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
	back  time.Duration     // how much earlier than the original
	days  int64             // the same in days of the calendar
	index otpcore.Index     // of the phone
	ids   map[string]string // new ids by old
}

// firstMilli is the least number that is taken for a time in unix milliseconds.
const firstMilli = 1_000_000_000_000

func (c *copying) value(column string, v any) any {
	switch v := v.(type) {
	case int64:
		switch {
		case column == "day":
			return v - c.days
		case v > firstMilli:
			return v - c.back.Milliseconds()
		}
	case []byte:
		if column == "phone_index" {
			return c.index[:]
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
