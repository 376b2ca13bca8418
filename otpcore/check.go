package otpcore

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// Reason says why a check did not approve.
type Reason string

// The reasons.
const (
	ReasonInvalidCode     Reason = "invalid_code"
	ReasonMalformedCode   Reason = "malformed_code" // no attempt was used
	ReasonExpired         Reason = "expired"
	ReasonTooManyAttempts Reason = "too_many_attempts"
	ReasonAlreadyUsed     Reason = "already_used"
	ReasonCanceled        Reason = "canceled"
	ReasonFailed          Reason = "failed"
	ReasonContextMismatch Reason = "context_mismatch"
	ReasonPhoneLocked     Reason = "phone_locked"
)

// CheckResult is the answer to one check. It holds no secret, so that an
// idempotency key can repeat it.
type CheckResult struct {
	Valid        bool      `json:"valid"`
	Status       Status    `json:"status"`
	Reason       Reason    `json:"reason,omitempty"`
	AttemptsLeft int       `json:"attempts_left"`
	ApprovedAt   time.Time `json:"approved_at,omitzero"`
	Channel      Channel   `json:"channel,omitempty"`
}

// check is the one place where a code is compared. The attempt is counted
// before the comparison and in the same transaction, which commits whatever
// the comparison says: a wrong code is a result and never an error.
func (d *desk) check(c *Case, guess Code, context map[string]Param) (CheckResult, error) {
	v := c.Verification
	if c.over() {
		d.end(c, Expired, EndExpired)
	}
	if v.Status.Terminal() {
		return d.result(v, endedReason(v)), nil
	}
	if len(v.Context) > 0 && len(context) == 0 {
		return CheckResult{}, invalid("context_required", "/context", "This code is bound to a context. Repeat the context of the start, so that the code cannot confirm anything else.")
	}
	if guess.Len() != v.CodeLength {
		return d.result(v, ReasonMalformedCode), nil
	}
	if reason := d.locked(c); reason != "" {
		return d.result(v, reason), nil
	}
	code, ok := d.code(v)
	if !ok {
		c.keyGone = true
		d.end(c, Expired, EndExpired)
		return d.result(v, ReasonExpired), nil
	}
	v.Attempts++
	c.touchVerification()
	if !sameContext(v.Context, context) {
		d.end(c, Canceled, EndContextMismatch)
		return d.result(v, ReasonContextMismatch), nil
	}
	if !code.Equal(guess) {
		d.wrong(c)
		return d.result(v, ReasonInvalidCode), nil
	}
	d.approve(c)
	return d.result(v, ""), nil
}

// locked says why no code is compared for now.
func (d *desk) locked(c *Case) Reason {
	v := c.Verification
	if c.Now.Before(v.LockedUntil) {
		return ReasonTooManyAttempts
	}
	if d.counts(v) && d.lockedFor(c.Standing, c.Now) > 0 {
		return ReasonPhoneLocked
	}
	return ""
}

// counts reports whether wrong guesses count for the phone as well.
func (d *desk) counts(v *Verification) bool {
	return v.Mode == Live && d.rules.policy(v.Kind).Guarded
}

func (d *desk) wrong(c *Case) {
	v := c.Verification
	if d.counts(v) {
		c.countFailure()
	}
	left := v.MaxAttempts - v.Attempts
	c.note(NoteCheckFailed, nil, "reason", string(ReasonInvalidCode))
	if left <= 0 {
		d.end(c, Failed, EndTooManyAttempts)
		return
	}
	if p := d.rules.policy(v.Kind); p.LockEvery > 0 && v.Attempts%p.LockEvery == 0 {
		v.LockedUntil = c.Now.Add(p.LockFor)
	}
	d.moveClock(c)
}

// moveClock gives somebody who has a code in hand, if mistyped, more time
// before the fallback. It happens once. While nothing has left, nobody has one.
func (d *desk) moveClock(c *Case) {
	v := c.Verification
	if v.FallbackAt.IsZero() || v.FallbackMoved || !slices.ContainsFunc(c.Deliveries, (*Delivery).showsCode) {
		return
	}
	v.FallbackMoved = true
	last := v.ExpiresAt.Add(-quiet(v.TTL))
	if moved := earlier(v.FallbackAt.Add(v.FallbackAfter), last); moved.After(v.FallbackAt) {
		v.FallbackAt = moved
		c.note(NoteFallbackMoved, nil, "because", "wrong_code")
	}
}

func (d *desk) approve(c *Case) {
	v := c.Verification
	v.ApprovedBy = "code"
	onlySMS := true
	for _, dlv := range c.Deliveries {
		if !dlv.showsCode() {
			continue
		}
		v.Channel = dlv.Channel
		onlySMS = onlySMS && dlv.Channel == SMS
	}
	if d.counts(v) {
		c.clearFailures()
	}
	if onlySMS && v.Channel == SMS && v.Mode == Live {
		c.proveLinks()
	}
	d.end(c, Approved, "")
}

// showsCode reports whether somebody may have the code before their eyes, though
// its message failed later or its provider never answered.
func (d *Delivery) showsCode() bool {
	return d.Kind == DeliverCode && (!d.SentAt.IsZero() || d.Repeated || d.Status == Sending || d.Status == Unknown)
}

// proveLinks raises the phone's links: whoever typed this code held the phone
// itself, since the code went nowhere else.
func (c *Case) proveLinks() {
	for _, l := range c.Links {
		if l.Status == LinkActive && l.Proof != ProofSMS && l.VerifiedAt.Before(c.Verification.CreatedAt) {
			l.Proof = ProofSMS
			c.touchLink(l)
		}
	}
}

func (d *desk) result(v *Verification, reason Reason) CheckResult {
	r := CheckResult{Valid: reason == "", Status: v.Status, Reason: reason, AttemptsLeft: attemptsLeft(v)}
	if r.Valid {
		r.ApprovedAt, r.Channel = v.EndedAt, v.Channel
	}
	return r
}

func attemptsLeft(v *Verification) int {
	if v.Status.Terminal() {
		return 0
	}
	return max(0, v.MaxAttempts-v.Attempts)
}

func endedReason(v *Verification) Reason {
	switch {
	case v.Status == Approved:
		return ReasonAlreadyUsed
	case v.Status == Canceled:
		return ReasonCanceled
	case v.Status == Expired:
		return ReasonExpired
	case v.EndReason == EndTooManyAttempts:
		return ReasonTooManyAttempts
	}
	return ReasonFailed
}

// sameContext compares canonical forms: maps marshal with sorted names.
func sameContext(a, b map[string]Param) bool {
	if len(a) == 0 && len(b) == 0 {
		return true
	}
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
