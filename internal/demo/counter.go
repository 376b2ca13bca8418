package demo

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// counter is the shop's own backend: it alone holds the API key, and it knows
// what its customer is in the middle of.
type counter struct {
	shop shop
	says sentences

	mu   sync.Mutex
	sale *sale
}

// sale is one thing that the shop asks a code for.
type sale struct {
	ask     ask
	context map[string]any
	hint    string
	links   map[string]string // by channel
	id      string
	left    bool // the customer went back to the first screen
}

// ask is what the customer filled in.
type ask struct {
	Phone   string `json:"phone"`
	Payment bool   `json:"payment"`
	Amount  string `json:"amount"`
	Payee   string `json:"payee"`
	Wait    bool   `json:"wait"` // for the chat to be linked, before paying for an SMS
}

// The shop would have a host of its own, to which the button under a code leads
// back. On this page it leads to the shop beside.
const (
	shopHost = "shop.example"
	shopURL  = "https://" + shopHost + "/code"
)

// start asks the server for a code, as any shop's backend does.
func (c *counter) start(ctx context.Context, a ask) error {
	if err := c.leave(ctx); err != nil {
		return err
	}
	fields := map[string]any{"phone": strings.TrimSpace(a.Phone), "template": "login", "return_url": shopURL}
	if a.Wait {
		fields["when_unlinked"] = "wait"
	}
	if a.Payment {
		// The API speaks to programs; what people type in a form, the shop judges.
		a.Amount, a.Payee = strings.ReplaceAll(strings.TrimSpace(a.Amount), ",", "."), strings.TrimSpace(a.Payee)
		if !amounts.MatchString(a.Amount) || strings.Trim(a.Amount, "0.") == "" {
			return errAmount
		}
		if a.Payee == "" {
			return errPayee
		}
	}
	s := &sale{ask: a}
	if a.Payment {
		s.context = map[string]any{
			"amount": map[string]any{"amount": a.Amount, "currency": "KZT"},
			"payee":  a.Payee,
		}
		fields["template"], fields["context"] = "payment", s.context
	}
	v, err := c.shop.start(ctx, fields)
	if err != nil {
		return err
	}
	s.id, s.hint, s.links = v.ID, v.Hint, v.Links
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sale = s
	return nil
}

// current returns the sale that the shop is in, or the last one; nil before
// the first.
func (c *counter) current() *sale {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sale
}

// check offers the code that the customer typed.
func (c *counter) check(ctx context.Context, code string) (checked, error) {
	s := c.current()
	if s == nil {
		return checked{}, errNothingAsked
	}
	return c.shop.check(ctx, s.id, code, s.context)
}

// resend asks for the same code once more.
func (c *counter) resend(ctx context.Context) error {
	s := c.current()
	if s == nil {
		return errNothingAsked
	}
	return c.shop.call(ctx, http.MethodPost, "/v1/verifications/"+s.id+"/resend", map[string]any{}, nil)
}

// leave goes back to the first screen. A code that nobody will type any more
// is canceled, as a good shop does.
func (c *counter) leave(ctx context.Context) error {
	s := c.current()
	if s == nil || s.left {
		return nil
	}
	v, err := c.shop.get(ctx, s.id)
	if err != nil {
		return err
	}
	if v.Status == pending {
		err = c.shop.call(ctx, http.MethodPost, "/v1/verifications/"+s.id+"/cancel", nil, nil)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	gone := *s
	gone.left = true
	c.sale = &gone
	return err
}

// unblock lifts what keeps codes from the phone, as the shop's support would.
func (c *counter) unblock(ctx context.Context, phone string) error {
	return c.shop.call(ctx, http.MethodPost, "/v1/phones/unblock", map[string]any{"phone": phone}, nil)
}

const pending = "pending"

// amounts are those that fit into a message.
var amounts = regexp.MustCompile(`^[0-9]{1,12}(\.[0-9]{1,2})?$`)

var (
	errNothingAsked = &refusal{Status: http.StatusConflict, Code: "nothing_asked", Detail: "Ask for a code first."}
	errAmount       = &refusal{Status: http.StatusUnprocessableEntity, Code: "amount_unclear", Detail: "Write the amount in figures, for example 4990.00."}
	errPayee        = &refusal{Status: http.StatusUnprocessableEntity, Code: "payee_missing", Detail: "Write who gets the money."}
)

// shopView is the shop as the page draws it.
type shopView struct {
	Sale     *saleView `json:"sale"` // nil: the first screen
	Timeline []line    `json:"timeline"`
}

type saleView struct {
	ID           string            `json:"id"`
	Phone        string            `json:"phone"`
	Payment      bool              `json:"payment"`
	Amount       string            `json:"amount"`
	Payee        string            `json:"payee"`
	Hint         string            `json:"hint"`
	Links        map[string]string `json:"links"`
	Status       string            `json:"status"`
	EndReason    string            `json:"end_reason"`
	Tried        string            `json:"tried"` // channels, by name
	CreatedAt    time.Time         `json:"created_at"`
	ExpiresAt    time.Time         `json:"expires_at"`
	FallbackAt   *time.Time        `json:"fallback_at"`
	ResendAt     *time.Time        `json:"resend_at"`
	AttemptsLeft int               `json:"attempts_left"`
}

// view reads how the sale stands.
func (c *counter) view(ctx context.Context) (shopView, error) {
	s := c.current()
	if s == nil {
		return shopView{Timeline: []line{}}, nil
	}
	v, err := c.shop.get(ctx, s.id)
	if err != nil {
		return shopView{}, err
	}
	out := shopView{Timeline: timeline(v, c.says)}
	if !s.left {
		out.Sale = &saleView{
			ID: v.ID, Phone: v.Phone, Payment: s.ask.Payment, Amount: s.ask.Amount, Payee: s.ask.Payee,
			Hint: s.hint, Links: s.links, Status: v.Status, EndReason: v.EndReason, Tried: names(tried(v), ", "), CreatedAt: v.CreatedAt,
			ExpiresAt: v.ExpiresAt, FallbackAt: moment(v.FallbackAt), ResendAt: moment(v.ResendAt), AttemptsLeft: v.AttemptsLeft,
		}
	}
	return out, nil
}

// tried are the channels whose carriers were asked to take the code, in that order.
func tried(v verification) (channels []string) {
	for _, d := range v.Deliveries {
		if d.Try > 0 && !slices.Contains(channels, d.Channel) {
			channels = append(channels, d.Channel)
		}
	}
	return channels
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
