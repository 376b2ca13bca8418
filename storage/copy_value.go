package storage

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// kind is what a column holds, whatever the database calls its type.
type kind byte

const (
	texts kind = iota
	bytea
	number
	yesOrNo // which SQLite keeps as a number
)

type column struct {
	name string
	kind kind
}

var errOtherValue = errors.New("a value is of another type than its column")

func kindOf(typeName string) (kind, error) {
	switch typeName {
	case "TEXT":
		return texts, nil
	case "BLOB", "BYTEA":
		return bytea, nil
	case "INTEGER", "BIGINT", "INT4", "INT8":
		return number, nil
	case "BOOL":
		return yesOrNo, nil
	}
	return 0, fmt.Errorf("no copy is made of the type %q", typeName)
}

// common turns a value that a driver returned into the one that both databases
// agree on.
func (k kind) common(v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case int64:
		if k == number || k == yesOrNo {
			return v, nil
		}
	case string:
		if k == texts {
			return v, nil
		}
		if k == bytea {
			return []byte(v), nil
		}
	case []byte:
		if k == texts {
			return string(v), nil
		}
		if k == bytea {
			return append([]byte{}, v...), nil // never nil, which would be NULL
		}
	}
	return nil, errOtherValue
}

// own turns a common value into the one that the column's database takes.
func (k kind) own(v any) any {
	if n, ok := v.(int64); ok && k == yesOrNo {
		return n != 0
	}
	return v
}

// keyOf is the key of a row as bytes, which the mark keeps.
func (s *shelf) keyOf(r row) ([][]byte, error) {
	var key [][]byte
	for _, name := range s.key {
		i := slices.IndexFunc(s.columns, func(c column) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no column %s", name)
		}
		switch v := r[i].(type) {
		case int64:
			key = append(key, strconv.AppendInt(nil, v, 10))
		case string:
			key = append(key, []byte(v))
		case []byte:
			key = append(key, v)
		default:
			return nil, fmt.Errorf("column %s: %w", name, errOtherValue)
		}
	}
	return key, nil
}

// keyArgs turns such a key into parameters.
func (s *shelf) keyArgs(key [][]byte) ([]any, error) {
	var args []any
	for i, name := range s.key {
		at := slices.IndexFunc(s.columns, func(c column) bool { return c.name == name })
		if at < 0 || i >= len(key) {
			return nil, fmt.Errorf("no column %s", name)
		}
		switch s.columns[at].kind {
		case texts:
			args = append(args, string(key[i]))
		case bytea:
			args = append(args, key[i])
		default:
			n, err := strconv.ParseInt(string(key[i]), 10, 64)
			if err != nil {
				return nil, errOtherValue
			}
			args = append(args, n)
		}
	}
	return args, nil
}

// digest tells whether two tables hold the same rows, in whatever order the two
// databases sort them.
type digest struct {
	rows int64
	sum  [sha256.Size / 8]uint64 // of the hashes of all rows
}

func (d *digest) add(r row) {
	h := sha256.New()
	for _, v := range r {
		raw, tag := []byte(nil), byte('-') // NULL
		switch v := v.(type) {
		case int64:
			raw, tag = binary.BigEndian.AppendUint64(nil, uint64(v)), 'n'
		case string:
			raw, tag = []byte(v), 't'
		case []byte:
			raw, tag = v, 'b'
		}
		h.Write(binary.BigEndian.AppendUint64([]byte{tag}, uint64(len(raw))))
		h.Write(raw)
	}
	var hash [sha256.Size]byte
	h.Sum(hash[:0])
	for i := range d.sum {
		d.sum[i] += binary.BigEndian.Uint64(hash[8*i:])
	}
	d.rows++
}

// withoutRows keeps what a driver says of a row out of the error's text: it may
// quote the value that it did not take.
func withoutRows(err error) error {
	if err == nil {
		return nil
	}
	return &rowless{err}
}

type rowless struct{ err error }

func (e *rowless) Unwrap() error { return e.err }

func (e *rowless) Error() string {
	if pg, ok := errors.AsType[*pgconn.PgError](e.err); ok {
		return "PostgreSQL answers SQLSTATE " + pg.Code
	}
	_, isSQLite := errors.AsType[*sqlite.Error](e.err) // names columns, and no values
	_, isNet := errors.AsType[net.Error](e.err)
	_, isFile := errors.AsType[*fs.PathError](e.err)
	_, isConnect := errors.AsType[*pgconn.ConnectError](e.err)
	switch {
	case errors.Is(e.err, errOtherValue), errors.Is(e.err, context.Canceled), errors.Is(e.err, driver.ErrBadConn),
		isSQLite, isNet, isFile, isConnect:
		return oneLine{e.err}.Error()
	}
	return "the driver refuses"
}
