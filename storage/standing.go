package storage

import (
	"encoding/json"
	"errors"
	"maps"
	"time"

	"otpravka/otpcore"
)

const (
	selectStanding         = `SELECT state FROM standings WHERE business_id = $1 AND phone_index = $2`
	standingsOfPhone       = `SELECT business_id, phone_index, state FROM standings WHERE phone_index = $1`
	standingOfVerification = `SELECT business_id, phone_index, state FROM standings
		WHERE (phone_index, business_id) = (SELECT phone_index, business_id FROM verifications WHERE id = $1)`
	upsertStanding = `INSERT INTO standings (business_id, phone_index, state) VALUES ($1, $2, $3)
		ON CONFLICT (phone_index, business_id) DO UPDATE SET state = excluded.state`
	walkStandings = `SELECT business_id, phone_index, state FROM standings
		WHERE (phone_index, business_id) > ($1, $2) ORDER BY phone_index, business_id LIMIT $3`
	deleteStanding = `DELETE FROM standings WHERE business_id = $1 AND phone_index = $2`
)

// standingState is a standing as it rests in its row. The lists are short and
// always read and written whole.
type standingState struct {
	Failures    []int64 `json:"failures,omitempty"`
	Consecutive int     `json:"consecutive,omitempty"`
	PausedUntil int64   `json:"paused_until,omitempty"`
	Pauses      int     `json:"pauses,omitempty"`
	ForgivenAt  int64   `json:"forgiven_at,omitempty"`
	Erased      []begun `json:"erased,omitempty"`

	Absent map[otpcore.Channel]int64 `json:"absent,omitempty"`
}

// begun is a start whose verification does not name the phone any more.
type begun struct {
	Business otpcore.ID               `json:"business_id"`
	Kind     otpcore.VerificationKind `json:"kind"`
	At       int64                    `json:"at"`
	Until    int64                    `json:"until,omitempty"`
	Approved bool                     `json:"approved,omitempty"`
}

// standing returns the phone's standing, a blank one when nothing is known.
func (s *session) standing(business otpcore.ID, phone otpcore.Index) (*otpcore.Standing, error) {
	raw, err := value[string](s, selectStanding, string(business), phone[:])
	if errors.Is(err, otpcore.ErrNotFound) {
		return &otpcore.Standing{BusinessID: business, Phone: phone}, nil
	}
	if err != nil {
		return nil, err
	}
	st, err := decodeStanding(business, phone, raw)
	return st, s.fold(err)
}

func scanStanding(scan func(...any) error) (*otpcore.Standing, error) {
	var business, state string
	var phone []byte
	if err := scan(&business, &phone, &state); err != nil {
		return nil, err
	}
	return decodeStanding(otpcore.ID(business), toIndex(phone), state)
}

func decodeStanding(business otpcore.ID, phone otpcore.Index, raw string) (*otpcore.Standing, error) {
	st := &otpcore.Standing{BusinessID: business, Phone: phone}
	var state standingState
	if err := json.Unmarshal([]byte(raw), &state); err != nil {
		return nil, err
	}
	st.Consecutive, st.Pauses = state.Consecutive, state.Pauses
	st.PausedUntil, st.ForgivenAt = fromMillis(state.PausedUntil), fromMillis(state.ForgivenAt)
	for _, b := range state.Erased {
		st.Erased = append(st.Erased, otpcore.Begun{
			BusinessID: b.Business, Kind: b.Kind, At: fromMillis(b.At), Until: fromMillis(b.Until), Approved: b.Approved,
		})
	}
	for _, at := range state.Failures {
		st.Failures = append(st.Failures, fromMillis(at))
	}
	if len(state.Absent) > 0 {
		st.Absent = make(map[otpcore.Channel]time.Time, len(state.Absent))
	}
	for ch, until := range state.Absent {
		st.Absent[ch] = fromMillis(until)
	}
	return st, nil
}

func putStanding(st *otpcore.Standing) write {
	state := standingState{
		Consecutive: st.Consecutive, Pauses: st.Pauses, PausedUntil: millis(st.PausedUntil), ForgivenAt: millis(st.ForgivenAt),
	}
	for _, b := range st.Erased {
		state.Erased = append(state.Erased, begun{
			Business: b.BusinessID, Kind: b.Kind, At: millis(b.At), Until: millis(b.Until), Approved: b.Approved,
		})
	}
	for _, at := range st.Failures {
		state.Failures = append(state.Failures, millis(at))
	}
	if len(st.Absent) > 0 {
		state.Absent = make(map[otpcore.Channel]int64, len(st.Absent))
	}
	for ch, until := range st.Absent {
		state.Absent[ch] = millis(until)
	}
	return write{query: upsertStanding, insert: true, args: []any{string(st.BusinessID), st.Phone[:], toJSON(state)}}
}

// storedStanding returns the standing as its row gives it back.
func storedStanding(st *otpcore.Standing) *otpcore.Standing {
	s := *st
	s.PausedUntil, s.ForgivenAt, s.Failures = stored(st.PausedUntil), stored(st.ForgivenAt), nil
	for _, at := range st.Failures {
		s.Failures = append(s.Failures, stored(at))
	}
	s.Absent = maps.Clone(st.Absent)
	for ch, until := range st.Absent {
		s.Absent[ch] = stored(until)
	}
	return &s
}
