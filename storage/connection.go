package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/bits"
	"time"

	"otpravka/internal/backoff"
)

var (
	// errAway answers what is asked while the writer has no connection.
	errAway = errors.New("the connection to the database is lost")
	// errNewConnection stops a transaction that was planned before the connection
	// broke. Another server may have written since.
	errNewConnection = errors.New("the connection to the database is a new one")
)

// reconnecting bounds one try to connect again; everybody waits meanwhile.
const reconnecting = 10 * time.Second

// again is the pace of these tries.
var again = backoff.Pace{First: 100 * time.Millisecond, Most: 5 * time.Second}

// connect gives the writer a new connection in place of the one that it may
// have had.
func (w *writer) connect(ctx context.Context) error {
	w.disconnect()
	conn, err := w.pool.Conn(ctx)
	if err != nil {
		return err
	}
	if err := w.dialect.claim(ctx, conn); err != nil {
		return errors.Join(err, conn.Close())
	}
	w.conn, w.stmts = conn, newStatements(writing{conn, w.dialect})
	return nil
}

// writing prepares statements as the writer runs them.
type writing struct {
	conn    *sql.Conn
	dialect dialect
}

func (x writing) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return x.conn.PrepareContext(ctx, x.dialect.writing(query))
}

// statement prepares a statement on the connection that there is at the time.
func (w *writer) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if w.conn == nil {
		return nil, sql.ErrConnDone
	}
	return w.stmts.get(ctx, query)
}

// disconnect lets go of the connection, if there is one.
func (w *writer) disconnect() {
	if w.conn == nil {
		return
	}
	w.stmts.close()
	_ = w.conn.Close() // which a lost one refuses
	w.conn = nil
	w.memory.clear() // somebody else may write meanwhile
}

// abandon breaks the connection, whatever is open on it. The next transaction
// finds it lost.
func (w *writer) abandon() {
	if w.conn == nil {
		return
	}
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn }) // which makes the pool close it
	w.disconnect()
}

// isLost tells a connection that will never work again from a statement that
// failed.
func isLost(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone)
}

// outage is how long the writer has had no connection.
type outage struct {
	since time.Time
	tries int
	next  time.Time // no try before that
}

// reconnect brings a lost connection back, or says that there is none. Nothing
// that was under way on the old one is repeated here: a transaction whose end
// is not known has been answered as unavailable, and whoever asks again finds
// its outcome in the database.
func (w *writer) reconnect() error {
	now := time.Now()
	if now.Before(w.outage.next) {
		return errAway
	}
	if w.outage.tries == 0 {
		w.outage.since = now
	}
	w.away.Store(true)
	ctx, done := context.WithTimeout(context.Background(), reconnecting)
	defer done()
	err := w.connect(ctx)
	s := &session{ctx: ctx, stmt: w.statement}
	if err == nil { // the lock was free for a while, for a transfer as well
		err = refuseMarked(s, w.dialect.name(), false)
	}
	if err == nil {
		err = w.resume(s)
	}
	if err != nil {
		w.disconnect() // or the next transaction would begin on it
		w.outage.tries++
		w.outage.next = time.Now().Add(again.Pause(w.outage.tries))
		if bits.OnesCount(uint(w.outage.tries)) == 1 { // the first one, and then seldom
			w.log.Error("no connection to the database", "tries", w.outage.tries, "error", w.dialect.explain(err))
		}
		return fmt.Errorf("%w: %w", errAway, err)
	}
	w.log.Info("connected to the database again", "away", time.Since(w.outage.since).String(), "tries", w.outage.tries+1)
	w.outage = outage{}
	w.away.Store(false)
	return nil
}
