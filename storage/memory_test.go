package storage

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"otpravka/internal/pgtest"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// clerk drives the real domain over a file and compares the writer's memory
// with the rows after every step.
type clerk struct {
	t        *testing.T
	db       *DB
	faults   faults
	core     *otpcore.Core
	carriers *coretest.Carriers
	shops    []otpcore.Caller
	started  []otpcore.ID
	compared int // rows found equal so far
}

func newClerk(t *testing.T, url string) *clerk {
	t.Helper()
	k := &clerk{t: t, carriers: coretest.NewCarriers(otpcore.SMS)}
	db, err := Open(t.Context(), Config{URL: url, Boot: "run_1", wrap: k.faults.wrap})
	if err != nil {
		t.Fatal(err)
	}
	k.db = db
	for n := range 2 {
		b := &otpcore.Business{
			ID: otpcore.FormatID(otpcore.PrefixBusiness, [16]byte{6: 0x70, 8: 0x80, 15: byte(n)}), Name: "Shop",
			Settings: otpcore.Settings{Countries: []string{"KZ"}},
		}
		inWriter(t, db, func(tr *transaction) error { return tr.saveBusiness(b) })
		k.shops = append(k.shops, otpcore.Caller{Business: b, Mode: otpcore.Live})
	}
	k.core = otpcore.New(otpcore.Config{
		Ledger: db, Reader: db, Vault: coretest.NewVault(), Carriers: k.carriers, Renderer: coretest.NewRenderer(),
		Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(), Boot: "run_1", Logger: slog.New(slog.DiscardHandler),
	})
	db.OnCommit(k.core.Committed)
	return k
}

func (k *clerk) close() {
	k.faults.set(nil)
	k.core.Dispatcher.Close(k.t.Context())
	mustClose(k.t, k.db)
}

// compare holds everything that is remembered against rows read afresh, on the
// writer's own goroutine.
func (k *clerk) compare(rt *rapid.T) {
	k.faults.set(nil)
	k.compared = 0
	err := k.db.Write(k.t.Context(), func(x otpcore.Tx) error {
		tr := x.(tx).t
		m := tr.memory
		for _, cases := range []map[otpcore.ID]caseRows{m.cases.old, m.cases.young} {
			for id := range cases {
				kept, _ := m.cases.get(id)
				v, err := tr.verification(id)
				if err != nil {
					return err
				}
				deliveries, err := tr.deliveriesOf(id)
				if err != nil {
					return err
				}
				k.equal(rt, kept.verification, v)
				k.equal(rt, kept.deliveries, deliveries)
			}
		}
		for _, phones := range []map[phoneKey]phoneRows{m.phones.old, m.phones.young} {
			for at := range phones {
				kept, _ := m.phones.get(at)
				standing, err := tr.standing(at.business, at.phone)
				if err != nil {
					return err
				}
				links, err := tr.linksOfPhone(at.business, at.phone)
				if err != nil {
					return err
				}
				k.equal(rt, kept.standing, standing)
				k.equal(rt, kept.links, links)
			}
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
}

func (k *clerk) equal(rt *rapid.T, kept, row any) {
	if !reflect.DeepEqual(kept, row) {
		rt.Errorf("the memory and the database differ:\nkept %+v\nrow  %+v", kept, row)
	}
	k.compared++
}

// start begins a verification of one of a few phones at either business.
func (k *clerk) start(rt *rapid.T) {
	by := rapid.SampledFrom(k.shops).Draw(rt, "shop")
	phone := fmt.Sprintf("+7701%07d", rapid.IntRange(0, 5).Draw(rt, "phone"))
	if s, err := k.core.Verifications.Start(k.t.Context(), by, otpcore.StartRequest{Phone: phone}); err == nil {
		k.started = append(k.started, s.Verification.ID)
	}
	if len(k.started) > 12 {
		k.started = slices.Delete(k.started, 0, 1)
	}
}

func (k *clerk) one(rt *rapid.T) otpcore.ID {
	if len(k.started) == 0 {
		rt.Skip("nothing has been started")
	}
	return rapid.SampledFrom(k.started).Draw(rt, "verification")
}

// check offers a code, right or wrong; it need not be this business's.
func (k *clerk) check(rt *rapid.T) {
	id, by, code := k.one(rt), rapid.SampledFrom(k.shops).Draw(rt, "shop"), "000000"
	if rapid.Bool().Draw(rt, "right") {
		code = k.code(id)
	}
	_, _ = k.core.Verifications.Check(k.t.Context(), by, id, code, nil, nil)
}

func (k *clerk) code(id otpcore.ID) string {
	for _, by := range k.shops {
		c, err := k.db.CaseOf(k.t.Context(), by.Business.ID, by.Mode, id)
		if err != nil {
			continue
		}
		for _, o := range k.carriers.Of(otpcore.SMS).Sent() {
			if c.Delivery(o.DeliveryID) != nil {
				return coretest.CodeIn(o)
			}
		}
	}
	return "000000"
}

func (k *clerk) resend(rt *rapid.T) {
	_, _ = k.core.Verifications.Resend(k.t.Context(), rapid.SampledFrom(k.shops).Draw(rt, "shop"), k.one(rt), "", nil)
}

func (k *clerk) cancel(rt *rapid.T) {
	_, _ = k.core.Verifications.Cancel(k.t.Context(), rapid.SampledFrom(k.shops).Draw(rt, "shop"), k.one(rt), nil)
}

// receipt changes a case in a cold function.
func (k *clerk) receipt(*rapid.T) {
	for _, o := range k.carriers.Of(otpcore.SMS).Sent() {
		_ = k.core.Receipts.Accept(k.t.Context(), []otpcore.Receipt{{Provider: "sms", Reference: o.DeliveryID, Status: otpcore.Delivered}})
	}
}

// cold lets functions write what the ops read.
func (k *clerk) cold(rt *rapid.T) {
	by := rapid.SampledFrom(k.shops).Draw(rt, "shop")
	phone := fmt.Sprintf("+7701%07d", rapid.IntRange(0, 5).Draw(rt, "phone"))
	refused := rapid.Bool().Draw(rt, "refused")
	_ = k.db.Write(k.t.Context(), func(x otpcore.Tx) error {
		tr := x.(tx).t
		l := filled[otpcore.Link](k.t)
		l.ID, l.BusinessID = otpcore.NewID(otpcore.PrefixLink, tr.now), by.Business.ID
		l.TokenHash = []byte(l.ID)
		l.Phone.Index = coretest.NewVault().Index("phone", phone)
		_ = x.SaveLink(l)
		_, _ = tr.exec(`UPDATE verifications SET sends = sends + 1 WHERE status = 'pending'`)
		_, _ = tr.exec(`DELETE FROM standings WHERE phone_index = $1`, l.Phone.Index[:])
		if refused {
			return errors.New("refused")
		}
		return nil
	})
}

// pause saves a standing outside of a case.
func (k *clerk) pause(rt *rapid.T) {
	by := rapid.SampledFrom(k.shops).Draw(rt, "shop")
	phone := coretest.NewVault().Index("phone", fmt.Sprintf("+7701%07d", rapid.IntRange(0, 5).Draw(rt, "phone")))
	pauses := rapid.IntRange(0, 3).Draw(rt, "pauses")
	_ = k.db.Write(k.t.Context(), func(tx otpcore.Tx) error {
		st, err := tx.Standing(by.Business.ID, phone)
		if err != nil {
			return err
		}
		st.Pauses = pauses
		return tx.SaveStanding(st)
	})
}

// misbehave runs decisions that change more than they say, or fail after they
// changed something.
func (k *clerk) misbehave(rt *rapid.T) {
	id, refused := k.one(rt), rapid.Bool().Draw(rt, "refused")
	_ = k.db.Do(k.t.Context(), otpcore.Op{Ref: otpcore.Ref{Verification: id}, Decide: func(c *otpcore.Case) error {
		c.Verification.Attempts, c.Standing.Consecutive = 99, 99
		c.Deliveries[0].Provider = "nobody"
		for _, l := range c.Links {
			l.Proof = "none"
		}
		if refused {
			return errors.New("refused")
		}
		return nil
	}})
}

// breakDisk fails the next statement of a kind.
func (k *clerk) breakDisk(rt *rapid.T) {
	kind := rapid.SampledFrom([]string{"COMMIT", "UPDATE", "INSERT INTO events", "INSERT INTO standings", "SELECT", "BEGIN"}).Draw(rt, "kind")
	var failed atomic.Bool
	k.faults.set(func(statement string) error {
		if strings.HasPrefix(statement, kind) && !failed.Swap(true) {
			return errors.New("disk I/O error")
		}
		return nil
	})
	k.start(rt)
	k.check(rt)
}

func TestMemoryEqualsTheRows(t *testing.T) {
	memoryEqualsTheRows(t, t.TempDir()+"/otpravka.db")
}

func TestMemoryEqualsTheRowsOfPostgres(t *testing.T) { memoryEqualsTheRows(t, pgtest.URL(t)) }

func memoryEqualsTheRows(t *testing.T, url string) {
	k := newClerk(t, url)
	defer k.close()
	fewerDraws(t)
	most := 0
	rapid.Check(t, func(rt *rapid.T) {
		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) {
				k.compare(rt)
				most = max(most, k.compared)
			},
			"start": k.start, "check": k.check, "resend": k.resend, "cancel": k.cancel, "receipt": k.receipt, "cold": k.cold, "pause": k.pause,
			"misbehave": k.misbehave, "break the disk": k.breakDisk,
		})
	})
	if most < 10 {
		t.Errorf("at most %d values were in the memory: the test compares nothing", most)
	}
}
