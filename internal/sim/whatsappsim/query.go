//go:build !nowhatsmeow

package whatsappsim

import "strings"

// query answers an iq, or takes the client's answer to one of ours.
func (c *conn) query(n node) {
	switch text(n, "type") {
	case "result", "error":
		c.pairAnswered(n)
		return
	}
	var first node
	if children := n.GetChildren(); len(children) > 0 {
		first = children[0]
	}
	space := text(n, "xmlns")
	c.srv.record(strings.TrimSpace("iq "+space), c.account(), n)
	switch {
	case space == "md" && first.Tag == "link_code_companion_reg":
		c.linkCode(n, first)
	case c.device == nil:
		c.send(result(n))
	case space == "encrypt" && text(n, "type") == "set":
		c.device.upload(n)
		c.send(result(n))
	case space == "encrypt" && first.Tag == "count":
		c.send(result(n, node{Tag: "count", Attrs: attrs{"value": c.device.stored()}}))
	case space == "encrypt" && first.Tag == "key":
		c.send(result(n, node{Tag: "list", Content: c.srv.bundles(first)}))
	case space == "usync" && first.Tag == "usync":
		c.send(result(n, c.srv.usync(first)))
	case space == "md" && first.Tag == "remove-companion-device":
		c.device.owner.remove(c.device)
		c.send(result(n))
	default: // ping, passive, privacy and the like: heard, and that is all
		c.send(result(n))
	}
}
