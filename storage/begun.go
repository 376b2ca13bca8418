package storage

import (
	"encoding/json"

	"otpravka/otpcore"
)

// begunOfPhone lists what a phone's starts count by, of two days. The limits
// keep the list short.
const begunOfPhone = `SELECT business_id, asked, status, created_at, expires_at FROM verifications
	WHERE day IN ($1, $2) AND phone_index = $3 AND mode = 'live'`

func scanBegun(scan func(...any) error) (b otpcore.Begun, err error) {
	var v otpcore.Verification
	var fixed string
	var created, expires int64
	if err = scan((*string)(&v.BusinessID), &fixed, (*string)(&v.Status), &created, &expires); err != nil {
		return b, err
	}
	var a struct{ Kind otpcore.VerificationKind }
	if err = json.Unmarshal([]byte(fixed), &a); err != nil {
		return b, err
	}
	v.Kind, v.CreatedAt, v.ExpiresAt = a.Kind, fromMillis(created), fromMillis(expires)
	return v.Begun(), nil
}
