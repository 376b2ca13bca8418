package cli

import (
	"encoding/csv"
	"errors"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// orderReport writes what became of each line. A nil one writes nothing.
type orderReport struct {
	file *os.File
	csv  *csv.Writer
}

func newReport(path string) (*orderReport, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	r := &orderReport{f, csv.NewWriter(f)}
	return r, r.csv.Write([]string{"line", "order_id", "status", "delivery", "code", "detail"})
}

func (r *orderReport) add(row orderLine, result orderResult) error {
	if r == nil {
		return nil
	}
	out := []string{strconv.Itoa(row.line), row.fields["order_id"], strconv.Itoa(result.Status), "", "", ""}
	if result.Update != nil {
		out[3] = result.Update.Delivery.Status
	}
	if result.Problem != nil {
		out[4], out[5] = result.Problem.Code, result.Problem.Detail
	}
	for i := range out {
		out[i] = harmless(out[i])
	}
	return r.csv.Write(out)
}

// harmless keeps a spreadsheet from taking a text for a formula
// (https://owasp.org/www-community/attacks/CSV_Injection).
func harmless(text string) string {
	first, _ := utf8.DecodeRuneInString(text)
	if text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + text
	}
	return text
}

func (r *orderReport) close() error {
	if r == nil {
		return nil
	}
	r.csv.Flush()
	return errors.Join(r.csv.Error(), r.file.Close())
}
