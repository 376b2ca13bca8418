package storage

import (
	"encoding/binary"
	"time"

	"otpravka/otpcore"
)

// How long what tells of a person is kept. The pages that tell businesses and
// people so are docs/privacy.md and the bots' answer to /privacy.
const (
	// The address and the text of a message serve its sending, the edit that
	// takes the code out of it, and questions while its receipt may still come.
	addressKept = editLife + receiptDays*24*time.Hour
	// A month is what it takes to settle a quarrel about a payment or a login.
	personKept = 30 * 24 * time.Hour
	// Without the person, a row still counts in the statistics of a year.
	rowsKept = 365 * 24 * time.Hour
	// Events only name rows. Whoever has not fetched one for a month is told so
	// by its cursor.
	eventsKept = personKept
	// No business may carry codes over an older proof than this, so a link that
	// was not proved again is of no use.
	proofKept = 365 * 24 * time.Hour
)

// How long rows live before these times begin.
const (
	editLife = 10 * time.Minute // an edit that waited longer is dropped
	codeLife = 10 * time.Minute
	tripLife = longestLife * 24 * time.Hour // of a hand-over code
	// delay is how late the program may be to end what is over.
	delay = 10 * time.Minute
)

// walks are all that the purge takes by its age, oldest first.
var walks = []walk{
	{name: "addresses", age: codeLife + delay + addressKept, keep: addressKept, read: deliveriesBy(heldAddresses), take: inRange(takeAddresses)},
	{name: "addresses_late", age: tripLife + delay + addressKept, keep: addressKept, read: deliveriesBy(heldAddresses), take: inRange(takeAddresses)},
	{name: "persons", age: codeLife + delay + personKept, keep: personKept, read: readPersons, take: takePersons},
	{name: "persons_late", age: tripLife + delay + personKept, keep: personKept, read: readPersons, take: takePersons},
	{name: "messages", age: codeLife + delay + personKept, keep: personKept, read: deliveriesBy(heldMessages), take: inRange(takeMessages)},
	{name: "messages_late", age: tripLife + delay + personKept, keep: personKept, read: deliveriesBy(heldMessages), take: inRange(takeMessages)},
	{name: "events", age: eventsKept, read: readEvents, take: takeEvents},
	{name: "events_late", age: rowsKept, read: readEvents, take: takeEvents},
	{name: "deliveries", age: rowsKept, read: deliveriesBy(oldDeliveries), take: inRange(deleteDeliveries)},
	{name: "verifications", age: rowsKept, read: readVerifications, take: inRange(deleteVerifications)},
	{name: "postings", age: takenKept, keep: takenKept, read: postingsBy(takenPostings), take: inRange(deleteTaken)},
	{name: "postings_late", age: postingsKept, keep: postingsKept, read: postingsBy(oldPostings), take: inRange(deletePostings)},
	{name: "orders", read: readOrders, take: takeOrders, pages: 500},
	{name: "links", read: readLinks, take: takeLinks, pages: 50},
	{name: "standings", read: readStandings, take: takeStandings, pages: 100},
}

// unripe is what a delivery's verification must not be: pending, or over for
// too short a time. What the program ended late counts from when it was due.
const unripe = `SELECT 1 FROM verifications v WHERE v.id = deliveries.verification_id
	AND (v.status = 'pending' OR (v.ended_at > $3 AND v.expires_at > $3))`

// The statements that read tell of each row whether there is something to take.
const (
	heldAddresses = `SELECT id, target IS NOT NULL OR content IS NOT NULL FROM deliveries
		WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3`
	takeAddresses = `UPDATE deliveries SET target = NULL, content = NULL
		WHERE id > $1 AND id <= $2 AND due_at IS NULL AND (target IS NOT NULL OR content IS NOT NULL) AND NOT EXISTS (` + unripe + `)`
	// A message's own id and its link lead to the person at the messenger, and
	// an error tells of their telephone.
	heldMessages = `SELECT id, target IS NOT NULL OR content IS NOT NULL OR message_id IS NOT NULL OR error IS NOT NULL OR link_id <> ''
		FROM deliveries WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3`
	takeMessages = `UPDATE deliveries SET ` + noMessage + ` WHERE id > $1 AND id <= $2 AND due_at IS NULL AND NOT EXISTS (` + unripe + `)`
	noMessage    = `target = NULL, content = NULL, message_id = NULL, error = NULL, link_id = ''`

	oldDeliveries = `SELECT id, TRUE FROM deliveries WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3`
	// Nobody waits for anything that is a year old; the last parameter, which
	// every statement of this kind gets, is the time that a row must be over at.
	deleteDeliveries    = `DELETE FROM deliveries WHERE id > $1 AND id <= $2 AND queued_at <= $3`
	oldVerifications    = `SELECT id, TRUE FROM verifications WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3`
	deleteVerifications = `DELETE FROM verifications WHERE id > $1 AND id <= $2 AND status <> 'pending' AND created_at <= $3`
)

func deliveriesBy(query string) func(*session, string, time.Time) ([]ripening, error) {
	return func(s *session, from string, until time.Time) ([]ripening, error) {
		return all(s, scanRipening, query, from, firstID(otpcore.PrefixDelivery, until), batchRows)
	}
}

func readVerifications(s *session, from string, until time.Time) ([]ripening, error) {
	return all(s, scanRipening, oldVerifications, from, firstID(otpcore.PrefixVerification, until), batchRows)
}

// inRange takes from a page with one statement, which touches no other rows:
// none are made between those of a page any more.
func inRange(query string) func(*transaction, page) (int64, string, error) {
	return func(t *transaction, p page) (int64, string, error) {
		n, err := t.exec(query, p.from, p.last(), millis(p.over))
		return n, p.last(), err
	}
}

// firstID is the id that sorts before all that are made at the time.
func firstID(prefix string, at time.Time) string {
	var u [16]byte
	for i, ms := range binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli()))[2:] {
		u[i] = ms
	}
	return string(otpcore.FormatID(prefix, u))
}
