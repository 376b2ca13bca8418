package otpcore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
)

// darkLedger cannot be read while it is dark.
type darkLedger struct {
	otpcore.Ledger
	dark atomic.Bool
}

func (l *darkLedger) Due(ctx context.Context, now time.Time, limit int) ([]otpcore.Ref, time.Time, error) {
	if l.dark.Load() {
		return nil, time.Time{}, otpcore.Unavailable(errors.New("the lights are off"))
	}
	return l.Ledger.Due(ctx, now, limit)
}

// An outage of the storage is logged when it begins, then ever more seldom, and
// when it is over.
func TestOutageIsLoggedSeldom(t *testing.T) {
	inHouse(t, func(h *house) {
		h.stop()
		h.Dispatcher.Close(h.t.Context())
		ledger, log := &darkLedger{Ledger: h.db}, new(bytes.Buffer)
		h.Core = otpcore.New(otpcore.Config{
			Ledger: ledger, Reader: h.db, Vault: h.vault, Carriers: h.carriers, Renderer: coretest.NewRenderer(), Phones: coretest.NewPhones(),
			Rules: otpcore.DefaultRules(), Boot: h.boot, Logger: slog.New(slog.NewTextHandler(log, nil)),
		})
		h.db.OnCommit(h.Committed)
		ledger.dark.Store(true)
		h.run()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := strings.Count(log.String(), "due work not readable"); n < 2 || n > 13 {
			t.Errorf("%d lines in an hour, want the first look and its doublings:\n%s", n, log)
		}
		log.Reset()
		ledger.dark.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), "due work readable again") {
			t.Errorf("the end of the outage:\n%s", log)
		}
	})
}
