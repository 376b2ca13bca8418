// Package migrations holds the schema's history as numbered SQL files, in one
// folder for each database. A number means the same step in both: the tables,
// the columns and what may be NULL in them agree, the types and indexes are
// what suits the database. A released file is never changed: databases in the
// field have run it.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// Of returns the migrations of one folder, in goose's format: "sqlite" or
// "postgres".
func Of(folder string) fs.FS {
	sub, err := fs.Sub(files, folder)
	if err != nil {
		panic(err) // the folder's name is no path
	}
	return sub
}
