//go:build !nowhatsmeow

package whatsappsim

import (
	"encoding/binary"
	"net/http"

	"go.mau.fi/libsignal/ecc"
	"go.mau.fi/whatsmeow/types"
	"go.mau.fi/whatsmeow/util/keys"
)

// upload takes a device's new prekeys: one-time keys are added, the rest replaced.
func (d *companion) upload(n node) {
	list, _ := child(n, "list")
	signed, hasSigned := child(n, "skey")
	d.srv.mu.Lock()
	defer d.srv.mu.Unlock()
	if registration := content(n, "registration"); len(registration) == 4 {
		d.registration = registration
	}
	if hasSigned {
		d.signed = signed
	}
	d.oneTime = append(d.oneTime, list.GetChildrenByTag("key")...)
}

// stored counts the device's one-time keys that nobody has taken. Zero makes a
// client upload a first batch.
func (d *companion) stored() int {
	d.srv.mu.Lock()
	defer d.srv.mu.Unlock()
	if len(d.oneTime) == 0 && d.srv.opts.FewKeys {
		return 1
	}
	return len(d.oneTime)
}

// bundles answers a request for the keys of several devices.
func (s *Server) bundles(ask node) []node {
	var users []node
	for _, asked := range ask.GetChildren() {
		jid := address(asked, "jid")
		users = append(users, node{Tag: "user", Attrs: attrs{"jid": jid}, Content: s.bundle(jid)})
	}
	return users
}

func (s *Server) bundle(jid types.JID) []node {
	p := s.find(jid)
	if p != nil {
		if _, faulty := s.faults.Take("prekeys", p.number); !faulty {
			if jid.Device == 0 {
				registration, rest := p.keys.bundle()
				return append([]node{{Tag: "registration", Content: registration}}, rest...)
			}
			if d := p.companion(jid.Device); d != nil {
				return d.bundle()
			}
		}
	}
	return []node{{Tag: "error", Attrs: attrs{"code": http.StatusNotFound, "text": "item-not-found"}}}
}

// bundle takes one of the device's one-time keys, while there are any, together
// with the keys that serve everybody.
func (d *companion) bundle() []node {
	d.srv.mu.Lock()
	defer d.srv.mu.Unlock()
	all := []node{
		{Tag: "registration", Content: d.registration},
		{Tag: "type", Content: []byte{ecc.DjbType}},
		{Tag: "identity", Content: d.identity[:]},
		d.signed,
	}
	if len(d.oneTime) > 0 {
		all = append(all, d.oneTime[0])
		d.oneTime = d.oneTime[1:]
	}
	return all
}

// keyNode shows the public half of a prekey.
func keyNode(key *keys.PreKey) node {
	n := node{Tag: "key", Content: []node{
		{Tag: "id", Content: keyID(key.KeyID)}, {Tag: "value", Content: key.Pub[:]},
	}}
	if key.Signature != nil {
		n.Tag = "skey"
		n.Content = append(n.GetChildren(), node{Tag: "signature", Content: key.Signature[:]})
	}
	return n
}

// keyID writes the number of a prekey in three bytes.
func keyID(id uint32) []byte {
	var four [4]byte
	binary.BigEndian.PutUint32(four[:], id)
	return four[1:]
}

// readKeyID is the reverse of keyID.
func readKeyID(three []byte) uint32 {
	var four [4]byte
	copy(four[4-min(len(three), 4):], three)
	return binary.BigEndian.Uint32(four[:])
}
