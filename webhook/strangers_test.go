package webhook

import (
	"crypto/sha256"
	"fmt"
	"testing"
)

func TestT38MemoryOfGoodCredentialsIsBounded(t *testing.T) {
	s := newStrangers(1)
	for i := range maxGood*2 + 1 {
		s.remember(sha256.Sum256(fmt.Append(nil, i)))
		if len(s.good) > maxGood {
			t.Fatalf("%d credentials are kept", len(s.good))
		}
	}
}
