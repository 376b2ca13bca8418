package origin_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"otpravka/webhook/origin"
)

func proxies(t testing.TB, list ...string) origin.Proxies {
	t.Helper()
	p, err := origin.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestT18WhoseAddress(t *testing.T) {
	p := proxies(t, "10.0.0.0/8", "192.0.2.7", "2001:db8:aa::/48")
	for _, c := range []struct {
		remote    string
		forwarded []string
		want      string
	}{
		{"198.51.100.1:80", nil, "198.51.100.1"},
		{"198.51.100.1:80", []string{"203.0.113.9"}, "198.51.100.1"}, // whoever connects directly can write anything
		{"10.1.2.3:80", []string{"203.0.113.9"}, "203.0.113.9"},
		{"10.1.2.3:80", nil, "10.1.2.3"},
		{"10.1.2.3:80", []string{""}, "10.1.2.3"},
		{"10.1.2.3:80", []string{"6.6.6.6, 203.0.113.9"}, "203.0.113.9"},           // the left one is the caller's own
		{"10.1.2.3:80", []string{"6.6.6.6", "203.0.113.9"}, "203.0.113.9"},         // in lines of its own
		{"10.1.2.3:80", []string{"6.6.6.6, 203.0.113.9, 10.9.9.9"}, "203.0.113.9"}, // two proxies of ours
		{"10.1.2.3:80", []string{"203.0.113.9,192.0.2.7 ,10.9.9.9"}, "203.0.113.9"},
		{"10.1.2.3:80", []string{"10.4.4.4, 10.9.9.9"}, "10.4.4.4"}, // nobody from outside
		{"10.1.2.3:80", []string{"203.0.113.9, unknown"}, "10.1.2.3"},
		{"10.1.2.3:80", []string{"203.0.113.9, unknown, 10.9.9.9"}, "10.9.9.9"},
		{"10.1.2.3:80", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"10.1.2.3:80", []string{"[2001:db8::9]:4711"}, "2001:db8::9"},
		{"10.1.2.3:80", []string{"[2001:db8::9]"}, "2001:db8::9"},
		{"10.1.2.3:80", []string{"2001:db8::9"}, "2001:db8::9"},
		{"10.1.2.3:80", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"[::ffff:10.1.2.3]:80", []string{"203.0.113.9"}, "203.0.113.9"},
		{"[2001:db8:aa:1::1]:80", []string{"203.0.113.9"}, "203.0.113.9"},
		{"[fe80::1%eth0]:80", []string{"203.0.113.9"}, "fe80::1"},
	} {
		if got, ok := p.Of(c.remote, c.forwarded); !ok || got.String() != c.want {
			t.Errorf("%s with %q is %s, want %s", c.remote, c.forwarded, got, c.want)
		}
	}
	if got, ok := p.Of("@", []string{"203.0.113.9"}); ok {
		t.Errorf("a connection without an address is %s", got)
	}
	if got, _ := origin.Proxies(nil).Of("127.0.0.1:80", []string{"203.0.113.9"}); got.String() != "127.0.0.1" {
		t.Errorf("nobody is trusted, and the address is %s", got)
	}
}

// TestT18CallerCannotChooseAnAddress lets a caller write anything before what
// the proxy adds.
func TestT18CallerCannotChooseAnAddress(t *testing.T) {
	p := proxies(t, "10.0.0.0/8")
	rapid.Check(t, func(rt *rapid.T) {
		own := rapid.OneOf(rapid.String(), rapid.StringMatching(`([0-9]{1,3}\.){3}[0-9]{1,3}(, ?10\.0\.0\.1){0,3}`)).Draw(rt, "own")
		if got, ok := p.Of("10.0.0.1:80", []string{own, "203.0.113.9"}); !ok || got.String() != "203.0.113.9" {
			rt.Fatalf("%q made it %s", own, got)
		}
	})
}

func TestT18ThousandAddressesOfOneNetworkAreOne(t *testing.T) {
	p := proxies(t, "127.0.0.1")
	buckets := map[string]bool{}
	for n := range 1000 {
		addr, _ := p.Of("127.0.0.1:80", []string{fmt.Sprintf("2001:db8:1:2:%x::%x", n*7, n)})
		buckets[origin.Network(&http.Request{RemoteAddr: "[" + addr.String() + "]:0"})] = true
	}
	if len(buckets) != 1 || !buckets["2001:db8:1:2::/64"] {
		t.Errorf("the buckets are %v", buckets)
	}
}

func TestT18Network(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:4711":               "192.0.2.1",
		"[::ffff:192.0.2.1]:4711":      "192.0.2.1",
		"[2001:db8:1:2::1]:1":          "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::9]:65535": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1":             "fe80::/64",
		"@":                            "@",
	} {
		if got := origin.Network(&http.Request{RemoteAddr: remote}); got != want {
			t.Errorf("%s counts for %s, want %s", remote, got, want)
		}
	}
}

func TestT18NetworksThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "10.0.0.0/8",
		"proxy.internal":       "10.0.0.0/8",
		"10.0.0.0/33":          "10.0.0.0/8",
		"fe80::1%eth0":         "10.0.0.0/8",
		"::ffff:10.0.0.0/104":  "IPv4 network",
		"0.0.0.0/0":            "everybody",
		"::/0":                 "everybody",
		"10.0.0.1, 10.0.0.2/8": "10.0.0.0/8",
	} {
		if p, err := origin.Parse([]string{text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, %v", text, p, err)
		}
	}
}
