package storage

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"otpravka/otpcore"
)

const lineageMeta = "lineage"

// clockSlack is how far apart the clocks of machine and database may be before
// somebody should know.
const clockSlack = time.Minute

// resume takes up where the database stands. It is called with each new
// connection of the writer, and a connection cannot outlive a change of what
// it looks at: a server that is promoted was a standby before, which we refuse.
func (w *writer) resume(s *session) error {
	epoch, err := metaNumber(s, "recovery_epoch")
	if err != nil {
		return err
	}
	mark, err := metaNumber(s, "high_water")
	if err != nil {
		return err
	}
	if w.clock == nil {
		w.clock = newClock(fromMillis(mark))
	}
	seen, err := w.lookAt(s)
	if err != nil {
		return err
	}
	if epoch, err = w.newEpoch(s, epoch, mark < w.mark, seen.lineage); err != nil {
		return err
	}
	if behind := time.Until(fromMillis(mark)); seen.shown.IsZero() && mark > 0 && behind > clockSlack {
		w.log.Warn("the machine's clock is behind the database's: check it", "behind", behind.String())
	}
	w.epoch.Store(epoch)
	w.mark = mark
	return nil
}

// lookAt corrects the clock by the database's.
func (w *writer) lookAt(s *session) (sight, error) {
	seen, err := w.dialect.look(s)
	if err != nil || seen.shown.IsZero() {
		return seen, err
	}
	if ahead := w.clock.follow(seen); ahead.Abs() > clockSlack {
		w.log.Warn("the clocks of machine and database differ: check both, the database's counts", "machine_ahead", ahead.String())
	}
	return seen, nil
}

// newEpoch begins another recovery epoch when the database has lost what it
// had committed: when its mark fell, or when it lives through another history
// than the one it was last seen in. What was pending then may have been
// approved or guessed at since, and the attempts that are left are too many.
func (w *writer) newEpoch(s *session, epoch int64, fell bool, lineage string) (int64, error) {
	kept, err := value[string](s, selectMeta, lineageMeta)
	if err != nil && !errors.Is(err, otpcore.ErrNotFound) {
		return 0, fmt.Errorf("read %s: %w", lineageMeta, err)
	}
	if fell || isOther(kept, lineage) {
		epoch++
		w.log.Warn("the database was restored, or a standby took over: pending verifications end", "epoch", epoch)
		// This one first: when the other is lost, a second epoch does no harm.
		if _, err := s.exec(storeEpoch, strconv.FormatInt(epoch, 10)); err != nil {
			return 0, err
		}
		if _, err := w.wakeOlder(s, epoch); err != nil {
			return 0, err
		}
	}
	if lineage != "" && lineage != kept {
		_, err = s.exec(saveMeta, lineageMeta, lineage)
		return epoch, err
	}
	return epoch, nil
}

// isOther reports whether the database lives through another history than before.
// Where one of them is not known, and where the old one is told by fewer marks, as
// earlier versions did, nothing says so.
func isOther(kept, seen string) bool {
	return kept != "" && seen != "" && kept != seen && !strings.HasPrefix(seen, kept+"/")
}

// wakeOlder makes whatever is pending from older epochs due, so that it ends
// at once and not only at its own time. It returns how many those were.
func (w *writer) wakeOlder(s *session, epoch int64) (total int, err error) {
	for {
		n, err := s.exec(wakeOlder, millis(w.clock.Now()), epoch, batchRows)
		total += int(n)
		if err != nil || n < batchRows {
			return total, err
		}
	}
}
