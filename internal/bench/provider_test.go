package bench

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"testing"

	"otpravka/sms"
)

func newTestProvider(t testing.TB) (*provider, string) {
	t.Helper()
	p, err := newProvider()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	return p, "http://" + p.ln.Addr().String() + "/send"
}

// post sends bodies over one connection and returns the last answer's id.
func post(t testing.TB, address string, bodies ...io.Reader) string {
	t.Helper()
	transport := &http.Transport{MaxConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	var answer struct{ ID string }
	for _, body := range bodies {
		res, err := (&http.Client{Transport: transport}).Post(address, "application/json", body)
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(res.Body).Decode(&answer)
		if closing := res.Body.Close(); err != nil || closing != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("the provider answered %s, %v", res.Status, err)
		}
	}
	return answer.ID
}

func TestProviderHandsCodesOn(t *testing.T) {
	p, address := newTestProvider(t)
	letters := make(chan letter, 2)
	p.onLetter(func(l letter) { letters <- l })
	id := post(t, address,
		bytes.NewBufferString(`{"text":"Shop 24: your code is 123456, order 7654321.","to":"+77010000042"}`),
		io.MultiReader(bytes.NewBufferString(`{"to":"+77010000043",`), bytes.NewBufferString(`"text":"654321 ist der Code"}`))) // sent in chunks
	if id != "sms00000043" {
		t.Errorf("the second message is %q", id)
	}
	for _, want := range []letter{{phone: 42, code: code([]byte("123456"))}, {phone: 43, code: code([]byte("654321"))}} {
		if got := <-letters; got.phone != want.phone || got.code != want.code || got.at.IsZero() {
			t.Errorf("the letter is %+v, want %+v", got, want)
		}
	}
	if err := p.err(); err != nil {
		t.Error(err)
	}
}

func TestProviderSpeaksUpAboutWhatItDoesNotUnderstand(t *testing.T) {
	for name, body := range map[string]string{
		"no code":      `{"to":"+77010000042","text":"Hello 1234567"}`,
		"no phone":     `{"text":"123456"}`,
		"other phone":  `{"to":"+1500","text":"123456"}`,
		"no number":    `{"to":"+7701000004x","text":"123456"}`,
		"no text":      `{"to":"+77010000042"}`,
		"nothing open": `{"to":"+77010000042","text":"123456`,
	} {
		t.Run(name, func(t *testing.T) {
			p, address := newTestProvider(t)
			if res, err := http.Post(address, "application/json", bytes.NewBufferString(body)); err == nil {
				t.Errorf("the answer is %s", res.Status)
				_ = res.Body.Close()
			}
			p.close()
			if p.err() == nil {
				t.Error("nobody hears of it")
			}
		})
	}
}

func TestProviderCloses(t *testing.T) {
	p, _ := newTestProvider(t)
	conn, err := net.Dial("tcp", p.ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	p.close()
	if n, err := conn.Read(make([]byte, 1)); err == nil || n != 0 {
		t.Errorf("read %d bytes from a closed provider, %v", n, err)
	}
	if err := p.err(); err != nil {
		t.Errorf("closing is no mistake: %v", err)
	}
}

func TestProviderIsDeclaredAsAnyOther(t *testing.T) {
	p, _ := newTestProvider(t)
	declared, err := sms.Parse([]byte(p.declaration()))
	if err != nil || len(declared) != 1 {
		t.Errorf("%d providers, %v", len(declared), err)
	}
}
