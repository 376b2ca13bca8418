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
	}{
		{0, 0, 20},         // nothing was collected yet
		{1, 10 * mb, 20},   // once a second is enough
		{9, 10 * mb, 40},   // under load the room doubles
		{13, 10 * mb, 80},  //
		{15, 40 * mb, 120}, // up to a bound
		{25, 40 * mb, 120},
		{26, 40 * mb, 120}, // once a second again
		{26, 40 * mb, 60},  // and goes back when the load does
		{26, 40 * mb, 30},
		{26, 40 * mb, 20},
		{26, 40 * mb, 20},
		{26, 200 * mb, 20}, // whatever is alive
	} {
		percent := r.percent(look.collections, look.alive)
		alive := max(look.alive, 1*mb)
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
