package otpcore

import (
	"regexp"
	"strconv"
	"time"
)

// QuietHours are the hours of a day in which no news of orders makes a sound.
// The zero value is none.
type QuietHours struct {
	From  int    `json:"from,omitempty"`  // minutes since midnight
	Until int    `json:"until,omitempty"` // minutes since midnight; before From: of the next day
	Zone  string `json:"zone,omitempty"`  // IANA name
}

var quietForm = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])$`)

// ParseQuietHours reads "22:00-08:00" in a time zone, and nothing as none.
func ParseQuietHours(text, zone string) (QuietHours, bool) {
	if text == "" {
		return QuietHours{}, true
	}
	m := quietForm.FindStringSubmatch(text)
	if m == nil {
		return QuietHours{}, false
	}
	var n [4]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1]) // two digits
	}
	q := QuietHours{From: n[0]*60 + n[1], Until: n[2]*60 + n[3], Zone: or(zone, "UTC")}
	return q, q.From != q.Until
}

// End returns when the quiet hours end that the time lies in; zero: it lies in
// none. It follows the wall clock, so that a night in which clocks change still
// ends at the hour that people know.
func (q QuietHours) End(now time.Time) time.Time {
	if q.From == q.Until {
		return noTime
	}
	at := zone(q.Zone)
	local := now.In(at)
	minute, days := local.Hour()*60+local.Minute(), 0
	switch overnight := q.Until < q.From; {
	case overnight && minute >= q.From:
		days = 1
	case overnight && minute < q.Until:
	case !overnight && minute >= q.From && minute < q.Until:
	default:
		return noTime
	}
	end := time.Date(local.Year(), local.Month(), local.Day()+days, q.Until/60, q.Until%60, 0, 0, at)
	if !end.After(now) {
		return noTime // the clocks went over it
	}
	return end.UTC()
}
