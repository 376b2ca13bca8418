package otpcore_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
	"otpravka/otpcore/coretest"
	"otpravka/storage"
)

// copyNow makes a backup beside the running house.
func (h *house) copyNow() (file string) {
	h.t.Helper()
	file = h.path + ".backup"
	if _, err := storage.Backup(h.t.Context(), h.path, file); err != nil {
		h.t.Fatal(err)
	}
	return file
}

// restore goes back to the backup, as an operator does.
func (h *house) restore(file string) storage.Epoch {
	h.t.Helper()
	h.close()
	for _, left := range []string{"-wal", "-shm"} {
		if err := os.Remove(h.path + left); err != nil && !errors.Is(err, fs.ErrNotExist) {
			h.t.Fatal(err)
		}
	}
	if err := os.Rename(file, h.path); err != nil {
		h.t.Fatal(err)
	}
	e, err := storage.BeginEpoch(h.t.Context(), h.path)
	if err != nil {
		h.t.Fatal(err)
	}
	h.open()
	return e
}

// endedByRestore expects the verification to be over before its time, and to
// say why.
func (h *house) endedByRestore(id otpcore.ID) {
	h.t.Helper()
	v := h.view(id)
	if v.Verification.Status != otpcore.Expired || v.Verification.EndReason != otpcore.EndExpired || v.Verification.Seed != nil {
		h.t.Errorf("%s is %s, %s", id, v.Verification.Status, v.Verification.EndReason)
	}
	if !v.Verification.EndedAt.Before(v.Verification.ExpiresAt) {
		h.t.Errorf("%s ended at %s, which is its time", id, v.Verification.EndedAt)
	}
	for _, e := range v.Timeline {
		if e.Type == otpcore.EventVerificationExpired && e.Data["because"] == "restored" {
			return
		}
	}
	h.t.Errorf("the timeline of %s does not say why: %+v", id, v.Timeline)
}

func TestARestoredBackupReplaysNoCode(t *testing.T) {
	inHouse(t, func(h *house) {
		h.linkUser("1001")
		used, other := h.begin().Verification.ID, h.begin().Verification.ID
		sent := h.carriers.Of(tg).Await(2)
		code := coretest.CodeIn(sent[0])
		if sent[0].DeliveryID != h.view(used).Deliveries[0].ID {
			code = coretest.CodeIn(sent[1])
		}
		synctest.Wait()
		file := h.copyNow()
		if r := h.check(used, code); !r.Valid {
			h.t.Fatalf("check: %+v", r)
		}
		if e := h.restore(file); e.Number != 2 || e.Ended != 2 {
			h.t.Errorf("the new epoch is %+v", e)
		}
		// The answer comes before anything else has looked at the case, or after.
		r, err := h.Verifications.Check(h.t.Context(), h.by, used, code, nil, nil)
		if err != nil || r.Valid || r.Reason != otpcore.ReasonExpired {
			h.t.Errorf("the code of the backup: %+v, %v", r, err)
		}
		for _, id := range []otpcore.ID{used, other} {
			h.endedByRestore(id) // without waiting for its time
		}
		again := h.begin().Verification.ID
		if v := h.view(again).Verification; v.Status != otpcore.Pending || v.Epoch != 2 {
			h.t.Errorf("a new verification is %s in epoch %d", v.Status, v.Epoch)
		}
	})
}

// What waited in the backup to be sent leaves no more: its code is dead.
func TestARestoredBackupSendsNoCode(t *testing.T) {
	inHouse(t, func(h *house) {
		waits := h.begin(waiting).Verification.ID
		file := h.copyNow()
		time.Sleep(5 * time.Second)
		h.restore(file)
		h.endedByRestore(waits)
		h.linkUser("1001")
		time.Sleep(time.Hour)
		h.expect(waits, "telegram:skipped")
		if n := len(h.carriers.Of(tg).Sent()) + len(h.carriers.Of(sm).Sent()); n != 0 {
			h.t.Errorf("%d messages left", n)
		}
	})
}
