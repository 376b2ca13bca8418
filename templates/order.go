package templates

import (
	"fmt"
	"strconv"
	"strings"

	"otpravka/otpcore"
)

// ordersFile is orders.yaml of a locale.
type ordersFile struct {
	Heading, Own, Item, Quantity, Price, More, Total, Code, Track string

	Statuses map[otpcore.OrderStatus]string
	CodeNote string `yaml:"code_note"`
	SMSCode  string `yaml:"sms_code"`
}

// orderTexts are the texts of orders in one language.
type orderTexts struct {
	heading, own, item, quantity, price, more, total, code, codeNote, smsCode, track text

	statuses map[otpcore.OrderStatus]text
}

// orders compiles the news of orders.
func (c *compiler) orders(l *locale, f *ordersFile) {
	t := &l.orders
	for _, of := range []struct {
		into   *text
		key    string
		source string
		names  []string
	}{
		{&t.heading, "heading", f.Heading, []string{"brand", "status"}},
		{&t.own, "own", f.Own, []string{"order", "title"}},
		{&t.item, "item", f.Item, []string{"name"}},
		{&t.quantity, "quantity", f.Quantity, []string{"item", "quantity"}},
		{&t.price, "price", f.Price, []string{"item", "price"}},
		{&t.more, "more", f.More, []string{"count"}},
		{&t.total, "total", f.Total, []string{"total"}},
		{&t.code, "code", f.Code, []string{"code"}},
		{&t.codeNote, "code_note", f.CodeNote, []string{"until"}},
		{&t.smsCode, "sms_code", f.SMSCode, []string{"heading", "code"}},
		{&t.track, "track", f.Track, nil},
	} {
		*of.into = c.whole("orders."+of.key, of.source, of.names...)
	}
	t.statuses = make(map[otpcore.OrderStatus]text, len(f.Statuses))
	var have, want []string
	for status, source := range f.Statuses {
		have = append(have, string(status))
		t.statuses[status] = c.whole("orders.statuses."+string(status), source, "order")
	}
	for _, status := range otpcore.OrderStatuses {
		want = append(want, string(status))
	}
	c.same("orders.statuses", have, want)
}

// whole compiles a text that shows each of its values once.
func (c *compiler) whole(at, source string, names ...string) text {
	t := c.text(at, source, names...)
	for _, name := range names {
		if n := t.count(name); n != 1 {
			c.fault("%s: {{%s}} stands %d times, want once", at, name, n)
		}
	}
	return t
}

// shownItems is how many lines of an order a message lists.
const shownItems = 10

// Order renders the message of an order. The hand-over code is its only Mono
// span. It fails only for a status without a text, a title and words of the
// business, which a checked update cannot have.
func (r *Renderer) Order(in otpcore.OrderText) (otpcore.Message, error) {
	l := r.locale(in.Locale)
	heading, err := l.orderHeading(in)
	if err != nil {
		return otpcore.Message{}, err
	}
	if !in.Channel.IsChat() {
		if in.Code.Len() == 0 {
			return otpcore.Message{Text: heading}, nil
		}
		return otpcore.Message{Text: l.orders.smsCode.fill(map[string]string{"heading": heading, "code": in.Code.Reveal()})}, nil
	}
	lines := []string{heading}
	lines = append(lines, l.orderItems(in.News.Items)...)
	if in.News.Total != nil {
		lines = append(lines, l.orders.total.fill(map[string]string{"total": l.orderAmount(*in.News.Total)}))
	}
	m := otpcore.Message{Text: strings.Join(lines, "\n")}
	if in.Code.Len() > 0 {
		l.orderCode(&m, in)
	}
	if in.News.TrackingURL != "" && in.Capabilities.CanButton {
		m.Buttons = append(m.Buttons, []otpcore.Button{{Label: l.orders.track.fill(nil), URL: in.News.TrackingURL}})
	}
	return m, nil
}

func (l *locale) orderHeading(in otpcore.OrderText) (string, error) {
	if in.Words != "" {
		return l.headed(in.Brand, inertLines(in.Words)), nil
	}
	values := map[string]string{"order": inert(in.Number), "title": inert(in.News.Title)}
	t, known := l.orders.statuses[in.Status]
	switch {
	case known:
	case in.News.Title != "":
		t = l.orders.own
	default:
		return "", fmt.Errorf("order status %q has no text", in.Status)
	}
	return l.headed(in.Brand, t.fill(values)), nil
}

// headed puts the business's name before what is said.
func (l *locale) headed(brand, said string) string {
	return l.orders.heading.fill(map[string]string{"brand": inert(brand), "status": said})
}

func (l *locale) orderItems(items []otpcore.OrderItem) []string {
	var lines []string
	for i, item := range items {
		if i == shownItems {
			left := strconv.Itoa(len(items) - shownItems)
			return append(lines, l.orders.more.fill(map[string]string{"count": left}))
		}
		line := l.orders.item.fill(map[string]string{"name": inert(item.Name)})
		if item.Quantity > 1 {
			line = l.orders.quantity.fill(map[string]string{"item": line, "quantity": strconv.Itoa(item.Quantity)})
		}
		if item.Price != nil {
			line = l.orders.price.fill(map[string]string{"item": line, "price": l.orderAmount(*item.Price)})
		}
		lines = append(lines, line)
	}
	return lines
}

// orderAmount writes an amount as the locale's other texts do.
func (l *locale) orderAmount(m otpcore.Money) string {
	return l.param("money", otpcore.Param{Money: &m})
}

// orderCode puts the hand-over code under the message, to be copied by a tap
// and read aloud.
func (l *locale) orderCode(m *otpcore.Message, in otpcore.OrderText) {
	m.Text += "\n\n"
	code := in.Code.Reveal()
	for _, p := range l.orders.code {
		if p.name == "" {
			m.Text += p.literal
			continue
		}
		m.Mono = append(m.Mono, otpcore.Span{Start: len(m.Text), End: len(m.Text) + len(code)})
		m.Text += code
	}
	until := l.formats.until(in.CodeUntil, in.Now, in.Location)
	m.Text += "\n" + l.orders.codeNote.fill(map[string]string{"until": until})
	if in.Capabilities.CanButton {
		m.Buttons = append(m.Buttons, []otpcore.Button{{Label: l.copy, Copy: code}})
	}
}
