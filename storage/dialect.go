package storage

import (
	"context"
	"database/sql"
	"io"
	"time"

	"github.com/pressly/goose/v3"
)

// dialect is all that one database does differently from the other. Statements
// are not part of it: they are written once, for both.
type dialect interface {
	// name tells people which database this is. It holds no password.
	name() string
	// reserve makes the place ready, and keeps other processes out of it until
	// what it returns is closed, where that can be done without a connection.
	reserve() (io.Closer, error)
	// connect makes a pool, for the readers or for the writer. Nothing is
	// touched before the first connection.
	connect(readOnly bool) (*sql.DB, error)
	// find wraps ErrNone when nothing has been made in the place yet.
	find(ctx context.Context, pool *sql.DB) error
	// claim is called with each new connection of the writer before it is used:
	// it may refuse it, and keeps other processes out for as long as it lasts.
	claim(ctx context.Context, conn *sql.Conn) error
	// nests tells whether BEGIN goes on in a transaction that is open, where it
	// should fail.
	nests() bool
	// schema says how goose speaks to the database, and which folder of
	// migrations is its own.
	schema() (goose.Dialect, string)
	// writing returns the text under which the writer runs a statement.
	writing(query string) string
	// begin opens the writer's transaction.
	begin() string
	// exchange returns what a batch of ops goes through: the one that is given,
	// or a better one.
	exchange(x *oneByOne) exchange
	// snapshot opens a reader's transaction whose statements all see one state.
	snapshot() sql.TxOptions
	// look asks the database for the time and the history that it lives in.
	look(s *session) (sight, error)
	// leave is called with the writer's connection before it is closed for good.
	leave(ctx context.Context, conn *sql.Conn) error
	// numbering is what an insert says to give numbers that the database draws
	// by itself.
	numbering() string
	// settle lists what to run once rows with such numbers were put into a table.
	settle(t copiedTable) []string
	// fitting returns the text as the database holds it.
	fitting(text string) string
	// explain turns an error of the first connection into one sentence that
	// says what to do.
	explain(err error) error
}

// sight is what a database shows of itself.
type sight struct {
	at    time.Time // the machine's time at that moment
	shown time.Time // the database's; zero: it has no clock of its own
	// lineage names the history that the database has lived through. It changes
	// when a standby takes over or a copy is restored. Empty: not known.
	lineage string
}

// dialectOf reads a database URL.
func dialectOf(cfg Config) (dialect, error) {
	if IsPostgres(cfg.URL) {
		return newPostgres(cfg)
	}
	path, err := Location(cfg.URL)
	if err != nil {
		return nil, err
	}
	return &sqliteFile{path: path, wrap: cfg.wrap}, nil
}
