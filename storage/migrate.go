package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/pressly/goose/v3"

	"otpravka/storage/migrations"
)

// migrate brings the schema up to this program's version. It refuses a newer
// one: an old program would not know what the new columns mean.
func migrate(ctx context.Context, d dialect) error {
	db, err := d.connect(false)
	if err != nil {
		return err
	}
	return errors.Join(migrateTo(ctx, d, db), db.Close())
}

func migrateTo(ctx context.Context, d dialect, db *sql.DB) error {
	p, err := schemaSteps(d, db)
	if err != nil {
		return err
	}
	have, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if err := refuseNewer(have, known); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate schema: %w", err)
	}
	return nil
}

// schemaSteps are the migrations that this program knows.
func schemaSteps(d dialect, db *sql.DB) (*goose.Provider, error) {
	speech, folder := d.schema()
	p, err := goose.NewProvider(speech, db, migrations.Of(folder),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return p, nil
}

func refuseNewer(have, known int64) error {
	if have <= known {
		return nil
	}
	return fmt.Errorf("the database has schema version %d and this program knows %d: run the newer otpravka that made it, or restore a backup from before", have, known)
}
