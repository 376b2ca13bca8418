package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"otpravka/otpcore"
)

type ordersCommand struct {
	Import ordersImport `cmd:"" help:"Send the order updates of a CSV file, in batches; run it again and it goes on."`
	Export ordersExport `cmd:"" help:"Write the orders to a CSV file, safe to open in a spreadsheet."`
}

type ordersImport struct {
	File     string `arg:"" placeholder:"FILE" help:"CSV file with a line of headings; - reads standard input."`
	URL      string `env:"OTPRAVKA_URL" default:"http://localhost:8080" placeholder:"URL" help:"Address of the server (${default})."`
	Key      string `env:"OTPRAVKA_KEY" placeholder:"KEY" help:"API key with the scope orders. Set OTPRAVKA_KEY rather than the flag: other users of this machine can read a command line."`
	Encoding string `enum:"utf-8,windows-1251" default:"utf-8" placeholder:"NAME" help:"Of the file: utf-8 or windows-1251 (${default})."`
	Batch    int    `default:"200" placeholder:"N" help:"Updates in one request, 1 to 1000 (${default})."`
	Report   string `placeholder:"FILE" help:"Also write a CSV file with the outcome of each line, safe to open in a spreadsheet."`
	DryRun   bool   `name:"dry-run" help:"Read and check the file, and send nothing."`
}

// Run sends the updates. Every line has an idempotency key made of what it says,
// so that whatever was stored before is not stored again.
func (c ordersImport) Run(env Env) error {
	rows, err := c.read()
	if err != nil {
		return err
	}
	if c.DryRun {
		_, err := fmt.Fprintf(env.Out, "%d updates can be read; nothing was sent.\n", len(rows))
		return err
	}
	if c.Batch < 1 || c.Batch > 1000 {
		return errors.New("--batch must be 1 to 1000")
	}
	s, err := newOrderSender(env, c.URL, c.Key)
	if err != nil {
		return err
	}
	defer s.http.CloseIdleConnections()
	if s.report, err = newReport(c.Report); err != nil {
		return err
	}
	return errors.Join(s.send(env, rows, c.Batch), s.report.close())
}

func (c ordersImport) read() ([]orderLine, error) {
	if c.File == "-" {
		return readOrders(os.Stdin, c.Encoding)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, err
	}
	rows, err := readOrders(f, c.Encoding)
	return rows, errors.Join(err, f.Close())
}

// send sends the rows in batches and tells of what was refused, line by line.
func (s *orderSender) send(env Env, rows []orderLine, size int) error {
	accepted, refused := 0, 0
	for begin := 0; begin < len(rows); begin += size {
		some := rows[begin:min(begin+size, len(rows))]
		results, err := s.post(env.Context, some)
		if err != nil {
			return fmt.Errorf("%d of %d updates are stored; run the command again to go on: %w", accepted, len(rows), err)
		}
		for i, result := range results {
			if result.Problem == nil {
				accepted++
			} else {
				refused++
				s.notice("line %d, order %s%s: %s", some[i].line, some[i].fields["order_id"], inColumn(result.Problem.Pointer), result.Problem.Detail)
			}
			if err := s.report.add(some[i], result); err != nil {
				return err
			}
		}
		s.notice("%d of %d: %d stored, %d refused", begin+len(some), len(rows), accepted, refused)
	}
	if refused > 0 {
		return fmt.Errorf("%d of %d updates were refused; correct these lines and run the command again: the others are not sent twice", refused, len(rows))
	}
	_, err := fmt.Fprintf(env.Out, "%s stored.\n", counted(accepted, "update"))
	return err
}

// inColumn names the column of a refusal.
func inColumn(pointer string) string {
	if pointer == "" {
		return ""
	}
	return ", " + strings.TrimPrefix(pointer, "/")
}

// notNow is a line that the server could not store for the moment. The whole
// batch is sent again: what it has stored is only repeated.
func notNow(results []orderResult) error {
	for _, r := range results {
		if r.Problem != nil && (r.Status >= 500 || r.Status == http.StatusTooManyRequests) {
			return &refusal{Status: r.Status, Code: r.Problem.Code, Detail: r.Problem.Detail}
		}
	}
	return nil
}

// orderSender posts batches.
type orderSender struct {
	base    string
	key     otpcore.KeyText
	http    http.Client
	notices io.Writer
	report  *orderReport
}

func (s *orderSender) notice(format string, args ...any) {
	_, _ = fmt.Fprintf(s.notices, format+"\n", args...)
}

// orderResult is what became of one line.
type orderResult struct {
	Status int `json:"status"`
	Update *struct {
		Delivery struct {
			Status string `json:"status"`
		} `json:"delivery"`
	} `json:"update"`
	Problem *struct {
		Code    string `json:"code"`
		Detail  string `json:"detail"`
		Pointer string `json:"pointer"`
	} `json:"problem"`
}

// batchTries is how often a batch is repeated before the command gives up: a
// server that is restarted is back by then.
const batchTries = 8

// post sends a batch until the server has answered it.
func (s *orderSender) post(ctx context.Context, rows []orderLine) ([]orderResult, error) {
	updates := make([]map[string]any, len(rows))
	for i, row := range rows {
		updates[i] = row.update()
	}
	var results []orderResult
	err := s.insist(ctx, func() error {
		var answer struct {
			Results []orderResult `json:"results"`
		}
		if err := s.call(ctx, http.MethodPost, "/v1/order-updates/batch", map[string]any{"updates": updates}, &answer); err != nil {
			return err
		}
		if len(answer.Results) != len(rows) {
			return &refusal{Status: http.StatusNotFound}
		}
		results = answer.Results
		return notNow(results)
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// insist repeats a call until the server has answered it.
func (s *orderSender) insist(ctx context.Context, call func() error) error {
	server := &outage{peer: s.base, screen: &screen{notices: s.notices}, then: "trying again"}
	for {
		err := call()
		switch {
		case err == nil:
			server.over()
			return nil
		case permanent(err) || ctx.Err() != nil || server.failures == batchTries || !server.wait(ctx, err):
			return err
		}
	}
}

// counted begins a sentence about some things, or about one.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing + " is"
	}
	return fmt.Sprintf("%d %ss are", n, thing)
}
