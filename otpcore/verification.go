package otpcore

import "time"

// Status is where a verification stands. Terminal ones never change.
type Status string

// The states: pending leads to each of the others, and they lead nowhere.
const (
	Pending  Status = "pending"
	Approved Status = "approved"
	Canceled Status = "canceled"
	Expired  Status = "expired"
	Failed   Status = "failed"
)

// CanBecome reports whether the move is allowed.
func (s Status) CanBecome(next Status) bool {
	return s == Pending && next != Pending && next.known()
}

// Terminal reports whether the verification is over.
func (s Status) Terminal() bool { return s != Pending }

func (s Status) known() bool {
	switch s {
	case Pending, Approved, Canceled, Expired, Failed:
		return true
	}
	return false
}

// EndReason says why a verification ended without approval.
type EndReason string

// The end reasons.
const (
	EndTooManyAttempts EndReason = "too_many_attempts"    // failed
	EndUndeliverable   EndReason = "undeliverable"        // failed
	EndReported        EndReason = "reported"             // canceled: the user pressed "It wasn't me"
	EndByBusiness      EndReason = "canceled_by_business" // canceled
	EndContextMismatch EndReason = "context_mismatch"     // canceled: the check spoke of another payment
	EndExpired         EndReason = "expired"              // expired
)

// VerificationKind names the policy that a verification follows.
type VerificationKind string

// The kinds.
const (
	KindCode     VerificationKind = "code"     // a login or confirmation code
	KindHandover VerificationKind = "handover" // an order's hand-over code, read to the courier
)

// Param is one typed value of a template.
type Param struct {
	Text  string `json:"text,omitempty"`
	Money *Money `json:"money,omitempty"`
}

// Verification is one try to prove that a person holds a phone. It has one
// code for its whole life, and the code itself is nowhere in it.
type Verification struct {
	ID         ID
	BusinessID ID
	Mode       Mode
	Kind       VerificationKind
	Status     Status
	EndReason  EndReason
	ApprovedBy string  // "code"; "tap" and "page" where those exist
	Channel    Channel // the channel that the approving code had reached last

	Phone    SealedPhone
	Locale   string
	Template string
	// TemplateVersion is the version of the business's own texts, fixed at the
	// start; 0: only built-in texts count.
	TemplateVersion int
	Params          map[string]Param
	Context         map[string]Param // what the code is bound to, in canonical form
	OrderID         string
	Order           ID // of hand-over codes: the order whose message shows the code
	ClientIP        string
	Metadata        map[string]string

	ReturnURL string // where the chat's button leads back to; may be empty

	Route         []Channel // fixed at start
	Paid          bool      // chat channels may cost money: the phone's country is on the business's list
	Position      int       // channels of the route that were opened or skipped so far
	WhenUnlinked  WhenUnlinked
	FallbackOn    FallbackOn
	LinkProof     Proof     // least proof that a link needs to carry this code
	LinkNotBefore time.Time // links verified earlier are too old to carry it

	Seed       []byte // 32 random bytes; nil once the verification ended
	KeyID      string // the key that derives the code
	CodeLength int
	OwnCode    []byte // the business's own code, sealed; nil once ended

	TTL           time.Duration // as asked at start
	FallbackAfter time.Duration // as asked at start
	Attempts      int
	MaxAttempts   int
	Sends         int // messages on any channel, edits not counted
	Resends       int
	ResendAt      time.Time // earliest time of the next resend
	CreatedAt     time.Time
	ExpiresAt     time.Time
	FallbackAt    time.Time // zero: no fallback is armed
	FallbackMoved bool      // a wrong code has moved the clock, which happens once
	LockedUntil   time.Time // handover codes only: no check before this
	EndedAt       time.Time
	Epoch         int64 // recovery epoch; rows of an older epoch are dead
}

// WakeAt is the time of the next thing that happens to the verification by
// itself, zero when nothing will.
func (v *Verification) WakeAt() time.Time {
	if v.Status.Terminal() {
		return time.Time{}
	}
	if !v.FallbackAt.IsZero() && v.FallbackAt.Before(v.ExpiresAt) {
		return v.FallbackAt
	}
	return v.ExpiresAt
}
