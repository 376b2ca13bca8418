package storage

import (
	"slices"
	"time"

	"otpravka/otpcore"
)

// file is what is stored of a case. A decision gets copies of its rows: it may
// fail or run twice, and the memory may hold the same ones.
type file struct {
	caseRows
	phoneRows  // no standing: the case is loaded without its phone
	everywhere *otpcore.Standing
	begun      []otpcore.Begun

	ofOrder    bool // the case is that of an order
	order      *otpcore.Order
	stale      []*otpcore.Verification
	staleLinks []*otpcore.Link
	answered   *otpcore.Remembered // under the op's idempotency key
}

// openFile takes what is remembered of an op's case and adds to list what must
// be read for the rest.
func (m *memory) openFile(op *otpcore.Op, now time.Time, list *reads) *file {
	f := &file{}
	switch ref := op.Ref; {
	case ref.Verification != "":
		m.openVerification(f, ref.Verification, op.Narrow, list)
	case ref.Order != "":
		f.readOrder(ref.Order, list)
	case ref.Delivery != "":
		want(list, scanDelivery, f.addDelivery, selectDelivery, string(ref.Delivery))
	case op.OrderNumber != "":
		f.readOrderNumber(op, list)
	default:
		m.openPhone(f, op, now, list)
	}
	if op.Once != nil {
		want(list, scanRemembered, func(r *otpcore.Remembered) { f.answered = r }, selectOnce,
			string(op.BusinessID), string(op.Mode), op.Once.Route, op.Once.Key, millis(now))
	}
	return f
}

func (m *memory) openVerification(f *file, id otpcore.ID, narrow bool, list *reads) {
	var known bool
	if f.caseRows, known = m.cases.get(id); !known {
		f.readVerification(id, list)
	}
	if narrow {
		return
	}
	if v := f.verification; known {
		f.phoneRows, known = m.phones.get(phoneKey{v.BusinessID, v.Phone.Index})
	}
	if !known {
		f.readPhoneOf(id, list)
	}
}

// tracesOfPhone tells what there is of a phone, which is nothing of most.
const tracesOfPhone = `SELECT EXISTS (SELECT 1 FROM links WHERE business_id = $1 AND phone_index = $2),
	EXISTS (SELECT 1 FROM standings WHERE phone_index = $3),
	EXISTS (SELECT 1 FROM verifications WHERE day IN ($4, $5) AND phone_index = $6)`

// openPhone opens the file of a start. Its standings are read together: the
// rows of a phone lie side by side, and few businesses know it. The starts that
// it counts are the phone's verifications themselves; the index that finds them
// is written by every start, so its page is at hand.
func (m *memory) openPhone(f *file, op *otpcore.Op, now time.Time, list *reads) {
	business, phone, today := op.BusinessID, op.Phone, dayOf(now)
	var linked, standing, begun, known bool
	list.peek([]*bool{&linked, &standing, &begun}, tracesOfPhone,
		string(business), phone[:], phone[:], today-1, today, phone[:])
	if f.phoneRows, known = m.phones.get(phoneKey{business, phone}); !known {
		f.standing = &otpcore.Standing{BusinessID: business, Phone: phone}
		want(list, scanLink, f.addLink, linksOfPhone, string(business), phone[:])
		list.last(&linked)
	}
	f.everywhere = &otpcore.Standing{Phone: phone}
	want(list, scanStanding, func(st *otpcore.Standing) {
		switch st.BusinessID {
		case business:
			f.standing = st
		case "":
			f.everywhere = st
		}
	}, standingsOfPhone, phone[:])
	list.last(&standing)
	want(list, scanBegun, func(b otpcore.Begun) { f.begun = append(f.begun, b) }, begunOfPhone, today-1, today, phone[:])
	list.last(&begun)
}

func (f *file) readVerification(id otpcore.ID, list *reads) {
	want(list, scanVerification, func(v *otpcore.Verification) { f.verification = v }, selectVerification, string(id))
	want(list, scanDelivery, f.addDelivery, deliveriesOf, string(id))
}

func (f *file) readPhoneOf(id otpcore.ID, list *reads) {
	f.standing = &otpcore.Standing{} // stands for a phone that has no row
	want(list, scanLink, f.addLink, linksOfVerification, string(id))
	want(list, scanStanding, func(st *otpcore.Standing) { f.standing = st }, standingOfVerification, string(id))
}

// A case has a handful of deliveries and links. Sorting them here spares the
// database a sorter in every statement.
func (f *file) addDelivery(d *otpcore.Delivery) { f.deliveries = inserted(f.deliveries, d, deliveryID) }

func (f *file) addLink(l *otpcore.Link) { f.links = inserted(f.links, l, linkID) }

// scope checks what was read, once all of it is there. Of another business or
// mode nothing is found.
func (f *file) scope(op *otpcore.Op) error {
	var business otpcore.ID
	var mode otpcore.Mode
	switch v := f.verification; {
	case op.Ref == otpcore.Ref{}:
		return nil
	case op.Ref.Order != "" && f.order != nil:
		business, mode = f.order.BusinessID, f.order.Mode
	case op.Ref.Verification != "" && v != nil:
		if st := f.standing; st != nil && st.Phone.IsZero() {
			f.standing = &otpcore.Standing{BusinessID: v.BusinessID, Phone: v.Phone.Index}
		}
		business, mode = v.BusinessID, v.Mode
	case op.Ref.Delivery != "" && len(f.deliveries) == 1 && f.deliveries[0].VerificationID == "": // a reply
		business, mode = f.deliveries[0].BusinessID, f.deliveries[0].Mode
	default:
		return otpcore.ErrNotFound
	}
	if op.BusinessID != "" && (op.BusinessID != business || op.Mode != mode) {
		return otpcore.ErrNotFound
	}
	return nil
}

// fill gives the case its own copies of the rows.
func (f *file) fill(c *otpcore.Case) {
	c.Order = copied(f.order)
	c.Verification, c.Deliveries, c.Links = copied(f.verification), copies(f.deliveries), copies(f.links)
	c.Standing, c.Everywhere, c.Begun, c.Remembered = copied(f.standing), copied(f.everywhere), f.begun, f.answered
	switch {
	case c.Order != nil:
		c.BusinessID, c.Mode = c.Order.BusinessID, c.Order.Mode
	case c.Verification != nil:
		c.BusinessID, c.Mode = c.Verification.BusinessID, c.Verification.Mode
	case len(c.Deliveries) > 0:
		c.BusinessID, c.Mode = c.Deliveries[0].BusinessID, c.Deliveries[0].Mode
	}
}

// shared is what only the rows name and no two ops of a batch may have in
// common: the phone, the order, and the code of an order.
func (f *file) shared() []any {
	var keys []any
	if st := f.standing; st != nil {
		keys = append(keys, phoneKey{st.BusinessID, st.Phone})
	}
	if f.order != nil {
		keys = append(keys, f.order.ID)
	}
	if f.ofOrder && len(f.links) > 0 { // which are of one phone, and which it may end
		keys = append(keys, phoneKey{f.links[0].BusinessID, f.links[0].Phone.Index})
	}
	if v := f.verification; v != nil && v.Kind == otpcore.KindHandover {
		keys = append(keys, v.ID)
	}
	return keys
}

func deliveryID(d *otpcore.Delivery) otpcore.ID { return d.ID }

func linkID(l *otpcore.Link) otpcore.ID { return l.ID }

// load reads the case of an op at once and without the memory, for readers and
// cold functions.
func (s *session) load(c *otpcore.Case, op *otpcore.Op) error {
	var list reads
	f := new(memory).openFile(op, c.Now, &list)
	if err := s.ask(list); err != nil {
		return err
	}
	if err := f.scope(op); err != nil {
		return err
	}
	f.fill(c)
	return nil
}

// verificationCase loads a verification within the scope of the case.
func (s *session) verificationCase(c *otpcore.Case, id otpcore.ID) error {
	return s.load(c, &otpcore.Op{Ref: otpcore.Ref{Verification: id}, BusinessID: c.BusinessID, Mode: c.Mode})
}

// inserted puts v behind the last one that is not younger.
func inserted[T any](list []*T, v *T, id func(*T) otpcore.ID) []*T {
	i := len(list)
	for i > 0 && id(list[i-1]) > id(v) {
		i--
	}
	return slices.Insert(list, i, v)
}

func copied[T any](v *T) *T {
	if v == nil {
		return nil
	}
	c := *v
	return &c
}

func copies[T any](list []*T) []*T {
	if list == nil {
		return nil
	}
	own := make([]*T, len(list))
	for i, v := range list {
		own[i] = copied(v)
	}
	return own
}
