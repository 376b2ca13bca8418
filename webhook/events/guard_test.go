package events_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"otpravka/otpcore"
	"otpravka/webhook/events"
)

// forbiddenIPs are addresses that no event goes to (bad inputs 71 and 72, T27).
var forbiddenIPs = []string{
	"0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.1.2.3", "169.254.169.254", "169.254.170.2",
	"172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1", "192.168.255.255",
	"198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
	"::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1",
	"2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "::127.0.0.1",
}

// badURLs are refused for their form (bad inputs 70 and 73, T27).
var badURLs = []string{
	"", " ", "x", "shop.example", "/hooks", "//x", "http://shop.example/", "ftp://shop.example/", "file:///etc/passwd", "gopher://shop.example/", "javascript:alert(1)",
	"HTTP://shop.example", "https:", "https://", "https:///hooks", "https:shop.example", "https://user:pass@shop.example", "https://user@shop.example", "https://good.example@evil.example",
	"https://@shop.example", "https://shop.example#frag", "https://shop.example/#", `https://shop.example\@evil.example`, `https:\\shop.example`, "https://shop.example:8443/", "https://shop.example:80/", "https://shop.example:0443/", "https://shop.example:",
	"https://shop.example:65536/", "https://shop.example:-1/", "https://shоp.example", "https://shop。example", "https://shop.example/ü", "https://shop.example/\n", "https://shop.example/\x00", "https://shop.example/ x",
	"https://127.1", "https://2130706433", "https://0x7f.1", "https://0x7f000001", "https://0177.0.0.1", "https://1.2.3", "https://1.2.3.4.5", "https://shop.example.0x7f", "https://127.0.0.1.", "https://[fe80::1%25eth0]", "https://[::1", "https://::1",
	"https://-shop.example", "https://shop..example", "https://.shop.example", "https://shop_.example", "https://" + strings.Repeat("a", 64) + ".example", "https://shop.example/" + strings.Repeat("a", 3<<10),
}

func host(ip string) string {
	if strings.Contains(ip, ":") {
		return "[" + ip + "]"
	}
	return ip
}

// T27: an address inside a network is refused when it is saved and when an
// event is to be sent there, written as an address or behind a name.
func TestT27ForbiddenAddresses(t *testing.T) {
	dns := newNames(t)
	guard := events.NewGuard(nil, dns.resolver())
	client := events.NewClient(events.ClientConfig{Guard: guard})
	defer client.Close()
	refuse := func(url, code string) {
		t.Helper()
		err := guard.Admit(t.Context(), url)
		if otpcore.CodeOf(err) != code || otpcore.KindOf(err) != otpcore.KindInvalid {
			t.Errorf("%.80q is saved with %v, want %s", url, err, code)
		}
		if r := client.Post(t.Context(), url, []string{events.NewSecret()}, told()); r.Failure != otpcore.PostAddress {
			t.Errorf("%.80q is sent to: %+v", url, r)
		}
	}
	for i, ip := range forbiddenIPs {
		refuse("https://"+host(ip)+"/hooks", "webhook_url_forbidden")
		name := fmt.Sprintf("host%d.example", i)
		dns.set(name, ip)
		refuse("https://"+name+"/hooks", "webhook_url_forbidden")
	}
	dns.set("inside.example", "127.0.0.1")
	for _, url := range []string{
		"https://inside.example", "https://INSIDE.example./x", "https://inside.example:443", "https://localhost", "https://localhost.", "https://unknown.example",
		"https://metadata.google.internal/computeMetadata/v1/",
	} {
		refuse(url, "webhook_url_forbidden")
	}
	for _, url := range badURLs {
		refuse(url, "webhook_url_invalid")
	}
}

func TestGoodAddresses(t *testing.T) {
	dns := newNames(t)
	dns.set("shop.example", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")
	dns.set("xn--e1afmkfd.example", "93.184.216.34")
	guard := events.NewGuard([]string{"shop:3000", "10.0.0.7:443"}, dns.resolver())
	for _, url := range []string{
		"https://shop.example", "https://shop.example/hooks?key=1&x=%D1%8F", "https://shop.example:443/", "https://SHOP.example./", "https://xn--e1afmkfd.example/",
		"https://93.184.216.34/", "https://[2606:2800:220:1:248:1893:25c8:1946]/hooks", "http://shop:3000/hooks", "https://shop:3000/hooks", "http://SHOP:3000", "https://10.0.0.7/",
	} {
		if err := guard.Admit(t.Context(), url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	// What the operator opens is one port of one host.
	for _, url := range []string{"http://shop:3001/", "http://shop/", "https://shop/", "http://shop.example:3000/", "http://10.0.0.7/", "https://10.0.0.8/", "http://user@shop:3000/", "ftp://shop:3000/"} {
		if err := guard.Admit(t.Context(), url); err == nil {
			t.Errorf("%s is opened as well", url)
		}
	}
}

func TestOpenedAddressesAreWrittenOut(t *testing.T) {
	for text, want := range map[string]string{
		"shop:3000": "shop:3000", "Shop.Local:80": "shop.local:80", "10.0.0.7:443": "10.0.0.7:443", "[fd00::1]:8080": "[fd00::1]:8080",
		"shop": "", ":3000": "", "shop:": "", "shop:0": "", "shop:http": "", "http://shop:3000": "", "10.0.0.0/8": "", "fd00::1:80": "",
	} {
		got, err := events.ParseOpen(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is read as %q, %v", text, got, err)
		}
	}
}

// listener counts the connections to a port of loopback.
func listener(t testing.TB) (address string, connections *atomic.Int64) {
	t.Helper()
	connections = new(atomic.Int64)
	return accept(t, func(net.Conn) { connections.Add(1) }).Addr().String(), connections
}

// accept serves connections one after the other, and closes each.
func accept(t testing.TB, serve func(net.Conn)) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = ln.Close(); <-over })
	return ln
}

// T27, bad input 74: a name that leads elsewhere once it was looked at opens
// nothing. Every connection is made to an address that was judged itself.
func TestT27Rebinding(t *testing.T) {
	dns := newNames(t)
	address, connections := listener(t)
	_, port, _ := net.SplitHostPort(address)
	// The port of the listener is opened at another host, so that nothing but the
	// guard stands between the event and the listener.
	guard := events.NewGuard([]string{"elsewhere:" + port}, dns.resolver())
	guard.WithPorts(port)
	client := events.NewClient(events.ClientConfig{Guard: guard})
	defer client.Close()
	for n := range 20 {
		name := fmt.Sprintf("rebind%d.example", n)
		dns.rebind(name, "93.184.216.34", "127.0.0.1")
		if err := guard.Admit(t.Context(), "https://"+name); err != nil {
			t.Fatalf("while it is public: %v", err)
		}
		if err := guard.Admit(t.Context(), "https://"+name); otpcore.CodeOf(err) != "webhook_url_forbidden" {
			t.Errorf("once it leads to this machine: %v", err)
		}
		if conn, err := guard.DialContext(t.Context(), "tcp", net.JoinHostPort(name, port)); err == nil {
			_ = conn.Close()
			t.Error("a connection was made")
		}
		if r := client.Post(t.Context(), "https://"+name, []string{events.NewSecret()}, told()); r.Failure != otpcore.PostAddress {
			t.Errorf("an event went out: %+v", r)
		}
	}
	// One public and one private address: the private one is never taken.
	dns.set("both.example", "127.0.0.1", "::1")
	if conn, err := guard.DialContext(t.Context(), "tcp", "both.example:"+port); err == nil {
		_ = conn.Close()
		t.Error("a connection was made")
	}
	dns.set("mixed.example", "93.184.216.34", "127.0.0.1")
	if err := guard.Admit(t.Context(), "https://mixed.example"); otpcore.CodeOf(err) != "webhook_url_forbidden" {
		t.Errorf("a name with a private address among others: %v", err)
	}
	if n := connections.Load(); n != 0 {
		t.Errorf("the listener on this machine saw %d connections", n)
	}
	// The listener works: what the operator opens gets there.
	dns.set("elsewhere", "127.0.0.1")
	conn, err := guard.DialContext(t.Context(), "tcp", "elsewhere:"+port)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}

// T27: a proxy of the environment would connect where no guard looks.
func TestT27NoProxy(t *testing.T) {
	var asked atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	client := events.NewClient(events.ClientConfig{Guard: events.NewGuard([]string{"shop.invalid:80"}, newNames(t).resolver())})
	defer client.Close()
	for _, url := range []string{"https://10.0.0.1/", "http://shop.invalid/"} {
		if r := client.Post(t.Context(), url, []string{events.NewSecret()}, told()); r.Failure != otpcore.PostAddress {
			t.Errorf("%s: %+v", url, r)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
}

func FuzzT27Admit(f *testing.F) {
	for _, url := range badURLs {
		f.Add(url)
	}
	for _, ip := range forbiddenIPs {
		f.Add("https://" + host(ip))
	}
	f.Add("https://shop.example/hooks")
	dns := newNames(f)
	guard := events.NewGuard(nil, dns.resolver())
	f.Fuzz(func(t *testing.T, url string) {
		if err := guard.Admit(t.Context(), url); err == nil && !strings.HasPrefix(strings.ToLower(url), "https://") {
			t.Errorf("%q is admitted", url)
		}
	})
}
