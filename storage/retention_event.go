package storage

import (
	"strconv"
	"time"
)

const (
	walkEvents = `SELECT seq, at FROM events WHERE seq > $1 ORDER BY seq LIMIT $2`
	// The newest event of a business stays: it is where whoever has fetched all
	// of them goes on.
	deleteEvents = `DELETE FROM events WHERE seq > $1 AND seq <= $2 AND (type LIKE 'note.%' OR seq <> (
		SELECT MAX(n.seq) FROM events n WHERE n.business_id = events.business_id AND n.mode = events.mode AND n.` + told + `))`
	lastKeptEvent = `SELECT COALESCE(MAX(seq), 0) FROM events WHERE seq > $1 AND seq <= $2`
)

// readEvents reads events in the order of their commits, which is that of their
// times as well.
func readEvents(s *session, from string, until time.Time) ([]ripening, error) {
	type event struct {
		seq int64
		at  int64
	}
	list, err := all(s, func(scan func(...any) error) (e event, err error) {
		err = scan(&e.seq, &e.at)
		return e, err
	}, walkEvents, seqAt(from), batchRows)
	if err != nil {
		return nil, err
	}
	var rows []ripening
	for _, e := range list {
		if e.at > millis(until) {
			break
		}
		rows = append(rows, ripening{strconv.FormatInt(e.seq, 10), true})
	}
	return rows, nil
}

// takeEvents goes on behind the last event that stays, and not behind the last
// one that went: where nothing follows that one, the database may give its
// number out again.
func takeEvents(t *transaction, p page) (int64, string, error) {
	from, last := seqAt(p.from), seqAt(p.last())
	n, err := t.exec(deleteEvents, from, last)
	if err != nil {
		return 0, "", err
	}
	kept, err := value[int64](&t.session, lastKeptEvent, from, last)
	if err != nil || kept == 0 {
		return n, p.from, err
	}
	return n, strconv.FormatInt(kept, 10), nil
}

// seqAt reads a walk's place among the events, 0 before the first turn.
func seqAt(place string) int64 {
	seq, _ := strconv.ParseInt(place, 10, 64)
	return seq
}
