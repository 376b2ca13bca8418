package storage

import (
	"slices"
	"strings"

	"otpravka/otpcore"
)

// memory is what the writer knows of the cases it has committed lately. Most
// cases are started, sent and checked within a minute, and need not be read
// for it again.
//
// It always equals the rows, because nobody else writes them: the database has
// one server, which dialect sees to, and the server one writer. Only the
// writer's goroutine touches it. What a batch changed enters it after the
// commit; a transaction that was lost empties it, and so does a new connection.
type memory struct {
	cases  recent[otpcore.ID, caseRows]
	phones recent[phoneKey, phoneRows]
}

// caseRows are a verification's rows. They are never changed, only replaced.
type caseRows struct {
	verification *otpcore.Verification
	deliveries   []*otpcore.Delivery // oldest first
}

// phoneRows are what is known of a phone at one business.
type phoneRows struct {
	links    []*otpcore.Link // oldest first
	standing *otpcore.Standing
}

// phoneKey names a phone at a business.
type phoneKey struct {
	business otpcore.ID
	phone    otpcore.Index
}

// remembered bounds each kind of rows, of which twice as many may be held. A
// case and its phone take about 3 KB.
const remembered = 8192

// keep takes over what a committed file has become. A case that has ended and
// waits for nothing is hardly asked for again, and neither is its phone: what is
// held without need is looked through by each collection of garbage.
func (m *memory) keep(f *file) {
	if f.ofOrder {
		for _, v := range f.stale {
			if v != nil {
				m.cases.drop(v.ID)
			}
		}
		for _, l := range f.staleLinks {
			m.phones.drop(phoneKey{l.BusinessID, l.Phone.Index})
		}
		return
	}
	v := f.verification
	over := v != nil && v.Status.Terminal() && !slices.ContainsFunc(f.deliveries, underWay)
	switch {
	case v == nil:
	case over:
		m.cases.drop(v.ID)
		m.phones.drop(phoneKey{v.BusinessID, v.Phone.Index})
	default:
		m.cases.put(v.ID, f.caseRows, remembered)
	}
	if st := f.standing; st != nil && !over {
		m.phones.put(phoneKey{st.BusinessID, st.Phone}, f.phoneRows, remembered)
	}
}

func underWay(d *otpcore.Delivery) bool { return !d.DueAt.IsZero() }

// forget drops what a cold function is about to save.
func (m *memory) forget(c *otpcore.Case) {
	if c.Verification != nil {
		m.cases.drop(c.Verification.ID)
	}
	if st := c.Standing; st != nil {
		m.phones.drop(phoneKey{st.BusinessID, st.Phone})
	}
}

// executed drops whatever a statement of a cold function may have changed. The
// ones that save a case are left to forget, which knows which case that is.
func (m *memory) executed(query string) {
	switch query {
	case insertVerification, updateVerification, insertDelivery, updateDelivery, upsertStanding:
		return
	}
	if mentions(query, "verifications") || mentions(query, "deliveries") {
		m.cases.clear()
	}
	if mentions(query, "links") || mentions(query, "standings") {
		m.phones.clear()
	}
}

// mentions reports whether the statement names the table. That it only reads
// from it does no harm.
func mentions(query, table string) bool {
	return slices.Contains(strings.FieldsFunc(query, func(r rune) bool { return r <= ' ' || strings.ContainsRune("(),.;", r) }), table)
}

// clear forgets everything.
func (m *memory) clear() {
	m.cases.clear()
	m.phones.clear()
}
