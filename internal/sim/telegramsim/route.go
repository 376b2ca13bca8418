package telegramsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"otpravka/internal/sim/calls"
	"otpravka/internal/sim/fault"
)

// tokenForm is what api.telegram.org takes for a token at all: a bot id, a
// colon and a secret. Anything else is "Not Found" there, not "Unauthorized".
var tokenForm = regexp.MustCompile(`^[1-9][0-9]{0,15}:[A-Za-z0-9_-]+$`)

// request is one call on its way through a method.
type request struct {
	bot    *Bot
	method string
	params params
	http   *http.Request // nil for a call that came as a webhook's answer
}

// reply is a successful answer. Telegram adds a sentence to some of them.
type reply struct {
	result      any
	description string
}

// method carries a call out. It returns an *apiError where the call fails.
type method func(*Server, *request) (reply, error)

// methodTable lists the methods by lower-case name. It is no package variable,
// because a webhook's answer can call a method again.
func methodTable() map[string]method {
	return map[string]method{
		"getme":                  (*Server).getMe,
		"getupdates":             (*Server).getUpdates,
		"setwebhook":             (*Server).setWebhook,
		"deletewebhook":          (*Server).deleteWebhook,
		"getwebhookinfo":         (*Server).getWebhookInfo,
		"sendmessage":            (*Server).sendMessage,
		"editmessagetext":        (*Server).editMessageText,
		"editmessagereplymarkup": (*Server).editMessageReplyMarkup,
		"deletemessage":          (*Server).deleteMessage,
		"deletemessages":         (*Server).deleteMessages,
		"answercallbackquery":    (*Server).answerCallbackQuery,
		"sendchataction":         (*Server).sendChatAction,
		"logout":                 (*Server).logOut,
		"close":                  accept,
		"setmycommands":          setProfile("commands"),
		"getmycommands":          (*Server).getMyCommands,
		"deletemycommands":       accept,
		"setmydescription":       setProfile("description"),
		"getmydescription":       getProfile("description"),
		"setmyshortdescription":  setProfile("short_description"),
		"getmyshortdescription":  getProfile("short_description"),
		"setmyname":              accept,
		"setchatmenubutton":      accept,
	}
}

func accept(*Server, *request) (reply, error) { return reply{result: true}, nil }

// ServeHTTP answers /bot<token>/<method>.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.host.Enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.host.Leave()

	token, name, ok := splitPath(r.URL.Path)
	if !ok {
		writeFailure(w, notFound(""))
		return
	}
	p, paramsErr := readParams(r)
	bot := s.botByToken(token)
	call := calls.Call{Time: s.opts.Now(), Method: name, Params: p, Header: r.Header}
	if bot != nil {
		call.Target = bot.username
	}
	s.log.Record(call)
	s.faults.Serve(w, r, fault.Call{
		Method: name, Target: call.Target, Closing: s.host.Closing(), Render: renderFault,
		Process: func(w http.ResponseWriter) {
			answer, err := reply{}, paramsErr
			if err == nil {
				answer, err = s.run(token, &request{bot: bot, method: name, params: p, http: r})
			}
			if err != nil {
				writeFailure(w, err)
				return
			}
			writeReply(w, answer)
		},
	})
}

// splitPath takes "/bot<token>/<method>" apart.
func splitPath(path string) (token, method string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/bot")
	if !ok {
		return "", "", false
	}
	token, method, ok = strings.Cut(rest, "/")
	return token, method, ok && !strings.Contains(method, "/")
}

// run checks the token before the method name, as Telegram does.
func (s *Server) run(token string, req *request) (reply, error) {
	if req.bot == nil {
		if !tokenForm.MatchString(token) {
			return reply{}, notFound("")
		}
		return reply{}, errUnauthorized
	}
	if req.bot.isLoggedOut() {
		return reply{}, errLoggedOut
	}
	do, ok := s.methods[strings.ToLower(req.method)]
	if !ok {
		return reply{}, notFound("method not found")
	}
	return do(s, req)
}

func writeFailure(w http.ResponseWriter, err error) {
	var failure *apiError
	if !errors.As(err, &failure) {
		failure = &apiError{Code: http.StatusInternalServerError, Description: "Internal Server Error: " + err.Error()}
	}
	writeError(w, failure)
}

func writeReply(w http.ResponseWriter, answer reply) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(struct {
		OK          bool   `json:"ok"`
		Result      any    `json:"result"`
		Description string `json:"description,omitempty"`
	}{true, answer.result, answer.description})
	if err != nil {
		writeFailure(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body.Bytes())
}
