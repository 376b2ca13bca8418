package otpcore

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestIDsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
		id := FormatID("vrf", u)
		if got, ok := ParseID("vrf", string(id)); !ok || got != id || id.UUID() != u {
			t.Errorf("%x: %s, %v, back as %x", u, id, ok, id.UUID())
		}
	})
}

// Ids sort like the UUIDs behind them, and so by the time of their making.
func TestIDsSortByTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "a"))
		b := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "b"))
		if got, want := strings.Compare(string(FormatID("vrf", a)), string(FormatID("vrf", b))), bytes.Compare(a[:], b[:]); got != want {
			t.Errorf("%x and %x compare as %d, want %d", a, b, got, want)
		}
	})
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var ids []ID
	for i := range 1000 {
		ids = append(ids, NewID(PrefixEvent, at.Add(time.Duration(i)*time.Millisecond)))
	}
	if !slices.IsSorted(ids) {
		t.Error("ids of later times sort before earlier ones")
	}
}

func TestIDsOfOneMillisecondKeepTheirOrder(t *testing.T) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for range 100 {
		at = at.Add(time.Millisecond)
		var ids []ID
		for range 2000 {
			ids = append(ids, NewID(PrefixDelivery, at))
		}
		if !slices.IsSorted(ids) {
			t.Fatal("an id sorts before one that was made earlier")
		}
	}
}

func TestNewIDIsAVersion7UUID(t *testing.T) {
	at := time.UnixMilli(0x0123456789ab)
	seen := map[ID]bool{}
	for range 1000 {
		id := NewID(PrefixVerification, at)
		u := id.UUID()
		if !bytes.Equal(u[:6], []byte{0x01, 0x23, 0x45, 0x67, 0x89, 0xab}) || u[6]>>4 != 7 || u[8]>>6 != 2 {
			t.Fatalf("uuid is %x", u)
		}
		if seen[id] {
			t.Fatal("an id came twice")
		}
		seen[id] = true
	}
}

// The example of the TypeID specification.
func TestKnownID(t *testing.T) {
	u := [16]byte{0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce, 0xb3, 0x02, 0x09, 0x9a, 0x80, 0x57}
	if got := FormatID("prefix", u); got != "prefix_01h455vb4pex5vsknk084sn02q" {
		t.Errorf("id is %s", got)
	}
}

func TestRefusedIDs(t *testing.T) {
	good := string(NewID(PrefixVerification, time.UnixMilli(1)))
	suffix := strings.TrimPrefix(good, "vrf_")
	for _, s := range []string{
		"", "vrf", "vrf_", suffix, "_" + suffix, "dlv_" + suffix, "VRF_" + suffix, strings.ToUpper(good), good + "=", good + " ", " " + good,
		good[:len(good)-1], good + "0", "vrf_" + suffix[:25] + "i", "vrf_" + suffix[:25] + "l", "vrf_" + suffix[:25] + "o",
		"vrf_" + suffix[:25] + "u", "vrf_" + suffix[:25] + "A", "vrf_8" + suffix[1:], "vrf_z" + suffix[1:], "vrf_" + suffix[:25] + "\x00",
		"../" + good, good + "%00", strings.Repeat("v", 10_000), "vrf__" + suffix[1:], "vrf_" + suffix[:24] + "é",
	} {
		if id, ok := ParseID(PrefixVerification, s); ok {
			t.Errorf("%q is taken for %s", s, id)
		}
	}
	for _, id := range []ID{"", "vrf", ID(suffix), "vrf_8" + ID(suffix[1:]), ID("vrf_" + suffix[:25] + "u")} {
		if id.UUID() != [16]byte{} {
			t.Errorf("%s has a UUID", id)
		}
	}
}
