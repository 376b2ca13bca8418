package storage

import (
	"encoding/json"
	"time"

	"otpravka/otpcore"
)

const (
	verificationColumns = `id, business_id, mode, status, end_reason, approved_by, channel, phone_index, phone_sealed, asked,
		seed, own_code, position, attempts, max_attempts, sends, resends, resend_at, created_at, expires_at,
		fallback_at, fallback_moved, locked_until, ended_at, epoch`
	selectVerification = `SELECT ` + verificationColumns + ` FROM verifications WHERE id = $1`
	insertVerification = `INSERT INTO verifications (` + verificationColumns + `, wake_at, day)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
			$21, $22, $23, $24, $25, $26, $27)`
	// A terminal status stays: a row that has another one than the one to be
	// written is left alone.
	updateVerification = `UPDATE verifications SET status = $1, end_reason = $2, approved_by = $3, channel = $4,
			seed = $5, own_code = $6, position = $7, attempts = $8, sends = $9, resends = $10, resend_at = $11,
			expires_at = $12, fallback_at = $13, fallback_moved = $14, locked_until = $15, ended_at = $16, wake_at = $17
		WHERE id = $18 AND (status = 'pending' OR status = $19)`
	verificationsOfDay = `SELECT ` + verificationColumns + ` FROM verifications
		WHERE day = $1 AND phone_index = $2 AND business_id = $3 AND mode = $4 AND (id < $5 OR $5 = '')
		ORDER BY id DESC LIMIT $6`
	// Hand-over codes, of which a phone may have many, come with their orders.
	// The kind stands first in asked.
	pendingOfDay = `SELECT id FROM verifications
		WHERE day = $1 AND phone_index = $2 AND business_id = $3 AND status = 'pending' AND mode = 'live'
			AND asked NOT LIKE '{"kind":"handover"%'
		ORDER BY id LIMIT 20`
)

// asked is what a start fixed for good. It is written once, so it may be one
// column: the narrower a hot row, the cheaper each of its readings.
type asked struct {
	Kind          otpcore.VerificationKind `json:"kind"`
	Region        string                   `json:"region,omitempty"`
	Locale        string                   `json:"locale,omitempty"`
	Template      string                   `json:"template,omitempty"`
	Version       int                      `json:"template_version,omitempty"`
	Params        map[string]otpcore.Param `json:"params,omitempty"`
	Context       map[string]otpcore.Param `json:"context,omitempty"`
	OrderID       string                   `json:"order_id,omitempty"`
	Order         otpcore.ID               `json:"order,omitempty"`
	ClientIP      string                   `json:"client_ip,omitempty"`
	Metadata      map[string]string        `json:"metadata,omitempty"`
	Route         []otpcore.Channel        `json:"route"`
	WhenUnlinked  otpcore.WhenUnlinked     `json:"when_unlinked,omitempty"`
	FallbackOn    otpcore.FallbackOn       `json:"fallback_on,omitempty"`
	LinkProof     otpcore.Proof            `json:"link_proof,omitempty"`
	LinkNotBefore int64                    `json:"link_not_before,omitempty"`
	KeyID         string                   `json:"key_id,omitempty"`
	CodeLength    int                      `json:"code_length"`
	TTL           int64                    `json:"ttl"`
	FallbackAfter int64                    `json:"fallback_after,omitempty"`
	ReturnURL     string                   `json:"return_url,omitempty"`
	Paid          bool                     `json:"paid,omitempty"`
}

func askedOf(v *otpcore.Verification) asked {
	return asked{
		Kind: v.Kind, Region: v.Phone.Region, Locale: v.Locale, Template: v.Template, Version: v.TemplateVersion, Params: v.Params, Context: v.Context,
		OrderID: v.OrderID, Order: v.Order, ClientIP: v.ClientIP, Metadata: v.Metadata, Route: v.Route, WhenUnlinked: v.WhenUnlinked,
		FallbackOn: v.FallbackOn, LinkProof: v.LinkProof, LinkNotBefore: millis(v.LinkNotBefore), KeyID: v.KeyID,
		CodeLength: v.CodeLength, TTL: v.TTL.Milliseconds(), FallbackAfter: v.FallbackAfter.Milliseconds(),
		ReturnURL: v.ReturnURL, Paid: v.Paid,
	}
}

func (a *asked) apply(v *otpcore.Verification) {
	v.Kind, v.Phone.Region, v.Locale, v.Template, v.Params, v.Context = a.Kind, a.Region, a.Locale, a.Template, a.Params, a.Context
	v.TemplateVersion = a.Version
	v.OrderID, v.ClientIP, v.Metadata, v.Route = a.OrderID, a.ClientIP, a.Metadata, a.Route
	v.ReturnURL, v.Order = a.ReturnURL, a.Order
	v.WhenUnlinked, v.FallbackOn, v.LinkProof = a.WhenUnlinked, a.FallbackOn, a.LinkProof
	v.LinkNotBefore, v.KeyID, v.CodeLength, v.Paid = fromMillis(a.LinkNotBefore), a.KeyID, a.CodeLength, a.Paid
	v.TTL, v.FallbackAfter = time.Duration(a.TTL)*time.Millisecond, time.Duration(a.FallbackAfter)*time.Millisecond
}

func scanVerification(scan func(...any) error) (*otpcore.Verification, error) {
	var v otpcore.Verification
	var phone []byte
	var fixed string
	var resend, created, expires, fallback, locked, ended int64
	err := scan((*string)(&v.ID), (*string)(&v.BusinessID), (*string)(&v.Mode), (*string)(&v.Status),
		(*string)(&v.EndReason), &v.ApprovedBy, (*string)(&v.Channel), &phone, &v.Phone.Sealed, &fixed,
		&v.Seed, &v.OwnCode, &v.Position, &v.Attempts, &v.MaxAttempts, &v.Sends, &v.Resends, &resend, &created, &expires,
		&fallback, &v.FallbackMoved, &locked, &ended, &v.Epoch)
	if err != nil {
		return nil, err
	}
	v.Phone.Index = toIndex(phone)
	v.ResendAt, v.CreatedAt, v.ExpiresAt = fromMillis(resend), fromMillis(created), fromMillis(expires)
	v.FallbackAt, v.LockedUntil, v.EndedAt = fromMillis(fallback), fromMillis(locked), fromMillis(ended)
	var a asked
	if err := json.Unmarshal([]byte(fixed), &a); err != nil {
		return nil, err
	}
	a.apply(&v)
	return &v, nil
}

func putVerification(v *otpcore.Verification) write {
	seed, ownCode := secrets(v)
	return write{query: insertVerification, insert: true, args: []any{
		string(v.ID), string(v.BusinessID), string(v.Mode), string(v.Status),
		string(v.EndReason), v.ApprovedBy, string(v.Channel), v.Phone.Index[:], v.Phone.Sealed, toJSON(askedOf(v)),
		seed, ownCode, v.Position, v.Attempts, v.MaxAttempts, v.Sends, v.Resends, millis(v.ResendAt),
		millis(v.CreatedAt), millis(v.ExpiresAt), millis(v.FallbackAt), v.FallbackMoved, millis(v.LockedUntil),
		millis(v.EndedAt), v.Epoch, orNull(millis(v.WakeAt())), dayOf(v.CreatedAt),
	}}
}

func changeVerification(v *otpcore.Verification) write {
	seed, ownCode := secrets(v)
	return write{query: updateVerification, must: errStaleVerification, args: []any{
		string(v.Status), string(v.EndReason), v.ApprovedBy,
		string(v.Channel), seed, ownCode, v.Position, v.Attempts, v.Sends, v.Resends, millis(v.ResendAt),
		millis(v.ExpiresAt), millis(v.FallbackAt), v.FallbackMoved, millis(v.LockedUntil), millis(v.EndedAt),
		orNull(millis(v.WakeAt())), string(v.ID), string(v.Status),
	}}
}

// storedVerification returns the verification as its row gives it back.
func storedVerification(v *otpcore.Verification) *otpcore.Verification {
	s := *v
	s.Seed, s.OwnCode = secrets(v)
	s.Params, s.Context, s.Metadata = orNil(v.Params), orNil(v.Context), orNil(v.Metadata)
	s.LinkNotBefore, s.ResendAt, s.CreatedAt, s.ExpiresAt = stored(v.LinkNotBefore), stored(v.ResendAt), stored(v.CreatedAt), stored(v.ExpiresAt)
	s.FallbackAt, s.LockedUntil, s.EndedAt = stored(v.FallbackAt), stored(v.LockedUntil), stored(v.EndedAt)
	s.TTL, s.FallbackAfter = v.TTL.Truncate(time.Millisecond), v.FallbackAfter.Truncate(time.Millisecond)
	return &s
}

// orNil leaves no map where asked has none.
func orNil[M ~map[K]V, K comparable, V any](m M) M {
	if len(m) == 0 {
		return nil
	}
	return m
}

// secrets returns what derives the code: nothing, once the verification ended,
// whatever the caller left in it.
func secrets(v *otpcore.Verification) (seed, ownCode []byte) {
	if v.Status.Terminal() {
		return nil, nil
	}
	return v.Seed, v.OwnCode
}

// longestLife bounds how long a verification may be pending: a hand-over code
// lives as long as its parcel travels.
const longestLife = 14

// pendingOf looks through the days in which a pending verification can have
// begun, one short index range each.
func (t *transaction) pendingOf(business otpcore.ID, phone otpcore.Index) ([]otpcore.ID, error) {
	var ids []otpcore.ID
	today := dayOf(t.now)
	for day := today - longestLife; day <= today; day++ {
		found, err := all(&t.session, scanID, pendingOfDay, day, phone[:], string(business))
		if err != nil {
			return nil, err
		}
		ids = append(ids, found...)
	}
	return ids, nil
}

func scanID(scan func(...any) error) (otpcore.ID, error) {
	var id string
	err := scan(&id)
	return otpcore.ID(id), err
}

// listedDays is how far back a phone's verifications are listed.
const listedDays = 30

func (s *session) verificationsOf(q otpcore.PhoneQuery, now time.Time) ([]*otpcore.Verification, error) {
	var list []*otpcore.Verification
	for day := dayOf(now); day >= dayOf(now)-listedDays && len(list) < q.Limit; day-- {
		found, err := all(s, scanVerification, verificationsOfDay, day, q.Phone[:], string(q.BusinessID), string(q.Mode),
			string(q.Before), q.Limit-len(list))
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}
