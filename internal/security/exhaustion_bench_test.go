package security

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A sloth holds a connection for as long as the server lets it.
type sloth struct {
	name    string
	request string
	drips   bool // goes on sending, a byte a second; or else reads nothing
	limit   time.Duration
}

var sloths = []sloth{
	{"headers", "GET /v1/settings HTTP/1.1\r\nHost: x\r\nX-A: ", true, 6 * time.Second},
	{"body", "POST /v1/verifications HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\nContent-Type: application/json\r\n\r\n{", true, 11 * time.Second},
	{"answers", strings.Repeat("GET /openapi.yaml HTTP/1.1\r\nHost: x\r\n\r\n", 30), false, 16 * time.Second},
}

// attack is a crowd of sloths. Each comes again as soon as it is thrown out.
type attack struct {
	address string
	visits  atomic.Int64

	mu      sync.Mutex
	longest map[string]time.Duration // by kind of sloth
}

// come is one visit. It ends when the server closes the connection.
func (a *attack) come(ctx context.Context, s sloth) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", a.address)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	if tcp, ok := conn.(*net.TCPConn); ok && !s.drips {
		_ = tcp.SetReadBuffer(4 << 10) // so that little is in flight
	}
	began := time.Now()
	leave := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer leave()
	a.visits.Add(1)
	_, err = io.WriteString(conn, s.request)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for err == nil && ctx.Err() == nil {
		select {
		case <-tick.C:
			// A byte into a closed connection is answered by a reset, which the
			// next one finds.
			_, err = io.WriteString(conn, "a")
		case <-ctx.Done():
		}
	}
	if ctx.Err() == nil {
		a.mu.Lock()
		a.longest[s.name] = max(a.longest[s.name], time.Since(began))
		a.mu.Unlock()
	}
}

// BenchmarkT43Slowloris lets 2,000 slow connections loose on the server for 30 s
// and asks what that does to everybody else.
func BenchmarkT43Slowloris(b *testing.B) {
	const crowd, lasts = 2_000, 30 * time.Second
	for b.Loop() {
		s := newServer(b)
		key := s.business("Shop")
		client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		for i := range 1_000 { // what a server at work holds anyway
			s.want(http.StatusCreated, "POST", "/v1/verifications", key, map[string]any{"phone": fmt.Sprintf("+7702%07d", i), "channels": []string{"sms"}}, nil)
		}
		before, peak := s.resident(), int64(0)
		a := &attack{address: strings.TrimPrefix(s.url, "http://"), longest: map[string]time.Duration{}}
		ctx, cancel := context.WithTimeout(context.Background(), lasts)
		var attackers sync.WaitGroup
		for i := range crowd {
			attackers.Go(func() {
				for ctx.Err() == nil {
					a.come(ctx, sloths[i%len(sloths)])
				}
			})
		}
		var took []time.Duration
		failed := 0
		for i := 0; ctx.Err() == nil; i++ {
			began := time.Now()
			got, err := s.ask(client, "POST", "/v1/verifications", key, map[string]any{"phone": fmt.Sprintf("+7701%07d", i), "channels": []string{"sms"}})
			if err != nil || got.status != http.StatusCreated {
				failed++
			} else {
				took = append(took, time.Since(began))
			}
			if i%20 == 0 {
				peak = max(peak, s.resident())
			}
		}
		cancel()
		attackers.Wait()
		b.Logf("%d visits of %d slow clients; %d normal starts, p50 %v; resident memory from %d to %d MiB",
			a.visits.Load(), crowd, len(took), percentile(took, 0.5), before>>20, peak>>20)
		verdict(b, "T43 share of normal starts that failed", 100*float64(failed)/float64(failed+len(took)), 1, "%")
		p99 := float64(percentile(took, 0.99)) / float64(time.Millisecond)
		verdict(b, "T43 p99 of normal starts", p99, 500, "ms")
		grown := float64(peak-before) / (1 << 20)
		verdict(b, "T43 growth of resident memory", grown, 100, "MiB")
		for _, kind := range sloths {
			verdict(b, "T43 longest connection, slow "+kind.name, a.longest[kind.name].Seconds(), kind.limit.Seconds()+1, "s")
		}
		b.ReportMetric(p99, "p99-ms")
		b.ReportMetric(grown, "MiB")
	}
}
