package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"otpravka/internal/sim/telegramsim"
)

//go:embed page
var embedded embed.FS

var index = template.Must(template.New("index.html").Funcs(template.FuncMap{"say": sentences(nil).say}).ParseFS(embedded, "page/index.html"))

// policy lets the page load its own files and nothing else, from nowhere else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// handler is the demo's backend: the page, what the shop asks of it, and what
// the people do with their phones.
func (s *stage) handler() http.Handler {
	files, err := fs.Sub(embedded, "page/files")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showPage)
	mux.Handle("GET /files/", http.StripPrefix("/files/", http.FileServerFS(files)))
	mux.HandleFunc("GET /events", s.board.stream)
	mux.HandleFunc("POST /shop/start", act(s.start))
	mux.HandleFunc("POST /shop/check", act(s.check))
	mux.HandleFunc("POST /shop/resend", act(s.resend))
	mux.HandleFunc("POST /shop/leave", act(s.leave))
	mux.HandleFunc("POST /shop/unblock", act(s.unblock))
	mux.HandleFunc("POST /shop/order", act(s.orderNext))
	mux.HandleFunc("POST /shop/handover", act(s.orderHandOver))
	mux.HandleFunc("POST /phone/open", act(s.openLink))
	mux.HandleFunc("POST /phone/say", act(s.say))
	mux.HandleFunc("POST /phone/write", act(s.write))
	mux.HandleFunc("POST /phone/keyboard", act(s.pressKeyboard))
	mux.HandleFunc("POST /phone/card", act(s.sendCard))
	mux.HandleFunc("POST /phone/press", act(s.press))
	mux.HandleFunc("POST /phone/block", act(s.block))
	mux.HandleFunc("POST /fault", act(s.fault))
	// Another site must not be able to press buttons here.
	return guarded(http.NewCrossOriginProtection().Handler(mux))
}

func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (s *stage) showPage(w http.ResponseWriter, _ *http.Request) {
	var page bytes.Buffer
	spoken, err := index.Clone()
	if err == nil {
		err = spoken.Funcs(template.FuncMap{"say": s.language.say}).Execute(&page, map[string]any{
			"Business": s.opts.Business, "Bot": s.bot.Username(), "People": s.people, "Troubles": troubles,
			"Fallback": seconds(s.opts.FallbackAfter), "Cooldown": seconds(pageCooldown), "TimeZone": timeZone,
			"Lang": s.language.Code, "WhatsApp": s.whatsapp != nil, "ShopsNumber": shopsNumber, "Sentences": s.language.sentences,
		})
	}
	if err != nil {
		s.complain(err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.Bytes())
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// maxBody is far more than any form of the page needs.
const maxBody = 8 << 10

// act turns what a button does into a handler: JSON in, JSON out, and a
// refusal as the sentence that says what to do.
func act[In, Out any](do func(*http.Request, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
			answer(w, http.StatusBadRequest, &refusal{Code: "bad_json", Detail: "The request could not be read."})
			return
		}
		out, err := do(r, in)
		if err != nil {
			refuse(w, err)
			return
		}
		answer(w, http.StatusOK, out)
	}
}

func refuse(w http.ResponseWriter, err error) {
	if problem, ok := errors.AsType[*refusal](err); ok {
		answer(w, problem.Status, problem)
		return
	}
	detail := "The server did not answer."
	if errors.Is(err, telegramsim.ErrBadLink) || errors.Is(err, telegramsim.ErrNoButton) || errors.Is(err, telegramsim.ErrNotAsked) {
		detail = "This is not on the screen any more."
	}
	answer(w, http.StatusConflict, &refusal{Code: "not_possible", Detail: detail})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// none is the answer of acts whose effect the board shows.
type none struct{}

// settled shows the effect of an act before it is answered, so that the page
// never looks back.
func (s *stage) settled(r *http.Request, err error) (none, error) {
	if err != nil {
		return none{}, err
	}
	return none{}, s.refresh(r.Context())
}

func (s *stage) start(r *http.Request, in ask) (none, error) {
	return s.settled(r, s.counter.start(r.Context(), in))
}

func (s *stage) check(r *http.Request, in struct{ Code string }) (checked, error) {
	out, err := s.counter.check(r.Context(), in.Code)
	_, err = s.settled(r, err)
	return out, err
}

func (s *stage) resend(r *http.Request, _ none) (none, error) {
	return s.settled(r, s.counter.resend(r.Context()))
}

func (s *stage) leave(r *http.Request, _ none) (none, error) {
	return s.settled(r, s.counter.leave(r.Context()))
}

func (s *stage) unblock(r *http.Request, in struct{ Phone string }) (none, error) {
	return s.settled(r, s.counter.unblock(r.Context(), in.Phone))
}

func (s *stage) fault(_ *http.Request, in struct {
	ID string
	On bool
},
) (none, error) {
	s.switches.turn(s.world, in.ID, in.On)
	s.showing.Lock()
	defer s.showing.Unlock()
	return none{}, s.board.set("faults", s.switches.view())
}
