package storage

import (
	"time"

	"otpravka/otpcore"
)

const (
	walkLinks  = `SELECT ` + linkColumns + ` FROM links WHERE id > $1 ORDER BY id LIMIT $2`
	deleteLink = `DELETE FROM links WHERE id = $1`
)

// linkOver is when a link stopped being of use: when it was revoked, when its
// request ran out, or when its proof grew older than any business may accept.
func linkOver(l *otpcore.Link) time.Time {
	switch l.Status {
	case otpcore.LinkRevoked:
		return l.EndedAt
	case otpcore.LinkPending:
		return l.ExpiresAt
	}
	return l.VerifiedAt.Add(proofKept)
}

func linkHeld(l *otpcore.Link) bool {
	return !l.Phone.Index.IsZero() || !l.Chat.Index.IsZero() || l.TokenHash != nil
}

// linkDue says what the purge does to a link at the time.
func linkDue(l *otpcore.Link, now time.Time) (erase, drop bool) {
	kept := now.Sub(linkOver(l))
	return kept >= personKept && linkHeld(l), kept >= rowsKept
}

// readLinks reads links by the order of their making, in which they do not
// end. People link once and get codes for years, so the table is small enough
// to be walked round and round.
func readLinks(s *session, from string, now time.Time) ([]ripening, error) {
	links, err := all(s, scanLink, walkLinks, from, batchRows)
	if err != nil {
		return nil, err
	}
	rows := make([]ripening, len(links))
	for i, l := range links {
		erase, drop := linkDue(l, now)
		rows[i] = ripening{string(l.ID), erase || drop}
	}
	return rows, nil
}

// takeLinks looks at each link again: it may have been renewed since.
func takeLinks(t *transaction, p page) (int64, string, error) {
	var n int64
	for _, id := range p.full() {
		l, err := t.link(otpcore.ID(id))
		if err != nil {
			return 0, "", err
		}
		switch erase, drop := linkDue(l, p.now); {
		case drop:
			_, err = t.exec(deleteLink, id)
		case erase:
			err = t.eraseLink(l)
		default:
			continue
		}
		if err != nil {
			return 0, "", err
		}
		n++
	}
	return n, p.last(), nil
}

// eraseLink leaves a link without its person. One that was never revoked has
// carried nothing for long and is revoked without a word.
func (t *transaction) eraseLink(l *otpcore.Link) error {
	if l.Status == otpcore.LinkActive || l.Status == otpcore.LinkInactive {
		l.Status, l.EndReason, l.EndedAt = otpcore.LinkRevoked, "lapsed", linkOver(l)
	}
	l.Erase()
	return t.saveLink(l)
}
