package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// copying is a transfer under way.
type copying struct {
	Transfer
	source, target *end
	keyCheck       string // of the source
	mark           mark   // as it is in the target
}

// admit decides whether these rows may go to this target, and marks it. It
// reports whether an earlier run had begun.
func (c *copying) admit(ctx context.Context) (resumed bool, err error) {
	from, to := c.source.dialect.name(), c.target.dialect.name()
	unfinished, moved, err := c.source.marks(ctx)
	if err != nil {
		return false, err
	}
	begun, gone, err := c.target.marks(ctx)
	switch {
	case err != nil:
		return false, err
	case unfinished != nil:
		return false, fmt.Errorf("%s is an unfinished copy of %s itself: finish that one, or name another source", from, unfinished.Origin.Name)
	case gone != "":
		return false, errMoved(to, gone)
	case moved != "" && (moved != to || begun == nil):
		return false, errMoved(from, moved)
	case begun != nil && c.StartOver:
		return false, c.begin(ctx)
	case begun != nil && !begun.Origin.same(c.mark.Origin):
		return false, fmt.Errorf("%s is an unfinished copy of %s, which is another database or was in use since: empty it by running the command with --start-over", to, begun.Origin.Name)
	case begun != nil:
		c.mark = *begun
		return true, nil
	}
	if err := c.target.vacant(ctx); err != nil {
		return false, err
	}
	return false, c.begin(ctx)
}

// vacant refuses a target with rows. A server that ran on it once and did
// nothing leaves boots, of which nothing else speaks.
func (e *end) vacant(ctx context.Context) error {
	for _, t := range copiedTables {
		if t.name == "boots" {
			continue
		}
		rows, err := readTexts(ctx, e.conn, "SELECT '' FROM "+t.name+" LIMIT 1")
		if err != nil {
			return fmt.Errorf("look into %s: %w", t.name, err)
		}
		if len(rows) > 0 {
			return fmt.Errorf("%s holds data already, in the table %s: name an empty database, nothing is overwritten", e.dialect.name(), t.name)
		}
	}
	return nil
}

// begin marks the target, and empties it of boots or of an earlier attempt.
func (c *copying) begin(ctx context.Context) error {
	err := c.target.inTransaction(ctx, func(on runner) error {
		if err := c.saveMark(ctx, on); err != nil {
			return err
		}
		_, err := on.ExecContext(ctx, saveMeta, keyCheckMeta, c.keyCheck)
		return withoutRows(err)
	})
	if err != nil {
		return fmt.Errorf("mark the target: %w", err)
	}
	for _, t := range copiedTables {
		if err := c.target.empty(ctx, t); err != nil {
			return fmt.Errorf("empty %s: %w", t.name, err)
		}
	}
	return nil
}

// empty deletes the rows of a table, some at a time: one statement for all of
// them could take longer than a session may.
func (e *end) empty(ctx context.Context, t copiedTable) error {
	key := strings.Join(quoted(t.key), ", ")
	query := fmt.Sprintf("DELETE FROM %s WHERE (%s) IN (SELECT %s FROM %s LIMIT %d)", t.name, key, key, t.name, copyBatch)
	for {
		res, err := e.conn.ExecContext(ctx, query)
		if err != nil {
			return withoutRows(err)
		}
		n, err := res.RowsAffected()
		if err != nil || n == 0 {
			return err
		}
	}
}

func (c *copying) saveMark(ctx context.Context, on runner) error {
	text, err := json.Marshal(c.mark)
	if err != nil {
		return err
	}
	_, err = on.ExecContext(ctx, saveMeta, unfinishedMeta, string(text))
	return withoutRows(err)
}
