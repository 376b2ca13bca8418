package cli_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealthcheck(t *testing.T) {
	p := newPlace(t)
	server := p.start(p.serve()...)
	_, base, _ := strings.Cut(urlForm.FindStringSubmatch(server.log.String())[1], "//")
	_, port, err := net.SplitHostPort(base)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // the way to oneself leads through no proxy
	for _, listen := range []string{base, "localhost:" + port, ":" + port, "0.0.0.0:" + port} {
		if r := run(t, "healthcheck", "--listen", listen); r.status != 0 || strings.Count(r.out, "\n") != 1 || r.err != "" {
			t.Errorf("%s: %+v", listen, r)
		}
	}
	t.Setenv("OTPRAVKA_LISTEN", ":"+port)
	if r := run(t, "healthcheck"); r.status != 0 {
		t.Errorf("address of the environment: %+v", r)
	}
	if status := server.stop(); status != 0 {
		t.Errorf("serve ended with %d", status)
	}
	run(t, "healthcheck").refused(t, "", "no server answers on :"+port, "OTPRAVKA_LISTEN")
	run(t, "healthcheck", "--listen", "nonsense").refused(t, "", "nonsense")
}

func TestHealthcheckOfAServerThatIsNotReady(t *testing.T) {
	sick := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer sick.Close()
	run(t, "healthcheck", "--listen", sick.Listener.Addr().String()).refused(t, "", "not ready", "503")
}
