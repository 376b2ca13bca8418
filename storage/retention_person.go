package storage

import (
	"encoding/json"
	"time"

	"otpravka/otpcore"
)

// personRows are as many verifications as one transaction strips: each takes a
// statement of its own, because what stays of "asked" differs.
const personRows = 100

const (
	heldPersons = `SELECT id, phone_sealed IS NOT NULL AND status <> 'pending' FROM verifications
		WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3`
	ripePersons = `SELECT id, asked FROM verifications
		WHERE id > $1 AND id <= $2 AND phone_sealed IS NOT NULL AND status <> 'pending' AND (ended_at <= $3 OR expires_at <= $3)`
	askedOfEnded = `SELECT id, asked FROM verifications WHERE id = $1 AND status <> 'pending'`
	erasePerson  = `UPDATE verifications SET phone_index = $2, phone_sealed = NULL, asked = $3 WHERE id = $1 AND status <> 'pending'`

	eraseMessages  = `UPDATE deliveries SET ` + noMessage + ` WHERE verification_id = $1 AND due_at IS NULL`
	countMessages  = `SELECT COUNT(*) FROM deliveries WHERE verification_id = $1`
	countUnderWay  = `SELECT COUNT(*) FROM deliveries WHERE verification_id = $1 AND due_at IS NOT NULL`
	rememberErase  = `INSERT INTO erasures (verification_id, due_at) VALUES ($1, $2) ON CONFLICT (verification_id) DO UPDATE SET due_at = excluded.due_at`
	dueErasures    = `SELECT verification_id FROM erasures WHERE due_at <= $1 ORDER BY verification_id LIMIT $2`
	deleteErasure  = `DELETE FROM erasures WHERE verification_id = $1`
	deleteSessions = `DELETE FROM link_sessions WHERE business_id = $1 AND phone_index = $2`

	tracesOfDay = `SELECT id FROM verifications
		WHERE day = $1 AND phone_index = $2 AND business_id = $3 AND mode = $4 ORDER BY id LIMIT $5`
)

func readPersons(s *session, from string, until time.Time) ([]ripening, error) {
	return all(s, scanRipening, heldPersons, from, firstID(otpcore.PrefixVerification, until), personRows)
}

func takePersons(t *transaction, p page) (int64, string, error) {
	ripe, err := all(&t.session, scanPerson, ripePersons, p.from, p.last(), millis(p.over))
	if err != nil {
		return 0, "", err
	}
	for _, v := range ripe {
		if err := t.stripPerson(v); err != nil {
			return 0, "", err
		}
	}
	return int64(len(ripe)), p.last(), nil
}

// person is what a verification was asked with.
type person struct {
	id    otpcore.ID
	asked asked
}

func scanPerson(scan func(...any) error) (p person, err error) {
	var raw string
	if err := scan((*string)(&p.id), &raw); err != nil {
		return p, err
	}
	err = json.Unmarshal([]byte(raw), &p.asked)
	return p, err
}

// stripPerson leaves what says nothing of the person: the country, the kind,
// the template, the language, the channels and the times. An edit that takes a
// code out of a chat may still be rendered from them.
func (t *transaction) stripPerson(p person) error {
	rest := asked{
		Kind: p.asked.Kind, Region: p.asked.Region, Locale: p.asked.Locale, Template: p.asked.Template, Version: p.asked.Version, Route: p.asked.Route, WhenUnlinked: p.asked.WhenUnlinked,
		FallbackOn: p.asked.FallbackOn, LinkProof: p.asked.LinkProof, CodeLength: p.asked.CodeLength,
		TTL: p.asked.TTL, FallbackAfter: p.asked.FallbackAfter,
	}
	var nobody otpcore.Index
	_, err := t.exec(erasePerson, string(p.id), nobody[:], toJSON(rest))
	return err
}

// Erase implements otpcore.PersonTx. What is under way keeps its address until
// the purge finds it done.
func (x tx) Erase(verification otpcore.ID) (int, error) {
	t := x.t
	p, err := one(&t.session, scanPerson, askedOfEnded, string(verification))
	if err != nil {
		return 0, err
	}
	if err := t.stripPerson(p); err != nil {
		return 0, err
	}
	if err := t.eraseMessages(verification); err != nil {
		return 0, err
	}
	n, err := value[int64](&t.session, countMessages, string(verification))
	return int(n), err
}

// eraseMessages takes what it can from the deliveries of a forgotten person,
// and notes when to come back for the rest: once it is done, or dropped.
func (t *transaction) eraseMessages(verification otpcore.ID) error {
	if _, err := t.exec(eraseMessages, string(verification)); err != nil {
		return err
	}
	left, err := value[int64](&t.session, countUnderWay, string(verification))
	if err != nil {
		return err
	}
	if left > 0 {
		_, err = t.exec(rememberErase, string(verification), millis(t.now.Add(editLife+delay)))
		return err
	}
	_, err = t.exec(deleteErasure, string(verification))
	return err
}

// erasuresAtOnce are few, because each verification has several deliveries.
const erasuresAtOnce = 20

// purgeErasures finishes what was begun for forgotten persons.
func (t *transaction) purgeErasures() (int64, error) {
	ids, err := all(&t.session, scanID, dueErasures, millis(t.now), erasuresAtOnce)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if err := t.eraseMessages(id); err != nil {
			return 0, err
		}
	}
	return int64(len(ids)), nil
}

// keptDays is how far back a verification can hold a phone: as long as it may
// be pending, and kept after that, and as late as the purge may come.
const keptDays = int64((tripLife+personKept)/(24*time.Hour)) + 7

// Traces implements otpcore.PersonTx: one short index range for each day.
func (x tx) Traces(q otpcore.PhoneQuery) ([]otpcore.ID, error) {
	var ids []otpcore.ID
	today := dayOf(x.t.now)
	for day := today; day >= today-keptDays && len(ids) < q.Limit; day-- {
		found, err := all(&x.t.session, scanID, tracesOfDay, day, q.Phone[:], string(q.BusinessID), string(q.Mode), q.Limit-len(ids))
		if err != nil {
			return nil, err
		}
		ids = append(ids, found...)
	}
	return ids, nil
}

// DeleteSessionsOf implements otpcore.PersonTx. Sessions live an hour, so the
// table is read whole.
func (x tx) DeleteSessionsOf(business otpcore.ID, phone otpcore.Index) (int, error) {
	n, err := x.t.exec(deleteSessions, string(business), phone[:])
	return int(n), err
}
