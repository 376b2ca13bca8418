package bench

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// code is six digits.
type code [6]byte

// letter is a message that arrived at the provider.
type letter struct {
	phone int // the n of the n-th phone
	code  code
	at    time.Time
}

// provider is an SMS provider: it accepts every message and hands its code on.
type provider struct {
	ln      net.Listener
	deliver atomic.Pointer[func(letter)]
	serving sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool // nil once closed
	failed error             // the first message that was not understood
}

// newProvider starts a provider on a free port of this machine.
func newProvider() (*provider, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &provider{ln: ln, conns: map[net.Conn]bool{}}
	p.onLetter(func(letter) {})
	p.serving.Go(p.accept)
	return p, nil
}

// onLetter names the one function that gets every message from now on. It is
// called before the message is answered and must not block.
func (p *provider) onLetter(deliver func(letter)) { p.deliver.Store(&deliver) }

// declaration is the YAML file that tells the server of the provider.
func (p *provider) declaration() string {
	return `sms_providers:
  - id: bench
    number_format: e164
    request: {method: POST, url: "http://` + p.ln.Addr().String() + `/send", body: {type: json, fields: {to: "{{to}}", text: "{{text}}"}}}
    success: {http: [200-299]}
    message_id: "$.id"
`
}

func (p *provider) accept() {
	for {
		conn, err := p.ln.Accept()
		if err != nil {
			return
		}
		if !p.enter(conn) {
			_ = conn.Close()
			return
		}
		p.serving.Go(func() {
			p.note(p.serve(conn))
			p.leave(conn)
		})
	}
}

func (p *provider) enter(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		return false
	}
	p.conns[conn] = true
	return true
}

func (p *provider) leave(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
	_ = conn.Close()
}

func (p *provider) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed == nil && p.conns != nil {
		p.failed = err
	}
}

// err returns what went wrong at the provider, for a report that is not to be
// trusted then.
func (p *provider) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// serve takes messages from one connection until the server closes it. A
// killed server leaves broken connections behind, which is no mistake here.
func (p *provider) serve(conn net.Conn) error {
	w := newWire(conn)
	var answer []byte
	for {
		_, body, err := w.next()
		switch {
		case brokenOff(err):
			return nil
		case err != nil:
			return fmt.Errorf("request at the provider: %w", err)
		}
		l, err := readLetter(body)
		if err != nil {
			return err
		}
		(*p.deliver.Load())(l)
		answer = appendAnswer(answer[:0], l.phone)
		if _, err := conn.Write(answer); err != nil {
			return nil
		}
	}
}

func brokenOff(err error) bool {
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// appendAnswer accepts the message under an id: each phone gets one code.
func appendAnswer(b []byte, phone int) []byte {
	return fmt.Appendf(b, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"id\":\"sms%08d\"}", phone)
}

var errLetter = errors.New("message without a phone of the bench or without a code")

func readLetter(body []byte) (letter, error) {
	l := letter{at: time.Now()}
	to := member(body, "to")
	if len(to) != len(blankPhone) {
		return l, errLetter
	}
	var err error
	if l.phone, err = strconv.Atoi(string(to[len(blankPhone)-7:])); err != nil {
		return l, errLetter
	}
	found := false
	l.code, found = codeIn(member(body, "text"))
	if !found {
		return l, errLetter
	}
	return l, nil
}

// codeIn finds the first run of exactly six digits.
func codeIn(text []byte) (c code, found bool) {
	run := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i] >= '0' && text[i] <= '9' {
			run++
			continue
		}
		if run == len(c) {
			return code(text[i-run : i]), true
		}
		run = 0
	}
	return c, false
}

// close cuts all connections and returns when nothing of the provider runs.
func (p *provider) close() {
	_ = p.ln.Close()
	p.mu.Lock()
	conns := p.conns
	p.conns = nil
	p.mu.Unlock()
	for conn := range conns {
		_ = conn.Close()
	}
	p.serving.Wait()
}
