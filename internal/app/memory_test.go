package app

import (
	"runtime"
	"testing"
)

func TestHeapHasRoomByLoad(t *testing.T) {
	const mb = 1 << 20
	r := heapRoom{bytes: quietRoom}
	for i, look := range []struct {
		collections uint64 // in all
		alive       uint64
		want        uint64 // room in MB, by which the heap may grow
		calm        bool
	}{
		{0, 0, 20, false},       // nothing was collected yet
		{1, 10 * mb, 20, false}, // once a second is enough
		{9, 10 * mb, 40, false}, // under load the room doubles
		{13, 10 * mb, 80, false},
		{15, 40 * mb, 120, false}, // up to a bound
		{25, 40 * mb, 120, false},
		{26, 40 * mb, 120, false}, // a pause
		{26, 40 * mb, 120, false},
		{27, 40 * mb, 120, false},
		{27, 40 * mb, 120, false}, // the end of the load
		{27, 40 * mb, 120, false},
		{27, 40 * mb, 120, false},
		{27, 40 * mb, 120, false},
		{27, 40 * mb, 60, false}, // of which the room is given back
		{27, 40 * mb, 30, false},
		{27, 40 * mb, 20, true},
		{28, 40 * mb, 20, false},
		{28, 200 * mb, 20, false}, // whatever is alive
	} {
		percent, calm := r.look(look.collections, look.alive)
		if calm != look.calm {
			t.Errorf("look %d: the load has just ended: %t", i, calm)
		}
		alive := max(look.alive, leastAlive)
		if room := uint64(percent) * alive / 100 / mb; r.bytes/mb != look.want || room > look.want || room+3 < look.want {
			t.Errorf("look %d: %d%% of %d MB are %d MB, want %d", i, percent, alive/mb, room, look.want)
		}
	}
}

func TestCollectorIsRead(t *testing.T) {
	before, _ := readCollector()
	runtime.GC()
	if after, alive := readCollector(); after <= before || alive == 0 {
		t.Errorf("after a collection %d are counted, %d before; %d bytes are alive", after, before, alive)
	}
}
