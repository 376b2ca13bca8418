package events

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	"code.dny.dev/ssrf"

	"otpravka/otpcore"
)

// Guard keeps the addresses that businesses name away from what only this
// machine and its network may reach (server-side request forgery). It looks
// twice: at the URL when it is saved, and at the address of each connection
// when it is made, because a name may lead elsewhere by then.
type Guard struct {
	open     map[string]bool // host:port that the operator has opened
	safe     func(network, address string, _ syscall.RawConn) error
	resolver *net.Resolver
	guarded  net.Dialer
	plain    func(ctx context.Context, network, address string) (net.Conn, error)
}

// azureHost answers for every machine in Azure's cloud, with its credentials,
// and is in none of the ranges that are reserved
// (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
var azureHost = netip.MustParsePrefix("168.63.129.16/32")

const (
	connectTime = 5 * time.Second
	lookupTime  = 2 * time.Second
	longestURL  = 2048
	httpsPort   = "443"
)

// ParseOpen reads one address of webhooks.allow, a host and a port.
func ParseOpen(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" || !portForm.MatchString(port) {
		return "", fmt.Errorf(`%q is no address of an endpoint: write the host and the port, such as "shop:3000"`, text)
	}
	return net.JoinHostPort(strings.ToLower(host), port), nil
}

var portForm = regexp.MustCompile(`^[1-9][0-9]{0,4}$`)

// NewGuard returns a guard that lets pass what is public, and the given
// addresses, each a host and a port as ParseOpen gives them. A nil resolver is
// the machine's.
func NewGuard(open []string, resolver *net.Resolver) *Guard {
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	g := &Guard{open: make(map[string]bool, len(open)), resolver: resolver}
	for _, address := range open {
		g.open[address] = true
	}
	g.safe = ssrf.New(ssrf.WithPorts(443), ssrf.WithDeniedV4Prefixes(azureHost)).Safe
	g.guarded = net.Dialer{Timeout: connectTime, Resolver: resolver, Control: func(network, address string, c syscall.RawConn) error {
		if err := g.safe(network, address, c); err != nil {
			return errForbidden
		}
		return nil
	}}
	g.plain = (&net.Dialer{Timeout: connectTime, Resolver: resolver}).DialContext
	return g
}

// DialContext connects to an address that may be reached.
func (g *Guard) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if g.open[strings.ToLower(address)] {
		return g.plain(ctx, network, address)
	}
	return g.guarded.DialContext(ctx, network, address)
}

var (
	errURL = &otpcore.Error{
		Kind: otpcore.KindInvalid, Code: "webhook_url_invalid", Field: "/url",
		Detail: "Send an https address on port 443 in plain ASCII, without a user, a password or a fragment. The operator may open a private one, also for http, with webhooks.allow.",
	}
	// One sentence for a name that is not found and for one that leads inside,
	// so that nobody can look around in the operator's network with it.
	errForbiddenURL = &otpcore.Error{
		Kind: otpcore.KindInvalid, Code: "webhook_url_forbidden", Field: "/url",
		Detail: "Send an address whose name can be found and leads to public addresses only. The operator may open a private one with webhooks.allow.",
	}
)

// Admit refuses a URL that no event may be sent to.
func (g *Guard) Admit(ctx context.Context, text string) error {
	u, err := g.read(text)
	if err != nil {
		return err
	}
	if g.open[hostPort(u)] {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, lookupTime)
	defer done()
	found, err := g.resolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil || len(found) == 0 {
		return errForbiddenURL
	}
	for _, ip := range found {
		network := "tcp6"
		if ip = ip.Unmap(); ip.Is4() {
			network = "tcp4"
		}
		if g.safe(network, netip.AddrPortFrom(ip, 443).String(), nil) != nil {
			return errForbiddenURL
		}
	}
	return nil
}

// A host is a name of labels, or an IP address in its common form. The last
// label of a name is no number: resolvers of other programs read 127.1 and
// 0x7f.1 as addresses.
var (
	nameForm   = regexp.MustCompile(`^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.?$`)
	numberForm = regexp.MustCompile(`(^|\.)(0x[0-9a-f]*|[0-9]+)\.?$`)
)

// read refuses a text that is not the URL of an endpoint.
func (g *Guard) read(text string) (*url.URL, error) {
	if len(text) > longestURL || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' || r == '#' }) {
		return nil, errURL
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.User != nil || strings.HasSuffix(u.Host, ":") {
		return nil, errURL
	}
	host := strings.ToLower(u.Hostname())
	ip, notIP := netip.ParseAddr(host)
	if notIP != nil && (!nameForm.MatchString(host) || numberForm.MatchString(host)) || notIP == nil && ip.Zone() != "" {
		return nil, errURL
	}
	switch {
	case (u.Scheme == "https" || u.Scheme == "http") && g.open[hostPort(u)]:
	case u.Scheme != "https" || u.Port() != "" && u.Port() != httpsPort:
		return nil, errURL
	}
	return u, nil
}

// hostPort is what a connection for the URL is made to.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" && u.Scheme == "http" {
		port = "80"
	} else if port == "" {
		port = httpsPort
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
