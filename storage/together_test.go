package storage

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"otpravka/internal/pgtest"
	"otpravka/otpcore"
)

func TestStatementsAreRewrittenForRows(t *testing.T) {
	const rows = "unnest($1::text[], $2::int8[]) WITH ORDINALITY AS k (a1, a2, n)"
	for query, want := range map[string]string{
		"SELECT a, b FROM t WHERE c = $1 AND d IN ($2, 7) FOR UPDATE": "SELECT k.n, found.* FROM " + rows +
			" CROSS JOIN LATERAL (SELECT a, b FROM t WHERE c = k.a1 AND d IN (k.a2, 7) FOR UPDATE OFFSET 0) found",
		"UPDATE t SET a = $1\n\tWHERE b = $2 AND (c = 'x' OR a = $1)": "UPDATE t SET a = k.a1\n\tFROM " + rows +
			" WHERE b = k.a2 AND (c = 'x' OR a = k.a1)",
		"INSERT INTO t (a, b)\n\tVALUES ($1, $2)\n\tON CONFLICT (a) DO UPDATE SET b = excluded.b": "INSERT INTO t (a, b)\n\tSELECT k.a1, k.a2 FROM " + rows +
			"\n\tON CONFLICT (a) DO UPDATE SET b = excluded.b",
	} {
		if got := rewritten(query, []string{"text", "int8"}); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", query, got, want)
		}
	}
}

// inBatch runs a batch that reads and writes these.
func inBatch(t *testing.T, db *DB, asks reads, tells ...write) {
	t.Helper()
	x := db.writer.newExchange() // the writer waits for work meanwhile
	if err := x.begin(slices.Clone(asks)); err != nil {
		t.Fatal(err)
	}
	if err := x.commit(tells); err != nil {
		t.Fatal(err)
	}
}

// TestBatchKeepsEveryField writes and reads several rows of each kind together.
// Each second one has nothing in the columns that may be empty.
func TestBatchKeepsEveryField(t *testing.T) { onEach(t, batchKeepsEveryField) }

func batchKeepsEveryField(t *testing.T, db *DB) {
	const n = 5
	var verifications []*otpcore.Verification
	var deliveries []*otpcore.Delivery
	var events []*otpcore.Event
	var tells []write
	for i := range n {
		v, d, e := filled[otpcore.Verification](t), filled[otpcore.Delivery](t), filled[otpcore.Event](t)
		v.ID, d.ID, e.ID = otpcore.ID(fmt.Sprint("vrf_", i)), otpcore.ID(fmt.Sprint("dlv_", i)), otpcore.ID(fmt.Sprint("evt_", i))
		v.Status, d.VerificationID, e.VerificationID = otpcore.Pending, v.ID, v.ID
		if i%2 == 1 {
			v.Phone.Sealed, v.Seed, v.OwnCode, v.FallbackAt = nil, nil, nil, time.Time{}
			d.Target, d.Content, d.DueAt, d.MessageID = nil, nil, time.Time{}, ""
		}
		verifications, deliveries, events = append(verifications, v), append(deliveries, d), append(events, e)
		tells = append(tells, putEvent(e), putDelivery(d), putVerification(v))
	}
	inBatch(t, db, nil, tells...)
	batchReads(t, db, verifications, deliveries)
	for i, v := range verifications {
		timeline, err := db.Timeline(t.Context(), v.ID)
		if err != nil || len(timeline) != 1 {
			t.Fatal(timeline, err)
		}
		same(t, "event", &timeline[0], events[i])
	}
	tells = nil
	for i, v := range verifications {
		d := deliveries[n-1-i]
		v.Attempts, v.ExpiresAt, d.Try, d.Provider = 100+i, v.ExpiresAt.Add(time.Duration(i)*time.Second), 200+i, fmt.Sprint("provider ", i)
		v.Seed, v.OwnCode, v.FallbackAt = nil, nil, time.Time{}
		d.DueAt, d.MessageID, d.Error = time.Time{}, "", nil
		if i%2 == 1 {
			v.Seed, v.FallbackAt, d.MessageID = []byte{byte(i)}, v.ExpiresAt, fmt.Sprint("message ", i)
		}
		tells = append(tells, changeVerification(v), changeDelivery(d))
	}
	inBatch(t, db, nil, tells...)
	batchReads(t, db, verifications, deliveries)
}

// batchReads asks for all rows at once, and for one that is not there.
func batchReads(t *testing.T, db *DB, verifications []*otpcore.Verification, deliveries []*otpcore.Delivery) {
	t.Helper()
	gotV, gotD := make([]*otpcore.Verification, len(verifications)), make([]*otpcore.Delivery, len(deliveries))
	var asks reads
	want(&asks, scanVerification, func(*otpcore.Verification) { t.Error("a row that is not there was found") }, selectVerification, "vrf_none")
	for i := range verifications {
		want(&asks, scanVerification, func(v *otpcore.Verification) { gotV[i] = v }, selectVerification, string(verifications[i].ID))
		want(&asks, scanDelivery, func(d *otpcore.Delivery) { gotD[i] = d }, deliveriesOf, string(verifications[i].ID))
	}
	inBatch(t, db, asks)
	for i := range verifications {
		same(t, "verification", gotV[i], verifications[i])
		same(t, "delivery", gotD[i], deliveries[i])
	}
}

// TestStatementsOfOneKindTravelTogether holds a full batch to as many
// statements as there are kinds of them.
func TestStatementsOfOneKindTravelTogether(t *testing.T) {
	var f faults
	var statements atomic.Int32
	db, err := Open(t.Context(), Config{URL: pgtest.URL(t), Boot: "run_1", wrap: f.wrap})
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, db)
	f.set(func(string) error { statements.Add(1); return nil })
	var asks reads
	var tells []write
	for i := range batchOps {
		v := filled[otpcore.Verification](t)
		v.ID, v.Status = otpcore.ID(fmt.Sprint("vrf_", i)), otpcore.Pending
		want(&asks, scanVerification, func(*otpcore.Verification) {}, selectVerification, string(v.ID))
		tells = append(tells, putVerification(v))
	}
	inBatch(t, db, asks, tells...)
	if n := statements.Load(); n != 4 { // BEGIN, the reads, the inserts, COMMIT
		t.Errorf("%d statements for %d reads and as many writes, want 4", n, batchOps)
	}
}

// TestEveryHotStatementGoesTogether asks what each kind of op asks, and tells
// what each kind of decision tells, for two ops of a batch.
func TestEveryHotStatementGoesTogether(t *testing.T) { onEach(t, everyHotStatement) }

func everyHotStatement(t *testing.T, db *DB) {
	var asks reads
	var tells, changes []write
	for i := range 2 {
		id := otpcore.ID(fmt.Sprint("id_", i))
		phone := otpcore.Index{byte(i + 1)}
		once := &otpcore.Once{Route: "route", Key: string(id)}
		for _, op := range []otpcore.Op{
			{Ref: otpcore.Ref{Verification: id}, Once: once},
			{Ref: otpcore.Ref{Order: id}},
			{Ref: otpcore.Ref{Delivery: id}},
			{BusinessID: "biz_1", Mode: otpcore.Live, OrderNumber: string(id), Phone: phone},
			{BusinessID: "biz_1", Mode: otpcore.Live, Phone: phone},
		} {
			new(memory).openFile(&op, time.Now(), &asks)
		}
		v, d, e := filled[otpcore.Verification](t), filled[otpcore.Delivery](t), filled[otpcore.Event](t)
		o, u, l, st := filled[otpcore.Order](t), filled[otpcore.OrderUpdate](t), filled[otpcore.Link](t), filled[otpcore.Standing](t)
		v.ID, v.Status, d.ID, e.ID, o.ID, o.Number, u.ID, l.ID, l.TokenHash, st.Phone = id, otpcore.Pending, id, id, id, string(id), id, id, []byte(id), phone
		tells = append(tells, putVerification(v), putDelivery(d), putEvent(e), putOrder(o), putOrderUpdate(u), putLink(l), putStanding(st),
			putOnce("biz_1", otpcore.Live, once, filled[otpcore.Remembered](t), time.Now()))
		changes = append(changes, changeVerification(v), changeDelivery(d), changeOrder(o), putLink(l), putStanding(st))
	}
	inBatch(t, db, asks, tells...)
	inBatch(t, db, asks, changes...)
}

// TestBatchWithAStaleRowIsRefused changes three verifications, of which one has
// ended meanwhile. Nothing of the batch may be stored.
func TestBatchWithAStaleRowIsRefused(t *testing.T) { onEach(t, batchWithAStaleRow) }

func batchWithAStaleRow(t *testing.T, db *DB) {
	var puts, changes []write
	for i := range 3 {
		v := filled[otpcore.Verification](t)
		v.ID, v.Status, v.Attempts = otpcore.ID(fmt.Sprint("vrf_", i)), otpcore.Pending, 0
		puts = append(puts, putVerification(v))
		v.Attempts = 1
		changes = append(changes, changeVerification(v))
	}
	inBatch(t, db, nil, puts...)
	inWriter(t, db, func(tr *transaction) error {
		_, err := tr.exec(endByHand + ", own_code = NULL WHERE id = 'vrf_1'")
		return err
	})
	x := db.writer.newExchange()
	if err := x.begin(nil); err != nil {
		t.Fatal(err)
	}
	err := x.commit(changes)
	x.rollback()
	if _, guilty := errors.AsType[*statementError](err); !guilty || !errors.Is(err, errStaleVerification) {
		t.Errorf("a batch that changes what has ended: %v", err)
	}
	inWriter(t, db, func(tr *transaction) error {
		for i := range 3 {
			v, err := tr.verification(otpcore.ID(fmt.Sprint("vrf_", i)))
			if err != nil || v.Attempts != 0 {
				t.Errorf("%d attempts are stored, %v", v.Attempts, err)
			}
		}
		return nil
	})
}
