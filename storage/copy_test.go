package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"otpravka/internal/pgtest"
	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// copyKey is the check value of the key in these tests.
const copyKey = "check-value-of-the-key"

// mover is the domain with a database that moves under it.
type mover struct {
	testing.TB
	vault    *coretest.Vault
	carriers *coretest.Carriers
	shop     *otpcore.Business
	pending  otpcore.ID // a verification whose code is on its way
	code     string
	told     []otpcore.Event // its timeline before the move
	from, to string
}

func (m *mover) open(url string) (*DB, error) {
	return Open(m.Context(), Config{
		URL: url, Boot: otpcore.NewID(otpcore.PrefixBoot, time.Now()),
		BindKey: func(bound string) (string, error) {
			if bound != "" && bound != copyKey {
				m.Errorf("the key check is %q", bound)
			}
			return copyKey, nil
		},
	})
}

func (m *mover) mustOpen(url string) *DB {
	m.Helper()
	db, err := m.open(url)
	must(m, err)
	return db
}

func (m *mover) core(db *DB) *otpcore.Core {
	core := otpcore.New(otpcore.Config{
		Ledger: db, Reader: db, Vault: m.vault, Carriers: m.carriers, Renderer: coretest.NewRenderer(),
		Phones: coretest.NewPhones(), Rules: otpcore.DefaultRules(), Boot: db.writer.boot, Logger: slog.New(slog.DiscardHandler),
	})
	db.OnCommit(core.Committed)
	return core
}

func (m *mover) caller() otpcore.Caller { return otpcore.Caller{Business: m.shop, Mode: otpcore.Live} }

// rowsOfEveryTable writes what a verification does not.
func rowsOfEveryTable(t testing.TB, x otpcore.Tx) error {
	bot, link, session, key := filled[otpcore.Bot](t), filled[otpcore.Link](t), filled[otpcore.LinkSession](t), filled[otpcore.APIKey](t)
	errs := []error{
		x.SaveBot(bot), x.SaveLink(link), x.SaveSession(session), x.SaveKey(key), x.SetOffset("bot_1", 7),
		x.SaveEndpoint(filled[otpcore.Endpoint](t)), x.SavePosting(filled[otpcore.Posting](t)), x.SaveTemplate(filled[otpcore.Template](t)),
		x.Remember("biz_1", otpcore.Live, *filled[otpcore.Once](t), *filled[otpcore.Remembered](t)),
	}
	_, err := x.UseToken("upd_1")
	errs = append(errs, err)
	for n := range int64(25) {
		_, err := x.FirstSight("bot_1", n*n)
		standing := filled[otpcore.Standing](t)
		standing.Phone = otpcore.Index{byte(n)}
		errs = append(errs, err, x.SaveStanding(standing))
	}
	for n, odd := range []string{"", "\x00", "\xff\xff", "'; --", "ключ"} {
		errs = append(errs, x.KeepReceipt(otpcore.Receipt{Provider: "sms", MessageID: fmt.Sprint(n, odd), Status: otpcore.Delivered, At: x.Now()}))
	}
	s := &x.(tx).t.session
	errs = append(errs, s.tell(putOrder(filled[otpcore.Order](t)), putOrderUpdate(filled[otpcore.OrderUpdate](t))))
	for _, w := range []write{
		{query: `INSERT INTO retired_bots (id) VALUES ('bot_9')`},
		{query: `INSERT INTO erasures (verification_id, due_at) VALUES ('vrf_9', 1)`},
		{query: `UPDATE links SET chat_sealed = $1`, args: []any{[]byte{}}},
	} {
		_, err := s.exec(w.query, w.args...)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// newMover fills the source through the domain, and leaves a code on its way.
func newMover(t testing.TB, from, to string) *mover {
	t.Helper()
	m := &mover{
		TB: t, vault: coretest.NewVault(), carriers: coretest.NewCarriers(otpcore.SMS), from: from, to: to,
		shop: &otpcore.Business{ID: otpcore.NewID(otpcore.PrefixBusiness, time.Now()), Name: "Shop", Settings: otpcore.Settings{Countries: []string{"KZ"}}},
	}
	db := m.mustOpen(from)
	core := m.core(db)
	must(t, db.Write(t.Context(), func(x otpcore.Tx) error {
		return errors.Join(x.SaveBusiness(m.shop), rowsOfEveryTable(t, x))
	}))
	for n := range 30 {
		s, err := core.Verifications.Start(t.Context(), m.caller(), otpcore.StartRequest{Phone: fmt.Sprintf("+7701%07d", n)})
		must(t, err)
		m.pending = s.Verification.ID
		sent := m.carriers.Of(otpcore.SMS).Await(n + 1)
		m.code = coretest.CodeIn(sent[n])
		if n%3 == 0 {
			_, err = core.Verifications.Cancel(t.Context(), m.caller(), s.Verification.ID, nil)
			must(t, err)
		}
	}
	core.Dispatcher.Close(context.WithoutCancel(t.Context()))
	var err error
	m.told, err = db.Timeline(t.Context(), m.pending)
	must(t, err)
	mustClose(t, db)
	return m
}

func (m *mover) transfer() Transfer {
	return Transfer{From: m.from, To: m.to, batch: 7, Key: func(bound string) error {
		if bound != copyKey {
			return fmt.Errorf("the source has the key %q", bound)
		}
		return nil
	}}
}

func (m *mover) mustMove(t Transfer) Transferred {
	m.Helper()
	done, err := t.Run(m.Context())
	must(m, err)
	for _, table := range copiedTables {
		at := slices.IndexFunc(done.Tables, func(c TableCount) bool { return c.Table == table.name })
		if at < 0 || done.Tables[at].Rows == 0 {
			m.Errorf("no row of %s was copied: %+v", table.name, done.Tables)
		}
	}
	return done
}

// goesOn expects that a server on the target takes the pending code.
func (m *mover) goesOn() {
	m.Helper()
	db := m.mustOpen(m.to)
	defer mustClose(m, db)
	core := m.core(db)
	defer core.Dispatcher.Close(context.WithoutCancel(m.Context()))
	told, err := db.Timeline(m.Context(), m.pending)
	must(m, err)
	same(m, "the timeline", told, m.told)
	r, err := core.Verifications.Check(m.Context(), m.caller(), m.pending, m.code, nil, nil)
	must(m, err)
	if !r.Valid {
		m.Errorf("the code that was on its way is answered %+v", r)
	}
	now, err := db.Timeline(m.Context(), m.pending)
	must(m, err)
	if len(now) <= len(told) || !slices.EqualFunc(now[:len(told)], told, func(a, b otpcore.Event) bool { return a.ID == b.ID }) {
		m.Errorf("events of after the move do not follow those of before: %d, then %d", len(told), len(now))
	}
}

func (m *mover) refused(url string, words ...string) {
	m.Helper()
	db, err := m.open(url)
	if err == nil {
		mustClose(m, db)
		m.Errorf("a server starts on %s", url)
		return
	}
	said(m, err, words...)
}

// said expects one sentence that holds the words.
func said(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("this is not one sentence: %v", err)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

func newFile(t testing.TB) string { return filepath.Join(t.TempDir(), "otpravka.db") }

func TestCopyMovesEverything(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to func(testing.TB) string
		batch    int // 1: every key is once where a batch begins
	}{
		{"sqlite to postgres", newFile, pgtest.URL, 1},
		{"postgres to sqlite", pgtest.URL, newFile, 7},
		{"sqlite to sqlite", newFile, newFile, 0},
		{"postgres to postgres", pgtest.URL, pgtest.URL, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMover(t, c.from(t), c.to(t))
			whole := m.transfer()
			whole.batch = c.batch
			done := m.mustMove(whole)
			if done.Resumed {
				t.Error("the first run went on with another")
			}
			m.refused(m.from, "was moved to "+done.To, "restore-epoch")
			m.goesOn()
			_, err := m.transfer().Run(t.Context())
			said(t, err, "was moved to "+done.To)
		})
	}
}

func TestComingBackEndsWhatWasPending(t *testing.T) {
	m := newMover(t, newFile(t), newFile(t))
	m.mustMove(m.transfer())
	m.goesOn()
	e, err := BeginEpoch(t.Context(), m.from)
	must(t, err)
	if e.Number != 2 || e.Ended == 0 {
		t.Errorf("the epoch is %+v", e)
	}
	db := m.mustOpen(m.from)
	defer mustClose(t, db)
	core := m.core(db)
	defer core.Dispatcher.Close(context.WithoutCancel(t.Context()))
	r, err := core.Verifications.Check(t.Context(), m.caller(), m.pending, m.code, nil, nil)
	if err != nil || r.Valid {
		t.Errorf("the code was approved on the target, and here it is %+v (%v)", r, err)
	}
}

// A server may have run on the target once and done nothing. What it left, its
// lineage above all, is not mistaken for the copy's.
func TestCopyTakesATargetThatWasOpened(t *testing.T) {
	m := newMover(t, newFile(t), pgtest.URL(t))
	db := m.mustOpen(m.to)
	inWriter(t, db, func(tr *transaction) error {
		_, err := tr.exec(saveMeta, lineageMeta, "7/1")
		return err
	})
	mustClose(t, db)
	m.mustMove(m.transfer())
	m.goesOn()
}
