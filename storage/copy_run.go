package storage

import (
	"context"
	"fmt"
	"slices"
)

// run brings the copy from wherever it is to its end.
func (c *copying) run(ctx context.Context) ([]TableCount, error) {
	begin := max(0, slices.IndexFunc(copiedTables, func(t copiedTable) bool { return t.name == c.mark.Table }))
	for _, t := range copiedTables[begin:] {
		if err := c.copyTable(ctx, t); err != nil {
			return nil, fmt.Errorf("copy %s: %w", t.name, err)
		}
	}
	counts := make([]TableCount, 0, len(copiedTables))
	for _, t := range copiedTables {
		n, err := c.compareTable(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", t.name, err)
		}
		counts = append(counts, TableCount{t.name, n})
	}
	if err := c.finish(ctx); err != nil {
		return nil, fmt.Errorf("finish the copy: %w", err)
	}
	return counts, nil
}

// shelves are the table in both databases, with their columns in one order.
func (c *copying) shelves(ctx context.Context, t copiedTable) (from, to *shelf, err error) {
	if from, err = c.source.shelf(ctx, t, c.target.dialect.fitting); err != nil {
		return nil, nil, err
	}
	if to, err = c.target.shelf(ctx, t, c.target.dialect.fitting); err != nil {
		return nil, nil, err
	}
	return from, to, to.ordered(from)
}

// copyTable copies the rows that are not there yet.
func (c *copying) copyTable(ctx context.Context, t copiedTable) error {
	from, to, err := c.shelves(ctx, t)
	if err != nil {
		return err
	}
	if c.mark.Table != t.name {
		c.mark.Table, c.mark.After, c.mark.Rows = t.name, nil, 0
	}
	for {
		rows, last, err := from.page(ctx, c.mark.After, c.batch)
		if err != nil || len(rows) == 0 {
			return err
		}
		c.mark.After = last
		c.mark.Rows += int64(len(rows))
		err = c.target.inTransaction(ctx, func(on runner) error {
			if err := to.put(ctx, on, rows); err != nil {
				return err
			}
			return c.saveMark(ctx, on)
		})
		if err != nil {
			return err
		}
		c.tell(Progress{Table: t.name, Rows: c.mark.Rows})
	}
}

// compareTable reads the table in both databases and returns its rows.
func (c *copying) compareTable(ctx context.Context, t copiedTable) (int64, error) {
	from, to, err := c.shelves(ctx, t)
	if err != nil {
		return 0, err
	}
	was, err := c.digestOf(ctx, from)
	if err != nil {
		return 0, err
	}
	is, err := c.digestOf(ctx, to)
	switch {
	case err != nil:
		return 0, err
	case was.rows != is.rows:
		return 0, fmt.Errorf("%d rows became %d: somebody else writes to one of the databases, begin again with --start-over", was.rows, is.rows)
	case was != is:
		return 0, fmt.Errorf("some of the %d rows differ: somebody else writes to one of the databases, begin again with --start-over", is.rows)
	}
	return is.rows, nil
}

func (c *copying) digestOf(ctx context.Context, s *shelf) (d digest, err error) {
	var rows []row
	for after := [][]byte(nil); ; {
		if rows, after, err = s.page(ctx, after, c.batch); err != nil || len(rows) == 0 {
			return d, err
		}
		for _, r := range rows {
			d.add(r)
		}
		if s.end == c.target {
			c.tell(Progress{Table: s.name, Rows: d.rows, Checking: true})
		}
	}
}

func (c *copying) tell(p Progress) {
	if c.Told != nil {
		c.Told(p)
	}
}

const (
	clearMeta = `DELETE FROM meta`
	// What is not copied is about the one database only: the history that it
	// lives through, and its marks.
	sharedMeta = `SELECT name FROM meta WHERE name NOT IN ('` + lineageMeta + `', '` + unfinishedMeta + `', '` + movedMeta + `') ORDER BY name`
)

// finish makes the target a database that a server starts on. The source is
// closed first: when this ends in between, no server starts on either, and the
// next run finishes it.
func (c *copying) finish(ctx context.Context) error {
	for _, t := range copiedTables {
		for _, query := range c.target.dialect.settle(t) {
			if _, err := c.target.conn.ExecContext(ctx, query); err != nil {
				return fmt.Errorf("settle %s: %w", t.name, withoutRows(err))
			}
		}
	}
	names, err := readTexts(ctx, c.source.conn, sharedMeta)
	if err != nil {
		return err
	}
	values := make(map[string]string)
	for _, name := range names {
		found, err := readTexts(ctx, c.source.conn, selectMeta, name)
		if err != nil {
			return err
		}
		values[name] = found[0]
	}
	if _, err := c.source.conn.ExecContext(ctx, saveMeta, movedMeta, c.target.dialect.name()); err != nil {
		return withoutRows(err)
	}
	return c.target.inTransaction(ctx, func(on runner) error {
		if _, err := on.ExecContext(ctx, clearMeta); err != nil {
			return withoutRows(err)
		}
		for _, name := range names {
			if _, err := on.ExecContext(ctx, saveMeta, name, values[name]); err != nil {
				return withoutRows(err)
			}
		}
		return nil
	})
}
