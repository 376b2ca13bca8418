// Package migrations holds the schema's history as numbered SQL files. A
// released file is never changed: databases in the field have run it.
package migrations

import "embed"

// FS holds every migration, in goose's format.
//
//go:embed *.sql
var FS embed.FS
