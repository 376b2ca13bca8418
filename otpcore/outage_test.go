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

// A look that meets a case with two things due finds fewer cases than rows. What is
// left must not wait for the next look but one.
func TestWhatPiledUpLeavesWithoutARest(t *testing.T) {
	inHouse(t, func(h *house) {
		seen := networkOf(h.carriers.Of(wa), content)
		h.stop()
		for i := range 10 {
			v := h.begin(toPhone(i), func(r *otpcore.StartRequest) { r.Channels = []otpcore.Channel{sm} }).Verification.ID
			h.write(func(tx otpcore.Tx) error {
				for range 2 {
					d := &otpcore.Delivery{
						ID: otpcore.NewID(otpcore.PrefixDelivery, tx.Now()), BusinessID: h.by.Business.ID, VerificationID: v, Mode: otpcore.Live,
						Kind: otpcore.DeliverRenewal, Channel: wa, BotID: coretest.WhatsAppBot, QueuedAt: tx.Now(), Status: otpcore.Queued, DueAt: tx.Now(),
					}
					if err := tx.AddDelivery(d); err != nil {
						return err
					}
				}
				return nil
			})
			h.postOver(wa, coretest.WhatsAppBot, h.by, otpcore.DeliverReply, chatNames(1000+100*i, 100)...)
		}
		h.run()
		time.Sleep(time.Second)
		if n := len(seen()); n < 1000 {
			t.Errorf("%d of 1000 answers left within a second", n)
		}
	})
}
