package sms

import (
	"net/http"
	"net/netip"

	"go.yaml.in/yaml/v4"

	"otpravka/otpcore"
)

// dlr declares how the provider's delivery reports read.
type dlr struct {
	Accept    []string   `yaml:"accept"` // methods
	Parse     string     `yaml:"parse"`  // json, form, query
	Each      path       `yaml:"each"`   // the list of a batch; missing: the whole is one report
	ID        path       `yaml:"id"`
	Reference path       `yaml:"reference"` // our msg_id, where the provider echoes it
	Status    path       `yaml:"status"`
	Map       statusWord `yaml:"map"`
	Verify    verify     `yaml:"verify"`
	Reply     reply      `yaml:"reply"`

	words map[string]otpcore.DeliveryStatus
}

// statusWord lists the provider's words for each of our states.
type statusWord struct {
	Sent      []scalar `yaml:"sent"`
	Delivered []scalar `yaml:"delivered"`
	Read      []scalar `yaml:"read"`
	Failed    []scalar `yaml:"failed"`
}

// verify declares what is asked of a report beside the unguessable address
// that every provider gets. url_secret and none ask for nothing more.
type verify struct {
	Type string   `yaml:"type"` // none, url_secret, ip_allow
	IPs  []string `yaml:"ips"`

	networks []netip.Prefix
}

type reply struct {
	Status int    `yaml:"status"`
	Body   string `yaml:"body"`
}

// UnmarshalYAML reads and checks the section.
func (d *dlr) UnmarshalYAML(n *yaml.Node) error {
	type plain dlr
	if err := Load(n, (*plain)(d)); err != nil {
		return err
	}
	if len(d.Accept) == 0 {
		return errAt(n.Line, "dlr.accept is missing: POST, GET or both")
	}
	for _, method := range d.Accept {
		if method != http.MethodPost && method != http.MethodGet {
			return errAt(n.Line, "dlr.accept %q: POST or GET", method)
		}
		if method == http.MethodGet && d.Parse != "query" {
			return errAt(n.Line, "dlr.accept GET goes with parse: query")
		}
	}
	if d.Parse != "json" && d.Parse != "form" && d.Parse != "query" {
		return errAt(n.Line, "dlr.parse %q: json, form or query", d.Parse)
	}
	if d.ID.isZero() && d.Reference.isZero() || d.Status.isZero() {
		return errAt(n.Line, "dlr needs the paths status and id (or reference)")
	}
	if d.Reply.Status == 0 {
		d.Reply.Status = http.StatusOK
	}
	if d.Reply.Status < 200 || d.Reply.Status > 299 {
		return errAt(n.Line, "dlr.reply.status is a success, 200 to 299")
	}
	return d.readWords(n.Line)
}

func (d *dlr) readWords(line int) error {
	d.words = make(map[string]otpcore.DeliveryStatus)
	for status, words := range map[otpcore.DeliveryStatus][]scalar{
		otpcore.Sent: d.Map.Sent, otpcore.Delivered: d.Map.Delivered, otpcore.Read: d.Map.Read, otpcore.FailedDlv: d.Map.Failed,
	} {
		for _, word := range words {
			if _, twice := d.words[string(word)]; twice {
				return errAt(line, "dlr.map lists %q twice", word)
			}
			d.words[string(word)] = status
		}
	}
	if len(d.words) == 0 {
		return errAt(line, "dlr.map lists no status word")
	}
	return nil
}

// UnmarshalYAML reads and checks the section.
func (v *verify) UnmarshalYAML(n *yaml.Node) error {
	type plain verify
	if err := Load(n, (*plain)(v)); err != nil {
		return err
	}
	switch v.Type {
	case "none", "url_secret":
		if len(v.IPs) > 0 {
			return errAt(n.Line, "dlr.verify.ips go with type ip_allow")
		}
		return nil
	case "ip_allow":
	default:
		return errAt(n.Line, "dlr.verify.type %q: none, url_secret or ip_allow", v.Type)
	}
	if len(v.IPs) == 0 {
		return errAt(n.Line, "dlr.verify.ips is missing")
	}
	for _, text := range v.IPs {
		network, err := parseNetwork(text)
		if err != nil {
			return errAt(n.Line, "dlr.verify.ips %q: write 203.0.113.7 or 203.0.113.0/24", text)
		}
		v.networks = append(v.networks, network)
	}
	return nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	return netip.ParsePrefix(text)
}

// bind checks that no path of a report holds variables: a report comes without
// a message to take them from.
func (d *dlr) bind() error {
	for _, p := range []*path{&d.Each, &d.ID, &d.Reference, &d.Status} {
		if err := p.bind(scope{}); err != nil {
			return err
		}
	}
	return nil
}
