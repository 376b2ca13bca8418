package storage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes that are told apart, from appendix A of PostgreSQL's manual.
const (
	divisionByZero       = "22012"
	uniqueViolation      = "23505"
	invalidAuth          = "28000"
	invalidPassword      = "28P01"
	invalidDatabase      = "3D000"
	insufficientRights   = "42501"
	undefinedParameter   = "42704"
	tooManyConnections   = "53300"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	lockNotAvailable     = "55P03"
	cannotConnectNow     = "57P03"
	unsupportedStartup   = "08P01" // what PgBouncer answers to settings that it does not know
	readOnlyTransaction  = "25006"
)

var (
	errBadAddress = errors.New("OTPRAVKA_DATABASE_URL is no PostgreSQL address: write postgres://user:password@host:5432/database, with special characters of the password as %40 and the like")
	errHeld       = fmt.Errorf("%w: stop it, or give this one a database or a schema of its own", errInUse)
)

// sqlState returns the code of an error that PostgreSQL reports, empty for
// others.
func sqlState(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

// oneLine is an error whose text has no line breaks: pgx writes one line for
// each address that it has tried.
type oneLine struct{ error }

func (e oneLine) Error() string { return strings.Join(strings.Fields(e.error.Error()), " ") }

func (e oneLine) Unwrap() error { return e.error }

func (p *postgres) explain(err error) error {
	cause := oneLine{err}
	user, database := p.config.User, p.config.Database
	switch sqlState(err) {
	case invalidPassword, invalidAuth:
		return fmt.Errorf("PostgreSQL does not let %q in: check the user and the password in OTPRAVKA_DATABASE_URL, and pg_hba.conf: %w", user, cause)
	case invalidDatabase:
		return fmt.Errorf("PostgreSQL has no database %q: run `CREATE DATABASE %s OWNER %s`, or name another one in OTPRAVKA_DATABASE_URL: %w", database, database, user, cause)
	case insufficientRights:
		return fmt.Errorf("%q may not do what is needed: make it the owner of the database and of the tables in it (`REASSIGN OWNED BY … TO %s`), or, while there are none, run `GRANT CREATE, USAGE ON SCHEMA public TO %s` in %s: %w", user, user, user, database, cause)
	case undefinedParameter, unsupportedStartup:
		return fmt.Errorf("the server does not take the settings of a session: connect to PostgreSQL %d or newer without a pooler, or with one in session mode: %w", oldestServer, cause)
	case tooManyConnections:
		return fmt.Errorf("PostgreSQL has no connection left: raise max_connections by %d, or close others: %w", postgresReaders+2, cause)
	case cannotConnectNow:
		return fmt.Errorf("PostgreSQL is starting or stopping: try again in a moment: %w", cause)
	case readOnlyTransaction:
		return fmt.Errorf("%s takes no writes: name the primary in OTPRAVKA_DATABASE_URL: %w", p.name(), cause)
	}
	if errors.Is(err, pgconn.ErrStandbyConnection) {
		return fmt.Errorf("%s is a standby: name the primary in OTPRAVKA_DATABASE_URL, or all servers separated by commas: %w", p.name(), cause)
	}
	if trouble := p.explainCertificate(err); trouble != nil {
		return trouble
	}
	_, unreachable := errors.AsType[net.Error](err)
	if _, refused := errors.AsType[*pgconn.ConnectError](err); refused || unreachable || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s cannot be reached: start PostgreSQL, or correct OTPRAVKA_DATABASE_URL: %w", p.name(), cause)
	}
	return err
}
