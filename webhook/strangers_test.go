package webhook

import (
	"crypto/sha256"
	"fmt"
	"testing"
)

func TestT38RefusalsCountForANetwork(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:4711":               "192.0.2.1",
		"[::ffff:192.0.2.1]:4711":      "192.0.2.1",
		"[2001:db8:1:2::1]:1":          "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::9]:65535": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1":             "fe80::/64",
		"@":                            "@",
	} {
		if got := peer(remote); got != want {
			t.Errorf("%s counts for %s, want %s", remote, got, want)
		}
	}
}

func TestT38MemoryOfGoodCredentialsIsBounded(t *testing.T) {
	s := newStrangers(1)
	for i := range maxGood*2 + 1 {
		s.remember(sha256.Sum256(fmt.Append(nil, i)))
		if len(s.good) > maxGood {
			t.Fatalf("%d credentials are kept", len(s.good))
		}
	}
}
