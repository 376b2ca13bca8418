package keyring_test

import (
	"bytes"
	"errors"
	"testing"

	"otpravka/internal/keyring"
	"otpravka/otpcore"
)

// TestT40SealedValuesStayInPlace moves a sealed value to every other place and
// changes every bit of it: none of that may open.
func TestT40SealedValuesStayInPlace(t *testing.T) {
	ring := mustRing(t, 1)
	plain := []byte("+79161234567")
	sealed := ring.Seal(place, plain)
	if got, err := ring.Open(place, sealed); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("Open = %q, %v", got, err)
	}
	for name, at := range map[string]otpcore.Place{
		"table":    {Table: "bots", Column: place.Column, Row: place.Row, Business: place.Business},
		"column":   {Table: place.Table, Column: "chat", Row: place.Row, Business: place.Business},
		"row":      {Table: place.Table, Column: place.Column, Row: "lnk_2", Business: place.Business},
		"business": {Table: place.Table, Column: place.Column, Row: place.Row, Business: "biz_2"},
		"swapped":  {Table: place.Column, Column: place.Table, Row: place.Row, Business: place.Business},
		"shifted":  {Table: "linksp", Column: "hone", Row: place.Row, Business: place.Business},
		"emptied":  {Table: "", Column: "linksphone", Row: place.Row, Business: place.Business},
		"joined":   {Table: place.Table, Column: place.Column, Row: place.Row + place.Business},
	} {
		if _, err := ring.Open(at, sealed); !errors.Is(err, keyring.ErrBroken) {
			t.Errorf("another %s: %v", name, err)
		}
	}
	for i := range sealed {
		for bit := range 8 {
			broken := bytes.Clone(sealed)
			broken[i] ^= 1 << bit
			if _, err := ring.Open(place, broken); err == nil {
				t.Fatalf("opens with bit %d of byte %d flipped", bit, i)
			}
		}
	}
	for n := range sealed {
		if _, err := ring.Open(place, sealed[:n]); err == nil {
			t.Errorf("opens when cut to %d bytes", n)
		}
	}
}

func TestOpenTellsAnUnknownKey(t *testing.T) {
	sealed := mustRing(t, 1).Seal(place, []byte("secret"))
	if _, err := mustRing(t, 2).Open(place, sealed); !errors.Is(err, otpcore.ErrKeyGone) {
		t.Errorf("Open = %v, want ErrKeyGone", err)
	}
}

func TestSealedValuesDiffer(t *testing.T) {
	ring := mustRing(t, 1)
	if bytes.Equal(ring.Seal(place, []byte("same")), ring.Seal(place, []byte("same"))) {
		t.Error("equal values can be told from their sealed forms")
	}
	if plain, err := ring.Open(place, ring.Seal(place, nil)); err != nil || len(plain) != 0 {
		t.Errorf("an empty value opens as %q, %v", plain, err)
	}
}
