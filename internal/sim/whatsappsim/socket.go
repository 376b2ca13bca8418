//go:build !nowhatsmeow

package whatsappsim

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
	waBinary "go.mau.fi/whatsmeow/binary"
	"go.mau.fi/whatsmeow/socket"
)

// writeLimit bounds one write, so that a client that reads no more holds up
// nobody for ever.
const writeLimit = 10 * time.Second

var errHeader = errors.New("stream does not begin with WhatsApp's header")

// wire is a websocket as a stream of frames, ciphered after the handshake. One
// goroutine reads; any may write.
type wire struct {
	ws      *websocket.Conn
	life    context.Context // ends with the server
	stream  []byte          // read, not yet framed
	read    cipher.AEAD
	readAt  uint32
	mu      sync.Mutex // orders writes: the counter must match the order on the wire
	write   cipher.AEAD
	writeAt uint32
}

// more reads one websocket message onto the stream.
func (w *wire) more() error {
	_, data, err := w.ws.Read(w.life)
	w.stream = append(w.stream, data...)
	return err
}

// header takes the four bytes that open a stream.
func (w *wire) header() error {
	size := len(socket.WAConnHeader)
	for len(w.stream) < size {
		if err := w.more(); err != nil {
			return err
		}
	}
	if !slices.Equal(w.stream[:size], socket.WAConnHeader) {
		return errHeader
	}
	w.stream = w.stream[size:]
	return nil
}

// frame takes one frame off the stream: three bytes of length, then the rest.
func (w *wire) frame() ([]byte, error) {
	for {
		if have := len(w.stream) - socket.FrameLengthSize; have >= 0 {
			size := int(w.stream[0])<<16 | int(w.stream[1])<<8 | int(w.stream[2])
			if have >= size {
				data := slices.Clone(w.stream[socket.FrameLengthSize : socket.FrameLengthSize+size])
				w.stream = w.stream[socket.FrameLengthSize+size:]
				return data, nil
			}
		}
		if err := w.more(); err != nil {
			return nil, err
		}
	}
}

// put writes one frame as exactly one websocket message: the client loses three
// bytes of a frame that comes in two.
func (w *wire) put(data []byte) error {
	size := len(data)
	if size >= socket.FrameMaxSize {
		return socket.ErrFrameTooLarge
	}
	ctx, cancel := context.WithTimeout(w.life, writeLimit)
	defer cancel()
	whole := append([]byte{byte(size >> 16), byte(size >> 8), byte(size)}, data...)
	return w.ws.Write(ctx, websocket.MessageBinary, whole)
}

// receive reads the next stanza.
func (w *wire) receive() (node, error) {
	sealed, err := w.frame()
	if err != nil {
		return node{}, err
	}
	plain, err := w.read.Open(nil, nonce(w.readAt), sealed, nil)
	if err != nil {
		return node{}, fmt.Errorf("open frame: %w", err)
	}
	w.readAt++
	if len(plain) == 0 {
		return node{}, errors.New("empty frame")
	}
	data, err := waBinary.Unpack(plain)
	if err != nil {
		return node{}, fmt.Errorf("unpack frame: %w", err)
	}
	n, err := waBinary.Unmarshal(data)
	if err != nil {
		return node{}, fmt.Errorf("parse stanza: %w", err)
	}
	return *n, nil
}

// send writes a stanza. Its error is for nobody: a connection that cannot be
// written to ends where it is read.
func (w *wire) send(n node) {
	data, err := waBinary.Marshal(n)
	if err != nil {
		panic(fmt.Sprintf("whatsappsim: stanza %s: %v", n.Tag, err))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	sealed := w.write.Seal(nil, nonce(w.writeAt), data, nil)
	w.writeAt++
	_ = w.put(sealed)
}
