package security

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"otpravka/internal/app"
	"otpravka/internal/app/admin"
	"otpravka/internal/sim/smssim"
	"otpravka/internal/sim/telegramsim"
	"otpravka/otpcore"
	"otpravka/sms"
)

// served, in the environment, makes the test binary a server: its memory and
// its work are then told apart from those of the measuring.
const served = "OTPRAVKA_SECURITY_SERVE"

// start is what the child is told.
type start struct{ Dir, Telegram, SMS string }

func (s start) config() (app.Config, error) {
	declared, err := sms.Parse([]byte("sms_providers:\n" + smssim.Declaration(s.SMS)))
	return app.Config{
		Listen: "127.0.0.1:0", DatabaseURL: filepath.Join(s.Dir, "data", "otpravka.db"), MasterKeyFile: filepath.Join(s.Dir, "key", "master.key"),
		TelegramAPI: s.Telegram, SMS: declared, Rules: otpcore.DefaultRules(), CallsPerSecond: 1_000_000, Log: slog.New(slog.DiscardHandler),
	}, err
}

func TestMain(m *testing.M) {
	raw, child := os.LookupEnv(served)
	if !child {
		os.Exit(m.Run())
	}
	if err := serve(raw); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve runs the server until its standard input ends.
func serve(raw string) error {
	var s start
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return err
	}
	cfg, err := s.config()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() { _, _ = io.Copy(io.Discard, os.Stdin); stop() }()
	cfg.Ready = func(url string) { fmt.Println(url) }
	return app.Run(ctx, cfg)
}

// server is an Otpravka in a process of its own, between simulators.
type server struct {
	*testing.B
	start start
	cmd   *exec.Cmd
	stdin io.Closer
	url   string
	http  *http.Client
	tg    *telegramsim.Server
}

func newServer(b *testing.B) *server {
	b.Helper()
	s := &server{B: b, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}, tg: telegramsim.New(telegramsim.Options{Quiet: true})}
	b.Cleanup(s.http.CloseIdleConnections)
	dir, err := os.MkdirTemp("", "otp") // short enough for the name of a socket
	s.must(err)
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	texts := smssim.New(smssim.Options{Quiet: true, Reports: smssim.Reports{Never: true}})
	s.start.Dir = dir
	s.start.Telegram, err = s.tg.Listen()
	s.must(err)
	b.Cleanup(s.tg.Close)
	s.start.SMS, err = texts.Listen()
	s.must(err)
	b.Cleanup(texts.Close)
	s.run()
	b.Cleanup(s.stop)
	return s
}

func (s *server) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *server) run() {
	s.Helper()
	raw, err := json.Marshal(s.start)
	s.must(err)
	self, err := os.Executable()
	s.must(err)
	s.cmd = exec.Command(self)
	s.cmd.Env = append(os.Environ(), served+"="+string(raw))
	s.cmd.Stderr = os.Stderr
	s.stdin, err = s.cmd.StdinPipe()
	s.must(err)
	stdout, err := s.cmd.StdoutPipe()
	s.must(err)
	s.must(s.cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	s.must(err)
	s.url = strings.TrimSpace(line)
}

func (s *server) stop() {
	s.Helper()
	s.http.CloseIdleConnections()
	_ = s.stdin.Close()
	if err := s.cmd.Wait(); err != nil {
		s.Errorf("the server ended with %v", err)
	}
}

// business makes a business and returns its live key.
func (s *server) business(name string) string {
	s.Helper()
	cfg, err := s.start.config()
	s.must(err)
	var key string
	s.must(app.Operate(context.Background(), cfg, func(op app.Operator) error {
		set := otpcore.Settings{Countries: []string{"KZ"}, Locale: "en"}
		made, err := op.CreateBusiness(context.Background(), admin.NewBusiness{Name: name, Settings: set})
		key = made.LiveKey
		return err
	}))
	return key
}

// answer is what the server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request and reads the whole answer.
func (s *server) ask(client *http.Client, method, path, key string, body any) (answer, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	if body == nil {
		encoded = nil
	}
	req, err := http.NewRequest(method, s.url+path, bytes.NewReader(encoded))
	if err != nil {
		return answer{}, err
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	said, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, said}, err
}

// want asks and reads an answer that must have the status.
func (s *server) want(status int, method, path, key string, body, into any) {
	s.Helper()
	a, err := s.ask(s.http, method, path, key, body)
	s.must(err)
	if a.status != status {
		s.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	if into != nil {
		s.must(json.Unmarshal(a.body, into))
	}
}

// resident is the memory that the server holds, in bytes. It is Linux's word.
func (s *server) resident() int64 {
	s.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
	if err != nil {
		s.Skipf("the memory of another process cannot be read here: %v", err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(raw))[1], 10, 64)
	s.must(err)
	return pages * int64(os.Getpagesize())
}
