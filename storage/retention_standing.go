package storage

import (
	"encoding/hex"
	"strings"
	"time"

	"otpravka/otpcore"
)

// standingRows are as many as one transaction takes: each is read once more
// before it goes.
const standingRows = 100

// standingPlace is the place of a row in the order of the table's key.
func standingPlace(k phoneKey) string {
	return hex.EncodeToString(k.phone[:]) + "/" + string(k.business)
}

// placedStanding is the key at a place. The beginning has none, and a blank one
// stands before all others.
func placedStanding(place string) phoneKey {
	phone, business, _ := strings.Cut(place, "/")
	raw, _ := hex.DecodeString(phone) // a place is ours
	return phoneKey{otpcore.ID(business), toIndex(raw)}
}

// readStandings walks the table round and round. It has no index to find idle
// rows by, because that would be written with every wrong code.
func readStandings(s *session, from string, now time.Time) ([]ripening, error) {
	k := placedStanding(from)
	standings, err := all(s, scanStanding, walkStandings, k.phone[:], string(k.business), standingRows)
	if err != nil {
		return nil, err
	}
	rows := make([]ripening, len(standings))
	for i, st := range standings {
		rows[i] = ripening{standingPlace(phoneKey{st.BusinessID, st.Phone}), standingOver(st, now)}
	}
	return rows, nil
}

// takeStandings looks at each row again: the phone may have been used since.
func takeStandings(t *transaction, p page) (int64, string, error) {
	var n int64
	for _, place := range p.full() {
		k := placedStanding(place)
		st, err := t.standing(k.business, k.phone)
		if err != nil {
			return 0, "", err
		}
		if !standingOver(st, p.now) {
			continue
		}
		deleted, err := t.exec(deleteStanding, string(k.business), k.phone[:])
		if err != nil {
			return 0, "", err
		}
		n += deleted
	}
	return n, p.last(), nil
}

// standingOver tells that a standing means nothing any more. Nobody is guarded,
// or remembered by a keyed hash, for longer than a year without a trace.
func standingOver(st *otpcore.Standing, now time.Time) bool {
	return st.Idle(now) || !st.LastSeen().After(now.Add(-rowsKept))
}
