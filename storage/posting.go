package storage

import (
	"context"
	"time"

	"otpravka/otpcore"
)

const (
	postingColumns = `id, endpoint_id, business_id, event_id, event_type, cause, status, tries, due_at, http_status, failure, took, created_at, tried_at`
	upsertPosting  = `INSERT INTO postings (` + postingColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, tries = excluded.tries, due_at = excluded.due_at,
			http_status = excluded.http_status, failure = excluded.failure, took = excluded.took, tried_at = excluded.tried_at`
	selectPosting = `SELECT ` + postingColumns + ` FROM postings WHERE id = $1`
	// An id is smaller than the tilde.
	postingsOf = `SELECT ` + postingColumns + ` FROM postings
		WHERE endpoint_id = $1 AND id < $2 AND ($3 = '' OR status = $3) ORDER BY id DESC LIMIT $4`
	duePostings = `SELECT ` + postingColumns + ` FROM postings
		WHERE endpoint_id = $1 AND due_at IS NOT NULL ORDER BY due_at, id LIMIT $2`

	// A log that tells of a week answers whether something arrived. What did not
	// is of use for as long as its event can be sent again.
	takenPostings  = `SELECT id, status = 'delivered' FROM postings WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3`
	deleteTaken    = `DELETE FROM postings WHERE id > $1 AND id <= $2 AND status = 'delivered' AND created_at <= $3`
	oldPostings    = `SELECT id, TRUE FROM postings WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3`
	deletePostings = `DELETE FROM postings WHERE id > $1 AND id <= $2 AND created_at <= $3`
	lastOfAll      = "~"
	postingsKept   = eventsKept
	takenKept      = 7 * 24 * time.Hour
)

func scanPosting(scan func(...any) error) (*otpcore.Posting, error) {
	var p otpcore.Posting
	var due *int64
	var took, created, tried int64
	err := scan((*string)(&p.ID), (*string)(&p.EndpointID), (*string)(&p.BusinessID), (*string)(&p.EventID), (*string)(&p.EventType),
		(*string)(&p.Cause), (*string)(&p.Status), &p.Tries, &due, &p.HTTPStatus, (*string)(&p.Failure), &took, &created, &tried)
	if due != nil {
		p.DueAt = fromMillis(*due)
	}
	p.Took, p.CreatedAt, p.TriedAt = time.Duration(took)*time.Millisecond, fromMillis(created), fromMillis(tried)
	return &p, err
}

func (s *session) posting(id otpcore.ID) (*otpcore.Posting, error) {
	return one(s, scanPosting, selectPosting, string(id))
}

func (s *session) savePosting(p *otpcore.Posting) error {
	_, err := s.exec(upsertPosting, string(p.ID), string(p.EndpointID), string(p.BusinessID), string(p.EventID), string(p.EventType),
		string(p.Cause), string(p.Status), p.Tries, orNull(millis(p.DueAt)), p.HTTPStatus, string(p.Failure), p.Took.Milliseconds(),
		millis(p.CreatedAt), millis(p.TriedAt))
	return err
}

// PostingsOf implements otpcore.Reader.
func (db *DB) PostingsOf(ctx context.Context, q otpcore.PostingQuery) ([]*otpcore.Posting, error) {
	before := string(q.Before)
	if before == "" {
		before = lastOfAll
	}
	return all(db.reader(ctx), scanPosting, postingsOf, string(q.EndpointID), before, string(q.Status), q.Limit)
}

// DuePostings implements otpcore.Reader.
func (db *DB) DuePostings(ctx context.Context, endpoint otpcore.ID, limit int) ([]*otpcore.Posting, error) {
	return all(db.reader(ctx), scanPosting, duePostings, string(endpoint), limit)
}

func postingsBy(query string) func(*session, string, time.Time) ([]ripening, error) {
	return func(s *session, from string, until time.Time) ([]ripening, error) {
		return all(s, scanRipening, query, from, firstID(otpcore.PrefixPosting, until), batchRows)
	}
}
