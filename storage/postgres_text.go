package storage

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// textConnector makes connections that take any text.
type textConnector struct{ driver.Connector }

func (c textConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return textConn{conn.(*stdlib.Conn)}, nil
}

type textConn struct{ *stdlib.Conn }

// CheckNamedValue makes a text fit for PostgreSQL, which holds neither zero
// bytes nor what is no UTF-8 and would fail the whole transaction. Providers
// name messages as they like; what is stored and what is looked for change
// alike, so they still find each other.
func (textConn) CheckNamedValue(v *driver.NamedValue) error {
	v.Value = fit(v.Value)
	return nil
}

// SendBatch sends all statements in one round trip.
func (c textConn) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	for _, q := range b.QueuedQueries {
		for i, v := range q.Arguments {
			q.Arguments[i] = fit(v)
		}
	}
	return c.Conn.Conn().SendBatch(ctx, b)
}

// ArgTypes asks the server what it takes a statement's arguments for.
func (c textConn) ArgTypes(ctx context.Context, query string) ([]string, error) {
	conn := c.Conn.Conn()
	st, err := conn.Prepare(ctx, query, query)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(st.ParamOIDs))
	for i, oid := range st.ParamOIDs {
		typ, known := conn.TypeMap().TypeForOID(oid)
		if !known {
			return nil, fmt.Errorf("argument %d has the unknown type %d", i+1, oid)
		}
		names[i] = typ.Name
	}
	return names, nil
}

// IsClosed tells that the connection is lost.
func (c textConn) IsClosed() bool { return c.Conn.Conn().IsClosed() }

func fit(v any) any {
	if s, ok := v.(string); ok && (!utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0) {
		return strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
	}
	return v
}
