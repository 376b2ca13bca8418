package storage

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"otpravka/otpcore"
	"otpravka/storage/storagetest"
)

func openFile(t testing.TB) *DB { return openLab(t, newLab) }

func openLab(t testing.TB, newLab storagetest.NewLab) *DB {
	t.Helper()
	db := newLab(t).Open(t, labOptions).(*DB)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// onEach runs a test over a new database of each kind.
func onEach(t *testing.T, test func(*testing.T, *DB)) {
	t.Helper()
	onBoth(t, func(t *testing.T, newLab storagetest.NewLab) { test(t, openLab(t, newLab)) })
}

// filled returns a value whose every field differs from zero, so that a field
// which a table forgot cannot hide.
func filled[T any](t testing.TB) *T {
	t.Helper()
	var v T
	n := 0
	fill(t, reflect.ValueOf(&v).Elem(), &n)
	return &v
}

func fill(t testing.TB, v reflect.Value, n *int) {
	t.Helper()
	*n++
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.UnixMilli(int64(1_800_000_000_000 + *n)).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), n)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), n)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, n)
		fill(t, value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0), n)
		fill(t, v.Index(1), n)
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), n)
		}
	case reflect.String:
		v.SetString("text " + string(rune('a'+*n%26)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(uint64(*n%255 + 1))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n) * int64(time.Millisecond))
	default:
		t.Fatalf("no value for a field of type %s", v.Type())
	}
}

// inWriter runs fn in the writer's transaction.
func inWriter(t testing.TB, db *DB, fn func(*transaction) error) {
	t.Helper()
	if err := db.Write(t.Context(), func(x otpcore.Tx) error { return fn(x.(tx).t) }); err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s came back changed:\ngot  %+v\nwant %+v", what, got, want)
	}
}

func TestVerificationKeepsEveryField(t *testing.T) { onEach(t, verificationKeepsEveryField) }

func verificationKeepsEveryField(t *testing.T, db *DB) {
	v := filled[otpcore.Verification](t)
	v.Status = otpcore.Pending
	inWriter(t, db, func(tr *transaction) error { return tr.tell(putVerification(v)) })
	inWriter(t, db, func(tr *transaction) error {
		got, err := tr.verification(v.ID)
		same(t, "inserted verification", got, v)
		return err
	})
	// Everything that a rule may change after the start changes.
	v.EndReason, v.ApprovedBy, v.Channel, v.Position, v.Attempts = "r", "tap", otpcore.SMS, 7, 8
	v.Sends, v.Resends, v.FallbackMoved, v.FallbackAt = 9, 10, false, time.Time{}
	v.ResendAt, v.ExpiresAt, v.LockedUntil = v.ResendAt.Add(1e9), v.ExpiresAt.Add(2e9), v.LockedUntil.Add(3e9)
	inWriter(t, db, func(tr *transaction) error { return tr.tell(changeVerification(v)) })
	inWriter(t, db, func(tr *transaction) error {
		got, err := tr.verification(v.ID)
		same(t, "updated verification", got, v)
		return err
	})
}

func TestDeliveryKeepsEveryField(t *testing.T) { onEach(t, deliveryKeepsEveryField) }

func deliveryKeepsEveryField(t *testing.T, db *DB) {
	d := filled[otpcore.Delivery](t)
	inWriter(t, db, func(tr *transaction) error { return tr.tell(putDelivery(d)) })
	inWriter(t, db, func(tr *transaction) error {
		got, err := tr.delivery(d.ID)
		same(t, "inserted delivery", got, d)
		return err
	})
	d.Wanted, d.Status, d.Try, d.Repeated, d.Refused, d.Provider = "w", otpcore.Read, 3, false, nil, "p"
	d.Revision = 9
	d.MessageID, d.Error, d.Cost, d.BootID, d.DueAt = "", nil, otpcore.Cost{}, "", time.Time{}
	d.SentAt, d.DeliveredAt, d.ReadAt, d.FailedAt = d.SentAt.Add(1e9), d.SentAt.Add(2e9), d.SentAt.Add(3e9), time.Time{}
	inWriter(t, db, func(tr *transaction) error { return tr.tell(changeDelivery(d)) })
	inWriter(t, db, func(tr *transaction) error {
		list, err := tr.deliveriesOf(d.VerificationID)
		same(t, "updated delivery", list, []*otpcore.Delivery{d})
		return err
	})
}

func TestOtherRowsKeepEveryField(t *testing.T) { onEach(t, otherRowsKeepEveryField) }

func otherRowsKeepEveryField(t *testing.T, db *DB) {
	link, session, standing := filled[otpcore.Link](t), filled[otpcore.LinkSession](t), filled[otpcore.Standing](t)
	business, key, bot := filled[otpcore.Business](t), filled[otpcore.APIKey](t), filled[otpcore.Bot](t)
	event, receipt := filled[otpcore.Event](t), filled[otpcore.Receipt](t)
	endpoint, posting := filled[otpcore.Endpoint](t), filled[otpcore.Posting](t)
	order, orderUpdate := filled[otpcore.Order](t), filled[otpcore.OrderUpdate](t)
	receipt.BotID = "" // those of bots are never kept
	for _, row := range []struct {
		what string
		want any
		save func(*transaction) error
		load func(*transaction) (any, error)
	}{
		{"link", link, func(tr *transaction) error { return tr.saveLink(link) }, func(tr *transaction) (any, error) { return tr.link(link.ID) }},
		{"session", session, func(tr *transaction) error { return tr.saveLinkSession(session) }, func(tr *transaction) (any, error) { return tr.linkSession(session.BotID, session.Chat) }},
		{"standing", standing, func(tr *transaction) error { return tr.tell(putStanding(standing)) }, func(tr *transaction) (any, error) { return tr.standing(standing.BusinessID, standing.Phone) }},
		{"business", business, func(tr *transaction) error { return tr.saveBusiness(business) }, func(tr *transaction) (any, error) { return tr.business(business.ID) }},
		{"key", key, func(tr *transaction) error { return tr.saveKey(key) }, func(tr *transaction) (any, error) { return tr.keyByPublic(key.Public) }},
		{"bot", bot, func(tr *transaction) error { return tr.saveBot(bot) }, func(tr *transaction) (any, error) { return tr.bot(bot.ID) }},
		{"event", []otpcore.Event{*event}, func(tr *transaction) error { return tr.tell(putEvent(event)) }, func(tr *transaction) (any, error) { return tr.timeline(event.VerificationID) }},
		{"endpoint", endpoint, func(tr *transaction) error { return tr.saveEndpoint(endpoint) }, func(tr *transaction) (any, error) { return tr.endpoint(endpoint.ID) }},
		{"order", order, func(tr *transaction) error { return tr.tell(putOrder(order)) }, func(tr *transaction) (any, error) { return one(&tr.session, scanOrder, selectOrder, string(order.ID)) }},
		{"order update", []*otpcore.OrderUpdate{orderUpdate}, func(tr *transaction) error { return tr.tell(putOrderUpdate(orderUpdate)) }, func(tr *transaction) (any, error) { return tr.orderUpdates(orderUpdate.OrderID) }},
		{"posting", posting, func(tr *transaction) error { return tr.savePosting(posting) }, func(tr *transaction) (any, error) { return tr.posting(posting.ID) }},
		{"receipt", receipt, func(tr *transaction) error { return tr.keepReceipt(receipt) }, func(tr *transaction) (any, error) { return tr.takeReceipt(receipt.Provider, receipt.MessageID) }},
	} {
		inWriter(t, db, row.save)
		inWriter(t, db, func(tr *transaction) error {
			got, err := row.load(tr)
			same(t, row.what, got, row.want)
			return err
		})
	}
}

// What an update changes of an order comes back changed, and nothing else.
func TestOrderChangesKeepEveryField(t *testing.T) { onEach(t, orderChangesKeepEveryField) }

func orderChangesKeepEveryField(t *testing.T, db *DB) {
	o := filled[otpcore.Order](t)
	inWriter(t, db, func(tr *transaction) error { return tr.tell(putOrder(o)) })
	o.Phone, o.Status, o.News, o.UpdateID, o.Updates = otpcore.SealedPhone{Region: "RU"}, "paid", otpcore.OrderNews{}, "upd_2", 9
	o.Revision, o.NewsRevision, o.RingRevision, o.VerificationID = 7, 6, 5, "vrf_2"
	o.OccurredAt, o.UpdatedAt = o.OccurredAt.Add(1e9), o.UpdatedAt.Add(2e9)
	inWriter(t, db, func(tr *transaction) error { return tr.tell(changeOrder(o)) })
	inWriter(t, db, func(tr *transaction) error {
		got, err := one(&tr.session, scanOrder, selectOrder, string(o.ID))
		same(t, "changed order", got, o)
		return err
	})
}

// TestEndLeavesNoSecret ends a verification the way a rule with a bug would.
func TestEndLeavesNoSecret(t *testing.T) { onEach(t, endLeavesNoSecret) }

func endLeavesNoSecret(t *testing.T, db *DB) {
	v := filled[otpcore.Verification](t)
	v.Status = otpcore.Pending
	inWriter(t, db, func(tr *transaction) error { return tr.tell(putVerification(v)) })
	v.Status = otpcore.Approved // and the seed is still there
	inWriter(t, db, func(tr *transaction) error { return tr.tell(changeVerification(v)) })
	inWriter(t, db, func(tr *transaction) error {
		got, err := tr.verification(v.ID)
		if err == nil && (got.Seed != nil || got.OwnCode != nil) {
			t.Error("an ended verification keeps its secrets")
		}
		return err
	})
	err := db.Write(t.Context(), func(x otpcore.Tx) error {
		_, err := x.(tx).t.exec(`UPDATE verifications SET seed = $1`, []byte{1})
		return err
	})
	if err == nil || !strings.Contains(strings.ToUpper(err.Error()), "CHECK") {
		t.Errorf("a statement gave an ended verification a seed: %v", err)
	}
}

func TestTerminalStatusStays(t *testing.T) { onEach(t, terminalStatusStays) }

func terminalStatusStays(t *testing.T, db *DB) {
	v := filled[otpcore.Verification](t)
	v.Status = otpcore.Approved
	inWriter(t, db, func(tr *transaction) error { return tr.tell(putVerification(v)) })
	for _, next := range []otpcore.Status{otpcore.Pending, otpcore.Canceled, otpcore.Expired, otpcore.Failed} {
		v.Status = next
		err := db.Write(t.Context(), func(x otpcore.Tx) error { return x.(tx).t.tell(changeVerification(v)) })
		if otpcore.KindOf(err) != otpcore.KindUnavailable {
			t.Errorf("approved became %s: %v", next, err)
		}
	}
}

// hotStatements are those of starts, checks, the queue and the purge.
var hotStatements = []string{
	selectVerification, updateVerification, deliveriesOf, updateDelivery, linksOfPhone, linksOfVerification, linksOfChat, selectStanding, standingsOfPhone, standingOfVerification, begunOfPhone, tracesOfPhone,
	selectOnce, timeline, pendingOfDay, verificationsOfDay, findSent, findDelivery, dueVerifications, dueDeliveries, nextDue,
	voidLeases, walkStandings, deleteStanding, selectPublic, selectLinkByToken,
	purgeOnce, purgeInbox, purgeReceipts, purgeSessions, purgeTokens, deleteSessionsOfBot, deleteInboxOfBot,
	selectOrder, selectOrderNumber, updateOrder, deliveriesOfOrder, deliveriesOfOrderNumber, verificationOfOrder, verificationOfOrderNumber,
	linksOfOrder, updatesOfOrder, ordersOfPhone, eraseTitle, eraseSent, countSent, deleteOrderUpdates,
	selectEndpoint, eventsBehind, eventOf, lastPosition, firstBehind, selectPosting, upsertPosting, postingsOf, duePostings,
}

// TestHotStatementsSeek asks SQLite how it runs them: each must seek in an
// index.
func TestHotStatementsSeek(t *testing.T) {
	db := openFile(t)
	for _, query := range hotStatements {
		rows, err := db.pool.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, 19)...)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(detail, "SCAN") && detail != "SCAN later" && detail != "SCAN CONSTANT ROW" {
				t.Errorf("%s\nruns as %s", query, detail)
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
