//go:build !nowhatsmeow

package whatsappsim

import (
	"fmt"
	"slices"

	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/types"
)

// node and attrs are the library's own, so that both ends share one encoding.
type (
	node  = waBinary.Node
	attrs = waBinary.Attrs
)

// child finds the first child with this tag.
func child(n node, tag string) (node, bool) { return n.GetOptionalChildByTag(tag) }

// content returns the bytes inside a child, or nil.
func content(n node, tag string) []byte {
	found, _ := child(n, tag)
	data, _ := found.Content.([]byte)
	return data
}

// text returns an attribute as text, or "".
func text(n node, name string) string {
	switch value := n.Attrs[name].(type) {
	case nil:
		return ""
	case string:
		return value
	default:
		return fmt.Sprint(value)
	}
}

// address returns an attribute as an address, or the empty one.
func address(n node, name string) types.JID {
	jid, _ := n.Attrs[name].(types.JID)
	return jid
}

// numberJID is the address of a phone by its number.
func numberJID(number string) types.JID { return types.NewJID(number, types.DefaultUserServer) }

// lidJID is the address of a phone by its LID, which tells no number.
func lidJID(lid string) types.JID { return types.NewJID(lid, types.HiddenUserServer) }

// device is the address of one device of an account.
func device(jid types.JID, id uint16) types.JID {
	jid.Device = id
	return jid
}

// params are a stanza's attributes as the log of calls keeps them.
func params(n node) map[string]string {
	all := make(map[string]string, len(n.Attrs))
	for name := range n.Attrs {
		all[name] = text(n, name)
	}
	return all
}

// result answers an iq.
func result(to node, children ...node) node {
	n := node{Tag: "iq", Attrs: attrs{"from": types.ServerJID, "type": "result", "id": to.Attrs["id"]}}
	if len(children) > 0 {
		n.Content = children
	}
	return n
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }
