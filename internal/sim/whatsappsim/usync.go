//go:build !nowhatsmeow

package whatsappsim

import (
	"slices"
	"strings"
)

// usync answers what is asked about each user of a list: whether it is on
// WhatsApp, which devices it has, what its LID is.
func (s *Server) usync(ask node) node {
	query, _ := child(ask, "query")
	list, _ := child(ask, "list")
	var users []node
	for _, asked := range list.GetChildren() {
		users = append(users, s.answerUser(query, asked))
	}
	return node{Tag: "usync", Attrs: ask.Attrs, Content: []node{{Tag: "list", Content: users}}}
}

func (s *Server) answerUser(query, asked node) node {
	jid := address(asked, "jid")
	number := content(asked, "contact")
	if number != nil {
		digits, _, _ := strings.Cut(strings.TrimPrefix(string(number), "+"), "@")
		jid = numberJID(digits)
	}
	p := s.find(jid)
	user := node{Tag: "user", Attrs: attrs{"jid": jid}}
	var answers []node
	for _, about := range query.GetChildren() {
		switch about.Tag {
		case "contact":
			in := "out"
			if p != nil {
				in = "in"
				if text(about, "addressing_mode") == "lid" {
					user.Attrs = attrs{"jid": lidJID(p.lid), "pn_jid": numberJID(p.number)}
				}
			}
			answers = append(answers, node{Tag: "contact", Attrs: attrs{"type": in}, Content: number})
		case "devices":
			answers = append(answers, node{Tag: "devices", Content: []node{{Tag: "device-list", Content: p.deviceList()}}})
		case "lid":
			if p != nil {
				answers = append(answers, node{Tag: "lid", Attrs: attrs{"val": lidJID(p.lid)}})
			}
		}
	}
	user.Content = answers
	return user
}

// deviceList names the phone itself as device 0 and its linked devices after
// it. Who is not on WhatsApp has none.
func (p *Phone) deviceList() []node {
	if p == nil {
		return nil
	}
	p.srv.mu.Lock()
	defer p.srv.mu.Unlock()
	ids := []int{0}
	for id := range p.devices {
		ids = append(ids, int(id))
	}
	slices.Sort(ids)
	var list []node
	for _, id := range ids {
		list = append(list, node{Tag: "device", Attrs: attrs{"id": id}})
	}
	return list
}
