package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// orderColumns are the headings that a file may have; the first three it must.
var orderColumns = []string{
	"order_id", "order_status", "phone", "title", "occurred_at", "country", "locale", "total", "currency",
	"tracking_url", "sms_fallback", "handover_code", "template",
}

// paramColumn begins the headings of values for the words of the template.
const paramColumn = "params."

const neededColumns = 3

// orderLine is one line of the file.
type orderLine struct {
	line   int
	fields map[string]string // by heading; empty ones are left out
	key    string
}

// rounded is a number that a spreadsheet has rounded for good.
var rounded = regexp.MustCompile(`^[0-9]+([.,][0-9]+)?[eE]\+[0-9]+$`)

// readOrders reads the whole file before anything is sent: a mistake in its last
// line is told before the first one leaves.
func readOrders(from io.Reader, encoding string) ([]orderLine, error) {
	raw, err := io.ReadAll(from)
	if err != nil {
		return nil, err
	}
	text, err := decodeCSV(raw, encoding)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = delimiter(text)
	headings, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: it needs a line of headings and a line for each update")
	}
	if err != nil {
		return nil, fmt.Errorf("the headings cannot be read: %w", err)
	}
	if err := checkHeadings(headings); err != nil {
		return nil, err
	}
	var rows []orderLine
	seen := make(map[string]int)
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("the file cannot be read: %w", err)
		}
		line, _ := r.FieldPos(0)
		row, err := readLine(line, headings, record)
		if err != nil {
			return nil, err
		}
		row.identify(seen)
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil, errors.New("the file has headings and no updates below them")
	}
	return rows, nil
}

// decodeCSV gives the file as UTF-8 without a byte order mark.
func decodeCSV(raw []byte, encoding string) ([]byte, error) {
	if encoding == "windows-1251" {
		return charmap.Windows1251.NewDecoder().Bytes(raw)
	}
	switch {
	case bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return nil, errors.New("the file is UTF-16: save it as \"CSV UTF-8\"")
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")):
		return nil, errors.New("the file is a spreadsheet: save it as \"CSV UTF-8\"")
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if at := invalidUTF8(raw); at >= 0 {
		line := 1 + bytes.Count(raw[:at], []byte("\n"))
		return nil, fmt.Errorf("line %d is not UTF-8: save the file as \"CSV UTF-8\", or, if it comes from an older Russian program, add --encoding windows-1251", line)
	}
	return raw, nil
}

func invalidUTF8(raw []byte) int {
	for at := 0; at < len(raw); {
		r, size := utf8.DecodeRune(raw[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

// delimiter finds out what stands between the headings: spreadsheets of many
// countries write semicolons.
func delimiter(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	best := ','
	for _, candidate := range []rune{';', '\t'} {
		if bytes.Count(first, []byte(string(candidate))) > bytes.Count(first, []byte(string(best))) {
			best = candidate
		}
	}
	return best
}

func checkHeadings(headings []string) error {
	for i, h := range headings {
		headings[i] = strings.ToLower(strings.TrimSpace(h))
		switch {
		case !slices.Contains(orderColumns, headings[i]) && (!strings.HasPrefix(headings[i], paramColumn) || headings[i] == paramColumn):
			return fmt.Errorf("line 1: the heading %q is unknown; there are %s, and %sNAME for the values of a template", h, strings.Join(orderColumns, ", "), paramColumn)
		case slices.Contains(headings[:i], headings[i]):
			return fmt.Errorf("line 1: the heading %q stands twice", h)
		}
	}
	for _, needed := range orderColumns[:neededColumns] {
		if !slices.Contains(headings, needed) {
			return fmt.Errorf("line 1: the heading %s is missing", needed)
		}
	}
	return nil
}

func readLine(line int, headings, record []string) (orderLine, error) {
	row := orderLine{line: line, fields: make(map[string]string)}
	for i, value := range record {
		if value = strings.TrimSpace(value); value != "" {
			row.fields[headings[i]] = value
		}
	}
	for _, needed := range orderColumns[:neededColumns] {
		if row.fields[needed] == "" {
			return row, fmt.Errorf("line %d: %s is empty", line, needed)
		}
	}
	for _, column := range []string{"phone", "order_id"} {
		if rounded.MatchString(row.fields[column]) {
			return row, fmt.Errorf("line %d: %s is %s, which a spreadsheet has rounded: format the column as text and export the file again", line, column, row.fields[column])
		}
	}
	if total, currency := row.fields["total"], row.fields["currency"]; (total == "") != (currency == "") {
		return row, fmt.Errorf("line %d: total and currency belong together", line)
	}
	for _, column := range []string{"sms_fallback", "handover_code"} {
		value := row.fields[column]
		if _, err := strconv.ParseBool(value); err != nil && value != "" {
			return row, fmt.Errorf("line %d: %s must be true or false", line, column)
		}
	}
	return row, nil
}

// identify gives the line a key made of what it says. The same line twice in a
// file is two updates.
func (row *orderLine) identify(seen map[string]int) {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(row.fields)) {
		_, _ = fmt.Fprintf(h, "%d:%s=%d:%s;", len(name), name, len(row.fields[name]), row.fields[name])
	}
	sum := hex.EncodeToString(h.Sum(nil)[:16])
	seen[sum]++
	row.key = fmt.Sprintf("csv:%s:%d", sum, seen[sum])
}

// update is the line as the API takes it.
func (row *orderLine) update() map[string]any {
	out := map[string]any{"idempotency_key": row.key}
	params := make(map[string]string)
	for name, value := range row.fields {
		if param, ok := strings.CutPrefix(name, paramColumn); ok {
			params[param] = value
			out["params"] = params
			continue
		}
		switch name {
		case "total":
			out[name] = map[string]string{"amount": strings.ReplaceAll(value, ",", "."), "currency": row.fields["currency"]}
		case "currency":
		case "sms_fallback":
			out[name], _ = strconv.ParseBool(value)
		case "handover_code":
			if wanted, _ := strconv.ParseBool(value); wanted {
				out[name] = map[string]any{}
			}
		default:
			out[name] = value
		}
	}
	return out
}
