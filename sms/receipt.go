package sms

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"otpravka/otpcore"
)

// Reply is what to answer to a delivery report. Providers repeat a report
// until they like the answer, and one wants a certain word in its body.
type Reply struct {
	Status int
	Allow  string // for the Allow header of a 405
	Body   string
}

const (
	maxReport  = 256 << 10 // bytes of a report's body
	maxEntries = 1000      // reports in one batch
)

var (
	errUnknownKey = errors.New("no provider has this callback key")
	errMethod     = errors.New("report came by an undeclared method")
	errStranger   = errors.New("report came from an address that is not listed")
	errTooLarge   = errors.New("report is too large")
	errUnreadable = errors.New("report is not in the declared format")
)

// Receipts reads a delivery report that came to the callback address with the
// key. The reply is to be sent whatever happens; err is for the log and says
// why there are no receipts. Receipts are to be stored before the reply is
// sent. RemoteAddr must be the caller's true address: whoever trusts a proxy
// puts it there.
func (g *Gateway) Receipts(key string, r *http.Request) ([]otpcore.Receipt, Reply, error) {
	p := g.byKey(key)
	if p == nil {
		return nil, Reply{Status: http.StatusNotFound}, errUnknownKey
	}
	doc, reply, err := p.readReport(r)
	if err != nil {
		return nil, reply, fmt.Errorf("sms provider %s: %w", p.ID, err)
	}
	entries, ok := p.DLR.entries(doc)
	if !ok {
		return nil, Reply{Status: http.StatusBadRequest}, fmt.Errorf("sms provider %s: %w", p.ID, errUnreadable)
	}
	var receipts []otpcore.Receipt
	for _, entry := range entries {
		if receipt, ok := p.receipt(entry); ok {
			receipts = append(receipts, receipt)
		}
	}
	return receipts, Reply{Status: p.DLR.Reply.Status, Body: p.DLR.Reply.Body}, nil
}

// byKey looks at every provider in constant time, so that the time taken tells
// nothing about how much of a guessed key is right.
func (g *Gateway) byKey(key string) *provider {
	var found *provider
	for _, p := range g.providers {
		if p.key != "" && subtle.ConstantTimeCompare([]byte(p.key), []byte(key)) == 1 {
			found = p
		}
	}
	return found
}

func (p *provider) readReport(r *http.Request) (any, Reply, error) {
	if !slices.Contains(p.DLR.Accept, r.Method) {
		return nil, Reply{Status: http.StatusMethodNotAllowed, Allow: strings.Join(p.DLR.Accept, ", ")}, errMethod
	}
	if !p.DLR.Verify.admits(r.RemoteAddr) {
		return nil, Reply{Status: http.StatusForbidden}, errStranger
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxReport+1))
	if err != nil {
		return nil, Reply{Status: http.StatusBadRequest}, errUnreadable
	}
	if len(body) > maxReport || len(r.URL.RawQuery) > maxReport {
		return nil, Reply{Status: http.StatusRequestEntityTooLarge}, errTooLarge
	}
	doc, err := p.DLR.parse(body, r.URL.RawQuery)
	if err != nil {
		return nil, Reply{Status: http.StatusBadRequest}, errUnreadable
	}
	return doc, Reply{}, nil
}

func (v verify) admits(remote string) bool {
	if v.Type != "ip_allow" {
		return true
	}
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	addr := from.Addr().Unmap()
	return slices.ContainsFunc(v.networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// parse reads a report in the declared format, whatever its Content-Type says:
// that header is often wrong.
func (d *dlr) parse(body []byte, query string) (any, error) {
	if d.Parse == "json" {
		return parseJSON(body)
	}
	source := query
	if d.Parse == "form" {
		source = string(body)
	}
	fields, err := url.ParseQuery(source)
	return formDocument(fields), err
}

// entries returns the reports of a batch, or the document as the only one.
func (d *dlr) entries(doc any) ([]any, bool) {
	if d.Each.isZero() {
		return []any{doc}, true
	}
	found, _ := d.Each.find(doc, nil)
	list, ok := found.([]any)
	if !ok && found != nil {
		// A batch of one often comes without its brackets.
		list, ok = []any{found}, true
	}
	return list, ok && len(list) <= maxEntries
}

func (p *provider) receipt(entry any) (otpcore.Receipt, bool) {
	id, _ := p.DLR.ID.text(entry, nil)
	reference, _ := p.DLR.Reference.text(entry, nil)
	delivery, ours := otpcore.ParseID(otpcore.PrefixDelivery, reference)
	word, _ := p.DLR.Status.text(entry, nil)
	if id == "" && !ours || len(id) > maxID {
		p.log.Warn("sms report without a message id")
		return otpcore.Receipt{}, false
	}
	status, listed := p.DLR.words[word]
	if !listed {
		p.log.Warn("sms report with an unlisted status", "word", printable(word))
		return otpcore.Receipt{}, false
	}
	receipt := otpcore.Receipt{Provider: p.ID, MessageID: id, Reference: delivery, Status: status}
	if status == otpcore.FailedDlv {
		receipt.Class = otpcore.ClassUnknown
	}
	return receipt, true
}

// statusShape is how status words look. Anything else, such as a phone number
// that a provider put into the field, stays out of the log.
var statusShape = regexp.MustCompile(`^([A-Za-z_.-]{1,40}|-?[0-9]{1,3})$`)

func printable(word string) string {
	if statusShape.MatchString(word) {
		return word
	}
	return "(not a status word)"
}
