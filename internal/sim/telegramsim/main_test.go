package telegramsim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"otpravka/internal/sim/telegramsim"
)

const token = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"

// A connection whose client was still writing is closed after half a second,
// which is longer than goleak looks.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// world is one Telegram with a bot, a person and a client.
type world struct {
	tb     testing.TB
	tg     *telegramsim.Server
	base   string
	bot    *telegramsim.Bot
	anna   *telegramsim.User
	client *http.Client
}

func newWorld(tb testing.TB, opts telegramsim.Options) *world {
	tb.Helper()
	tg := telegramsim.New(opts)
	base, err := tg.Listen()
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{
		tb: tb, tg: tg, base: base,
		bot:    tg.AddBot(token, "shop_bot", "Shop"),
		anna:   tg.NewUser(telegramsim.UserOptions{Phone: "+77011234567", FirstName: "Anna", LanguageCode: "ru"}),
		client: &http.Client{Transport: &http.Transport{}},
	}
	tb.Cleanup(func() {
		tg.Close()
		w.client.CloseIdleConnections()
	})
	return w
}

// answer is any answer of the Bot API.
type answer struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	ErrorCode   int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter      int   `json:"retry_after"`
		MigrateToChatID int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
	Status int         `json:"-"`
	Header http.Header `json:"-"`
}

type fields map[string]any

// call posts JSON to a method of the world's bot.
func (w *world) call(method string, f fields) answer {
	w.tb.Helper()
	a, err := w.try(w.tb.Context(), token, method, f)
	if err != nil {
		w.tb.Fatalf("%s: %v", method, err)
	}
	return a
}

// must calls a method that has to work.
func (w *world) must(method string, f fields) answer {
	w.tb.Helper()
	a := w.call(method, f)
	if !a.OK {
		w.tb.Fatalf("%s: %d %s", method, a.ErrorCode, a.Description)
	}
	return a
}

func (w *world) try(ctx context.Context, token, method string, f fields) (answer, error) {
	body, err := json.Marshal(f)
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.base+"/bot"+token+"/"+method, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := w.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{Status: resp.StatusCode, Header: resp.Header}
	return a, json.Unmarshal(raw, &a)
}

// send lets the bot write to anna and returns the message id.
func (w *world) send(text string, extra fields) int64 {
	w.tb.Helper()
	f := fields{"chat_id": w.anna.ID(), "text": text}
	for name, value := range extra {
		f[name] = value
	}
	return decode[struct {
		ID int64 `json:"message_id"`
	}](w.tb, w.must("sendMessage", f).Result).ID
}

// updates fetches what waits for the bot.
func (w *world) updates(f fields) []map[string]any {
	w.tb.Helper()
	return decode[[]map[string]any](w.tb, w.must("getUpdates", f).Result)
}

func decode[T any](tb testing.TB, raw []byte) T {
	tb.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		tb.Fatalf("decode %s: %v", raw, err)
	}
	return v
}

// wantJSON compares a decoded value with the JSON it should be.
func wantJSON(tb testing.TB, got any, want string) {
	tb.Helper()
	g, err := json.Marshal(got)
	if err != nil {
		tb.Fatal(err)
	}
	w, err := json.Marshal(decode[any](tb, []byte(want)))
	if err != nil {
		tb.Fatal(err)
	}
	if !bytes.Equal(g, w) {
		tb.Errorf("got  %s\nwant %s", g, w)
	}
}

// soon bounds a wait that should end at once.
func soon(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 10*time.Second)
	tb.Cleanup(cancel)
	return ctx
}

// fixedClock makes dates in answers predictable.
func fixedClock() time.Time { return time.Unix(1_790_000_000, 0) }
