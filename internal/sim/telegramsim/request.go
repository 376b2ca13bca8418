package telegramsim

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"otpravka/internal/sim/fields"
)

// params are a request's fields as text; values that came as JSON objects,
// arrays, numbers or booleans are their JSON text.
type params map[string]string

// int returns a field as a number; what is missing or no number is 0.
func (p params) int(name string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(p[name]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// bool returns a field as Telegram reads it: true, yes and 1 are true.
func (p params) bool(name string) bool {
	switch strings.ToLower(strings.TrimSpace(p[name])) {
	case "true", "yes", "1":
		return true
	}
	return false
}

// readParams reads a request's fields from the query and from any body encoding
// that Telegram accepts.
func readParams(r *http.Request) (params, error) {
	found, err := fields.Read(r)
	switch {
	case errors.Is(err, fields.ErrTooLarge):
		err = &apiError{Code: http.StatusRequestEntityTooLarge, Description: "Request Entity Too Large"}
	case err != nil:
		err = badRequest("%v", err)
	}
	return found, err
}
