package webhook

import (
	"cmp"
	"time"
)

// Limits bound what one client can hold of a node. Without them a few hundred
// slow connections would keep everybody else out.
type Limits struct {
	ReadHeader time.Duration // from the first byte of a request to the end of its headers
	Read       time.Duration // from there to the end of its body
	Write      time.Duration // from the end of the headers to the end of the answer; four fifths of it to its beginning
	Idle       time.Duration // between two requests of one connection
	Drain      time.Duration // for requests in hand when the server stops

	Header       int   // bytes of request line and headers
	Query        int   // bytes of a URL's query
	Body         int64 // bytes of a body
	BatchBody    int64 // bytes of a batch of order updates
	CallbackBody int64 // bytes of a body under /callbacks/, where providers batch
	MetaBody     int64 // bytes of what Meta posts there, of which it says itself how much that is
	Conns        int   // connections at one time
	Refusals     int   // credentials that open nothing, per minute and address
}

// DefaultLimits are the limits of a server whose Config names none.
var DefaultLimits = Limits{
	ReadHeader: 5 * time.Second,
	Read:       10 * time.Second,
	Write:      15 * time.Second,
	Idle:       60 * time.Second,
	Drain:      20 * time.Second,

	Header:       16 << 10,
	Query:        8 << 10,
	Body:         16 << 10,
	BatchBody:    1 << 20,
	CallbackBody: 256 << 10,
	MetaBody:     3 << 20,
	Conns:        1000,
	Refusals:     60,
}

// answer is how long a request may wait for its answer. What is left of Write
// is for the answer to reach the client.
func (l Limits) answer() time.Duration { return l.Write * 4 / 5 }

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	return Limits{
		ReadHeader: cmp.Or(l.ReadHeader, d.ReadHeader),
		Read:       cmp.Or(l.Read, d.Read),
		Write:      cmp.Or(l.Write, d.Write),
		Idle:       cmp.Or(l.Idle, d.Idle),
		Drain:      cmp.Or(l.Drain, d.Drain),

		Header:       cmp.Or(l.Header, d.Header),
		Query:        cmp.Or(l.Query, d.Query),
		Body:         cmp.Or(l.Body, d.Body),
		BatchBody:    cmp.Or(l.BatchBody, d.BatchBody),
		CallbackBody: cmp.Or(l.CallbackBody, d.CallbackBody),
		MetaBody:     cmp.Or(l.MetaBody, d.MetaBody),
		Conns:        cmp.Or(l.Conns, d.Conns),
		Refusals:     cmp.Or(l.Refusals, d.Refusals),
	}
}
