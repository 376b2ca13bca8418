package otpcore

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the class of an Error. The edge translates it once, to an HTTP
// status or to an exit code; nothing else in the program switches on texts.
type Kind string

// The kinds, from the caller's fault to ours.
const (
	KindInvalid      Kind = "invalid"      // the request can never succeed as it stands
	KindUnauthorized Kind = "unauthorized" // nobody proved who asks
	KindForbidden    Kind = "forbidden"    // the caller is known and may not do this
	KindNotFound     Kind = "not_found"    // unknown, or another business's
	KindConflict     Kind = "conflict"     // the state of things forbids it
	KindRateLimited  Kind = "rate_limited" // later, after RetryAfter
	KindUnavailable  Kind = "unavailable"  // our trouble, safe to repeat
	KindInternal     Kind = "internal"     // our fault, text hidden from callers
)

// Error is a refusal that a caller can act on. Code is stable and documented in
// the API contract; Detail is one sentence that names the fix and never holds
// a code, a token or a full phone.
type Error struct {
	Kind       Kind
	Code       string
	Detail     string
	Field      string        // JSON pointer of the offending field, or empty
	Errors     []FieldError  // further findings, one per field or channel
	RetryAfter time.Duration // zero when a repeat does not help
	Err        error         // cause for the log, never shown to callers
}

// ErrKeyGone is what a Vault answers for a value whose key was removed.
var ErrKeyGone = errors.New("sealed by a master key that is not in the ring")

// FieldError is one finding of several.
type FieldError struct {
	Field  string // JSON pointer
	Code   string
	Detail string
}

// Error returns the stable code, the sentence and the cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Detail, e.Err)
	}
	return e.Code + ": " + e.Detail
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in err's chain, KindInternal for
// any other error, and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return KindInternal
}

// CodeOf returns the stable code of the first Error in err's chain, or "".
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// ErrNotFound answers every unknown or foreign id, so that nobody can tell the
// two apart.
var ErrNotFound = &Error{Kind: KindNotFound, Code: "not_found", Detail: "Nothing with this id exists for this key."}

// Unavailable wraps a storage failure: nothing was decided, the caller may
// repeat the request after a second.
func Unavailable(err error) *Error {
	return &Error{
		Kind: KindUnavailable, Code: "unavailable", RetryAfter: time.Second, Err: err,
		Detail: "The request could not be stored. Nothing happened; repeat it.",
	}
}

func invalid(code, field, detail string) *Error {
	return &Error{Kind: KindInvalid, Code: code, Field: field, Detail: detail}
}

func limited(code string, after time.Duration, detail string) *Error {
	return &Error{Kind: KindRateLimited, Code: code, RetryAfter: after, Detail: detail}
}
