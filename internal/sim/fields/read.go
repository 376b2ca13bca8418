// Package fields reads the fields of a request from whatever encoding they came
// in, since both Telegram and SMS providers take several.
package fields

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// Limit is the size of the largest body that is read, in bytes.
const Limit = 1 << 20

// Errors of [Read].
var (
	ErrTooLarge  = errors.New("request body too large")
	ErrJSON      = errors.New("can't parse JSON object")
	ErrForm      = errors.New("can't parse URL-encoded form data")
	ErrMultipart = errors.New("can't parse multipart form data")
)

// Read returns the fields of the query and of a JSON, URL-encoded or multipart
// body as text; a field of the body wins over the query. JSON values that are
// not strings are their JSON text, and uploaded files are left out. On an error
// the fields read so far are returned with it.
func Read(r *http.Request) (map[string]string, error) {
	found := make(map[string]string)
	add(found, r.URL.Query())
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return found, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, Limit+1))
	if err != nil || len(body) > Limit {
		return found, ErrTooLarge
	}
	return found, Decode(found, r.Header.Get("Content-Type"), body)
}

// Decode adds the fields of a body to found. A body of an unknown media type
// has none.
func Decode(found map[string]string, contentType string, body []byte) error {
	kind, _, _ := mime.ParseMediaType(contentType)
	switch kind {
	case "application/json":
		return addJSON(found, body)
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return ErrForm
		}
		add(found, form)
	case "multipart/form-data":
		return addMultipart(found, contentType, body)
	}
	return nil
}

func add(found map[string]string, values url.Values) {
	for name, list := range values {
		if len(list) > 0 {
			found[name] = list[0]
		}
	}
}

func addMultipart(found map[string]string, contentType string, body []byte) error {
	r := http.Request{
		Method: http.MethodPost,
		Header: http.Header{"Content-Type": {contentType}},
		Body:   io.NopCloser(bytes.NewReader(body)),
	}
	// The whole body is in memory already, so nothing goes to a temporary file.
	if err := r.ParseMultipartForm(Limit); err != nil {
		return ErrMultipart
	}
	add(found, r.MultipartForm.Value)
	return nil
}

func addJSON(found map[string]string, body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return ErrJSON
	}
	for name, value := range object {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		found[name] = text
	}
	return nil
}
