package storage

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"otpravka/otpcore"
)

func TestInsertsAreWrittenForSeveralRows(t *testing.T) {
	got := withRows("INSERT INTO t (a, b)\n\tVALUES ($1, $2)\n\tON CONFLICT (a) DO UPDATE SET b = excluded.b", 2, 3)
	want := "INSERT INTO t (a, b)\n\tVALUES ($1, $2), ($3, $4), ($5, $6)\n\tON CONFLICT (a) DO UPDATE SET b = excluded.b"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParametersBecomePositional(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"SELECT a FROM t", "SELECT a FROM t"},
		{"SELECT a FROM t WHERE b = $1 AND c = $2", "SELECT a FROM t WHERE b = ? AND c = ?"},
		{"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
		{"SELECT $2, $1", "SELECT $2, $1"},
		{"SELECT a FROM t WHERE b = $1 OR c = $1", "SELECT a FROM t WHERE b = $1 OR c = $1"},
		{"SELECT '$'", "SELECT '$'"},
	} {
		if got := positional(c.query); got != c.want {
			t.Errorf("%q became %q, want %q", c.query, got, c.want)
		}
	}
}

// TestGatheredInsertsKeepTheirOrder writes more rows than a statement takes,
// mixed with another kind of statement.
func TestGatheredInsertsKeepTheirOrder(t *testing.T) {
	db := openFile(t)
	const rows = 2*rowsAtOnce + 5
	verification := filled[otpcore.Verification](t)
	verification.Status = otpcore.Pending
	list := []write{putVerification(verification)}
	var want []otpcore.ID
	for n := range rows {
		e := filled[otpcore.Event](t)
		e.ID, e.VerificationID = otpcore.ID(fmt.Sprint("evt_", n)), verification.ID
		list = append(list, putEvent(e))
		want = append(want, e.ID)
	}
	gathered := new(bulk).gather(list)
	if len(gathered) != 5 { // the verification, 32, 32, 4 and 1
		t.Errorf("%d statements for %d writes", len(gathered), len(list))
	}
	inWriter(t, db, func(tr *transaction) error { return tr.tell(gathered...) })
	events, err := db.Timeline(t.Context(), verification.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []otpcore.ID
	for _, e := range events {
		got = append(got, e.ID)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the timeline has the order %v", got)
	}
}

// TestEveryInsertCanBeGathered holds the texts of inserts to what withRows
// rewrites: as many parameters in one list of values as the row has arguments.
func TestEveryInsertCanBeGathered(t *testing.T) {
	for _, w := range []write{
		putVerification(filled[otpcore.Verification](t)), putDelivery(filled[otpcore.Delivery](t)), putEvent(filled[otpcore.Event](t)),
		putStanding(filled[otpcore.Standing](t)),
		putOnce("biz", otpcore.Live, filled[otpcore.Once](t), filled[otpcore.Remembered](t), filled[otpcore.Event](t).At),
	} {
		if !w.insert {
			t.Errorf("%s is not marked as an insert", w.query)
		}
		if got, want := strings.Count(positional(withRows(w.query, len(w.args), 2)), "?"), 2*len(w.args); got != want {
			t.Errorf("%s\nhas %d parameters for two rows, want %d", w.query, got, want)
		}
	}
}

// A named parameter costs as much as the rest of a small statement.
func TestHotWritesArePositional(t *testing.T) {
	for _, query := range []string{
		insertVerification, updateVerification, insertDelivery, updateDelivery, insertEvent, upsertStanding, storeMark,
	} {
		if text := positional(query); strings.Contains(text, "$") {
			t.Errorf("the parameters stand out of their order: %s", query)
		}
	}
}
