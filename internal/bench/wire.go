package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// wire reads HTTP/1.1 messages from one connection, requests and answers alike:
// they differ in their first line only. What it returns is valid until the next
// message is read.
type wire struct {
	*bufio.Reader
	first []byte
	body  []byte
}

func newWire(conn net.Conn) *wire { return &wire{Reader: bufio.NewReaderSize(conn, 8<<10)} }

// bodyLimit is far above what either side has to say.
const bodyLimit = 64 << 10

var (
	errFraming  = errors.New("message has neither Content-Length nor chunks")
	errTooLarge = errors.New("message is too large")
	errGoodbye  = errors.New("the other side closes the connection after this message")
)

// next reads one message: its first line and its body. Io.EOF means that the
// other side closed the connection between two messages.
func (w *wire) next() (first, body []byte, err error) {
	line, err := w.line()
	if err != nil {
		return nil, nil, err
	}
	w.first = append(w.first[:0], line...)
	length, err := w.header()
	switch {
	case err != nil:
	case length == chunked:
		err = w.chunks()
	default:
		w.body = w.body[:0]
		err = w.more(length)
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return w.first, w.body, err
}

// line reads one line without its end.
func (w *wire) line() ([]byte, error) {
	line, err := w.ReadSlice('\n')
	if err != nil {
		if len(line) > 0 && errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// chunked stands for a length that is told piece by piece.
const chunked = -1

// header reads up to the empty line and returns the length of the body.
func (w *wire) header() (length int, err error) {
	found := false
	for {
		line, err := w.line()
		if err != nil {
			return 0, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case is(name, "Content-Length"):
			var n uint64
			n, err = strconv.ParseUint(string(value), 10, 31)
			length, found = int(n), true
		case is(name, "Transfer-Encoding"):
			if !is(value, "chunked") {
				err = fmt.Errorf("transfer encoding %q", value)
			}
			length, found = chunked, true
		case is(name, "Connection") && is(value, "close"):
			err = errGoodbye
		}
		if err != nil {
			return 0, err
		}
	}
	if !found {
		return 0, errFraming
	}
	return length, nil
}

func is(b []byte, word string) bool { return len(b) == len(word) && bytes.EqualFold(b, []byte(word)) }

// more appends n bytes to the body.
func (w *wire) more(n int) error {
	had := len(w.body)
	if had+n > bodyLimit {
		return errTooLarge
	}
	w.body = append(w.body, make([]byte, n)...)
	_, err := io.ReadFull(w.Reader, w.body[had:])
	return err
}

// chunks reads a body in pieces (RFC 9112, section 7.1). Trailers, which
// nobody here sends, end in an error.
func (w *wire) chunks() error {
	w.body = w.body[:0]
	for {
		line, err := w.line()
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil {
			return fmt.Errorf("size of a chunk: %w", err)
		}
		if err := w.more(int(size)); err != nil {
			return err
		}
		if end, err := w.line(); err != nil || len(end) != 0 {
			return errors.Join(err, errors.New("chunk without an end"))
		}
		if size == 0 {
			return nil
		}
	}
}
