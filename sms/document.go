package sms

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"strconv"
)

var errNoJSON = errors.New("body is not one JSON value")

// parseJSON reads a whole body as one JSON value. Numbers stay as they are
// written, so that a message id of 20 digits survives.
func parseJSON(body []byte) (any, error) {
	// Some providers run on PHP files that begin with a byte order mark.
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		return nil, errNoJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errNoJSON
	}
	return doc, nil
}

// formDocument turns form or query fields into a document: one value is a
// text, several are a list.
func formDocument(fields url.Values) any {
	doc := make(map[string]any, len(fields))
	for name, given := range fields {
		if len(given) == 1 {
			doc[name] = given[0]
			continue
		}
		list := make([]any, len(given))
		for i, value := range given {
			list[i] = value
		}
		doc[name] = list
	}
	return doc
}

// scalarText writes a scalar as text. Ids, status words and codes are compared
// as texts, since providers write the same one as 7 here and as "7" there.
func scalarText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}
