package bench

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/url"
	"strconv"
	"time"
)

// target is the API that is measured.
type target struct {
	addr   string
	host   string
	secure bool
	key    string
}

func newTarget(address, key string) (target, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" && u.Path != "/" {
		return target{}, fmt.Errorf("--url must be the base of an API, like http://127.0.0.1:8080: %q", address)
	}
	t := target{addr: u.Host, host: u.Host, secure: u.Scheme == "https", key: key}
	if u.Port() == "" {
		t.addr = net.JoinHostPort(u.Hostname(), map[bool]string{false: "80", true: "443"}[t.secure])
	}
	return t, nil
}

func (t target) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", t.addr)
	if err != nil || !t.secure {
		return conn, err
	}
	name, _, err := net.SplitHostPort(t.addr)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return tls.Client(conn, &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12}), nil
}

// client is one connection with one request under way at a time. Its requests
// lie ready as bytes, in which only a phone, an id and a code change.
type client struct {
	conn    net.Conn
	wire    *wire
	start   request
	check   request
	phoneAt int
	codeAt  int
	idAt    int
	afterAt int // -1: the starts name no fallback_after
}

// request is a whole request in bytes.
type request []byte

// Placeholders as long as what takes their place.
const (
	blankPhone = "+77010000000"
	blankCode  = "000000"
	blankID    = "vrf_00000000000000000000000000"
	blankAfter = `"fallback_after": 45`
)

// connect opens a connection. Wishes are further members of the starts' JSON,
// each with a comma before it.
func (t target) connect(ctx context.Context, wishes string) (*client, error) {
	conn, err := t.dial(ctx)
	if err != nil {
		return nil, err
	}
	c := &client{
		conn: conn, wire: newWire(conn),
		start: t.post("/v1/verifications", `{"phone":"`+blankPhone+`"`+wishes+`}`),
		check: t.post("/v1/verifications/"+blankID+"/check", `{"code":"`+blankCode+`"}`),
	}
	c.phoneAt = bytes.LastIndex(c.start, []byte(blankPhone))
	c.codeAt = bytes.LastIndex(c.check, []byte(blankCode))
	c.idAt = bytes.Index(c.check, []byte(blankID))
	c.afterAt = bytes.LastIndex(c.start, []byte(blankAfter))
	return c, nil
}

// fallBackAfter makes the next starts, whose wishes name a blankAfter, ask for
// SMS after so many whole seconds.
func (c *client) fallBackAfter(wait time.Duration) {
	digits := fmt.Appendf(nil, "%3d", int(math.Ceil(wait.Seconds())))
	copy(c.start[c.afterAt+len(blankAfter)-len(digits):], digits)
}

func (t target) post(path, body string) request {
	return request("POST " + path + " HTTP/1.1\r\nHost: " + t.host + "\r\nAuthorization: Bearer " + t.key +
		"\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)
}

func (c *client) close() error { return c.conn.Close() }

// refusal is an answer that is no success.
type refusal struct {
	status int
	body   string
}

func (r *refusal) Error() string { return fmt.Sprintf("the server answered %d: %s", r.status, r.body) }

// started is what the bench reads of the answer to a start.
type started struct {
	id         string
	testCode   string
	fallbackAt time.Time
}

// phoneOf is the n-th phone, in E.164.
func phoneOf(n int) (string, error) {
	digits := fmt.Sprintf("%07d", n)
	if len(digits) != 7 {
		return "", errors.New("the bench ran out of phones: make it shorter")
	}
	return blankPhone[:len(blankPhone)-len(digits)] + digits, nil
}

// startFor asks for a code for the n-th phone.
func (c *client) startFor(n int) (started, error) {
	phone, err := phoneOf(n)
	if err != nil {
		return started{}, err
	}
	copy(c.start[c.phoneAt:], phone)
	body, err := c.do(c.start)
	if err != nil {
		return started{}, err
	}
	s := started{id: string(member(body, "id")), testCode: string(member(body, "test_code"))}
	if len(s.id) != len(blankID) {
		return s, fmt.Errorf("no verification in the answer to a start: %s", body)
	}
	if at := member(body, "fallback_at"); at != nil {
		s.fallbackAt, err = time.Parse(time.RFC3339Nano, string(at))
	}
	return s, err
}

// offer checks a code and reports whether it was right.
func (c *client) offer(id string, code code) (bool, error) {
	copy(c.check[c.idAt:], id)
	copy(c.check[c.codeAt:], code[:])
	body, err := c.do(c.check)
	return bytes.Contains(body, []byte(`"valid":true`)), err
}

// do sends the request and returns the body of its answer.
func (c *client) do(r request) ([]byte, error) {
	if _, err := c.conn.Write(r); err != nil {
		return nil, err
	}
	first, body, err := c.wire.next()
	if err != nil {
		return nil, fmt.Errorf("answer of the server: %w", err)
	}
	status, err := statusOf(first)
	if err == nil && status/100 != 2 {
		err = &refusal{status, string(body)}
	}
	return body, err
}

// statusOf reads "HTTP/1.1 201 Created".
func statusOf(line []byte) (int, error) {
	const version = "HTTP/1.1 "
	if !bytes.HasPrefix(line, []byte(version)) || len(line) < len(version)+3 {
		return 0, fmt.Errorf("not the first line of an answer: %q", line)
	}
	return strconv.Atoi(string(line[len(version) : len(version)+3]))
}

// member returns the text of a JSON member that holds no escapes, or nil. The
// first one of the name counts: ids and times stand before anything nested.
func member(body []byte, name string) []byte {
	_, rest, found := bytes.Cut(body, []byte(`"`+name+`":"`))
	if !found {
		return nil
	}
	text, _, found := bytes.Cut(rest, []byte(`"`))
	if !found {
		return nil
	}
	return text
}
