package storage

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"otpravka/otpcore"
)

func TestStatsTellWhatWaitsAndWhatWasDone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "otpravka.db")
	synctest.Test(t, func(t *testing.T) {
		db, err := Open(t.Context(), Config{URL: path, Boot: "run_1", QueueDepth: 3})
		if err != nil {
			t.Fatal(err)
		}
		if s := db.Stats(); s.Commits != 0 || s.Lanes != [2]LaneStats{} {
			t.Errorf("a new database has %+v", s)
		}
		release := make(chan struct{})
		held := make(chan error, 1)
		go func() {
			held <- db.Write(context.Background(), func(otpcore.Tx) error { <-release; return nil })
		}()
		synctest.Wait()
		submit := func(lane otpcore.Lane, n byte) {
			db.Submit(otpcore.Op{
				Lane: lane, BusinessID: "biz_1", Mode: otpcore.Live, Phone: otpcore.Index{n, byte(lane)},
				Decide: func(*otpcore.Case) error { return nil },
			}, func(error) {})
		}
		submit(otpcore.LaneRequests, 1)
		time.Sleep(4 * time.Second)
		for n := range byte(4) { // one more than the lane holds
			submit(otpcore.LaneDeliveries, n)
		}
		time.Sleep(time.Second)
		s := db.Stats()
		if want := [2]LaneStats{{Waiting: 1, Oldest: 5 * time.Second}, {Waiting: 3, Oldest: time.Second}}; s.Lanes != want {
			t.Errorf("while the writer is held the lanes are %+v, want %+v", s.Lanes, want)
		}
		if s.Refused != 1 || s.Commits != 0 {
			t.Errorf("while the writer is held: %+v", s)
		}
		close(release)
		if err := <-held; err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s = db.Stats()
		if s.Commits != 2 || s.Jobs != 5 || s.BatchMax != 4 || s.Lost != 0 || s.Lanes != [2]LaneStats{} {
			t.Errorf("after one write and a batch of four: %+v", s)
		}
		if b := s.Batches; b.Count != 2 || b.Counts[0] != 1 || b.Counts[2] != 2 || b.Sum != 5 {
			t.Errorf("the sizes of the batches are %+v", b)
		}
		if took := s.Seconds; took.Count != 2 || took.Sum != 5 || took.Counts[0] != 1 {
			t.Errorf("the times of the transactions are %+v", took)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}
