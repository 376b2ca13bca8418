package storage

// A batch asks the database twice: once for all that its decisions look at,
// and once, with the commit, for all that they changed. What it asks rests in
// reads and writes until then, none of which waits for the outcome of another
// one of its kind, so that a database behind a network can be sent each list
// in a single round trip.

// read is a query and what takes its rows.
type read struct {
	query string
	args  []any
	row   func(scan func(...any) error) error // called for each row, of which there may be none

	peek bool  // it only finds out which reads behind it are worth asking
	only *bool // what a peek has found out about this one; nil: it is asked in any case
}

// reads are asked together.
type reads []read

// want adds a query whose rows, read by scan, go to take.
func want[T any](list *reads, scan func(func(...any) error) (T, error), take func(T), query string, args ...any) {
	*list = append(*list, read{query: query, args: args, row: func(from func(...any) error) error {
		v, err := scan(from)
		if err == nil {
			take(v)
		}
		return err
	}})
}

// peek adds a query of one row that tells which of the reads behind it would
// find something, in the order of found. Where statements are asked one after
// the other, one that finds nothing costs almost as much as one that does; where
// they travel together, all are sent and the peek is not.
func (list *reads) peek(found []*bool, query string, args ...any) {
	into := make([]any, len(found))
	for i, f := range found {
		into[i] = f
	}
	*list = append(*list, read{query: query, args: args, peek: true, row: func(scan func(...any) error) error { return scan(into...) }})
}

// last makes the read that was added last depend on what a peek finds.
func (list reads) last(only *bool) { list[len(list)-1].only = only }

// write is a statement, and what it must touch to be right.
type write struct {
	query  string
	args   []any
	must   error // what is wrong when it touches no row; nil: nothing is
	insert bool  // it inserts one row, its arguments, and may go together with others
}

// ask runs the reads one after the other.
func (s *session) ask(list reads) error {
	for i := range list {
		if only := list[i].only; only != nil && !*only {
			continue
		}
		if err := s.each(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// each hands over every row of a read.
func (s *session) each(r *read) error {
	st, err := s.stmt(s.ctx, r.query)
	if err != nil {
		return s.fold(err)
	}
	rows, err := st.QueryContext(s.ctx, r.args...)
	if err != nil {
		return s.fold(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := r.row(rows.Scan); err != nil {
			return s.fold(err)
		}
	}
	return s.fold(rows.Err())
}

// tell runs the writes one after the other.
func (s *session) tell(list ...write) error {
	for i := range list {
		w := &list[i]
		n, err := s.exec(w.query, w.args...)
		if err == nil && n == 0 {
			err = s.fold(w.must)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
