package cli

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"otpravka/otpcore"
)

type ordersExport struct {
	File string `arg:"" optional:"" default:"-" placeholder:"FILE" help:"CSV file to write; - or nothing is standard output."`
	URL  string `env:"OTPRAVKA_URL" default:"http://localhost:8080" placeholder:"URL" help:"Address of the server (${default})."`
	Key  string `env:"OTPRAVKA_KEY" placeholder:"KEY" help:"API key with the scope orders. Set OTPRAVKA_KEY rather than the flag: other users of this machine can read a command line."`
}

// Run writes the orders to a file that appears under its name once it is whole.
func (c ordersExport) Run(env Env) error {
	s, err := newOrderSender(env, c.URL, c.Key)
	if err != nil {
		return err
	}
	defer s.http.CloseIdleConnections()
	if c.File == "-" {
		_, err := s.export(env.Context, env.Out)
		return err
	}
	part := c.File + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := s.export(env.Context, f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(part, c.File)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	_, err = fmt.Fprintf(env.Out, "%s in %s.\n", counted(n, "order"), c.File)
	return err
}

// newOrderSender checks what both commands need to talk to the server.
func newOrderSender(env Env, address, text string) (*orderSender, error) {
	key, err := apiKey(text, otpcore.ScopeOrders)
	if err != nil {
		return nil, err
	}
	base, err := webAddress("--url or OTPRAVKA_URL", address)
	if err != nil {
		return nil, err
	}
	return &orderSender{base: base, key: key, http: http.Client{CheckRedirect: stay}, notices: env.Err}, nil
}

// exported is an order as the API lists it.
type exported struct {
	Number   string `json:"order_id"`
	Status   string `json:"order_status"`
	Title    string `json:"title"`
	Phone    string `json:"phone"`
	Occurred string `json:"occurred_at"`
	Created  string `json:"created_at"`
	Updated  string `json:"updated_at"`
	Total    struct {
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
	} `json:"total"`
	Tracking string `json:"tracking_url"`
	Code     string `json:"verification_id"`
}

var exportColumns = []string{
	"order_id", "order_status", "title", "phone", "occurred_at", "created_at", "updated_at", "total", "currency",
	"tracking_url", "verification_id",
}

func (o *exported) cells() []string {
	cells := []string{
		o.Number, o.Status, o.Title, o.Phone, o.Occurred, o.Created, o.Updated, o.Total.Amount, o.Total.Currency,
		o.Tracking, o.Code,
	}
	for i := range cells {
		cells[i] = harmless(cells[i])
	}
	return cells
}

// export writes page after page, and holds one in memory.
func (s *orderSender) export(ctx context.Context, to io.Writer) (int, error) {
	out := csv.NewWriter(to)
	if err := out.Write(exportColumns); err != nil {
		return 0, err
	}
	n := 0
	for query := (url.Values{"limit": {"100"}}); ; {
		var page struct {
			Items *[]exported `json:"items"`
			Next  string      `json:"next_cursor"`
		}
		err := s.insist(ctx, func() error {
			if err := s.call(ctx, http.MethodGet, "/v1/orders?"+query.Encode(), nil, &page); err != nil {
				return err
			}
			if page.Items == nil {
				return &refusal{Status: http.StatusNotFound}
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		for _, o := range *page.Items {
			if err := out.Write(o.cells()); err != nil {
				return n, err
			}
		}
		n += len(*page.Items)
		s.notice("orders: %d", n)
		if page.Next == "" {
			out.Flush()
			return n, out.Error()
		}
		query.Set("cursor", page.Next)
	}
}
