package otpcore

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The limits of addresses that a chat leads back to.
const (
	maxReturnURL   = 1000
	maxReturnHosts = 20
)

// hostForm is a host of the open internet in lower case. Telegram refuses a
// whole message for a button that leads anywhere else, and with it the code.
var hostForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$`)

func publicHost(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && len(host) <= 253 && hostForm.MatchString(host) &&
		!strings.HasSuffix(host, ".localhost") && !strings.HasSuffix(host, ".local") && !strings.HasSuffix(host, ".internal")
}

// checkHosts refuses hosts that no button may lead to.
func checkHosts(code, at string, hosts []string) error {
	if len(hosts) > maxReturnHosts {
		return invalid(code, at, fmt.Sprintf("Send at most %d hosts.", maxReturnHosts))
	}
	for i, host := range hosts {
		if !publicHost(host) {
			return invalid(code, fmt.Sprintf("%s/%d", at, i), "Send a host of the internet in lower case, without scheme, port and path, for example shop.example.com.")
		}
	}
	return nil
}

// checkReturnURL refuses an address that is not on the business's own list:
// nothing in a message with a code may lead people anywhere else.
func checkReturnURL(set Settings, raw string) error {
	return checkAddress("return_url", "return_hosts", set.ReturnHosts, raw)
}

// checkTrackingURL does the same for the button under an order.
func checkTrackingURL(set Settings, raw string) error {
	return checkAddress("tracking_url", "link_hosts", set.LinkHosts, raw)
}

func checkAddress(field, list string, hosts []string, raw string) error {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || len(raw) > maxReturnURL || u.Scheme != "https" || u.User != nil || u.Port() != "" || u.Opaque != "" || !printable(raw):
		return invalid(field+"_invalid", "/"+field, fmt.Sprintf("Send an https address of at most %d characters, without user, port and spaces.", maxReturnURL))
	case !slices.Contains(hosts, strings.ToLower(u.Hostname())):
		return invalid(field+"_not_allowed", "/"+field, "Put the host of the address on the list "+list+" with PATCH /v1/settings first.")
	}
	return nil
}

// printable admits what stands in an address as it is: everything else must be
// escaped there.
func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
