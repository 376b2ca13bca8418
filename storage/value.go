package storage

import (
	"encoding/json"
	"time"

	"otpravka/otpcore"
)

const msPerDay = 24 * 60 * 60 * 1000

// millis is a time as it rests in a column: unix milliseconds, 0 for never.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// dayOf is the bucket of a time in the indexes that begin with the day.
func dayOf(t time.Time) int64 { return t.UnixMilli() / msPerDay }

// orNull turns a zero value into NULL, which partial indexes leave out.
func orNull[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

func indexOrNull(i otpcore.Index) any {
	if i.IsZero() {
		return nil
	}
	return i[:]
}

func toIndex(b []byte) otpcore.Index {
	var i otpcore.Index
	copy(i[:], b)
	return i
}

// toJSON encodes a value of this package's row types, none of which can fail.
func toJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// jsonOrNull keeps the common empty value out of the row, and spares its
// decoding.
func jsonOrNull(v any, empty bool) any {
	if empty {
		return nil
	}
	return toJSON(v)
}
