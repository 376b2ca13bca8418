package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
)

// parcel is the shop's own backend for orders: what it tells the server as an
// order goes its way, and the courier's app at the door.
type parcel struct {
	shop shop

	mu      sync.Mutex
	count   int // orders so far
	step    int // of the present one
	code    string
	outcome string
	links   map[string]string // by channel
}

// journey is the way of every order. At its last step the courier asks for a
// code.
var journey = []string{"placed", "paid", "shipped", "out_for_delivery"}

const trackHost = "track.shop.example"

func (p *parcel) number() string { return fmt.Sprintf("№ 10/%d", p.count) }

// updated is what the shop reads of the answer to an update.
type updated struct {
	VerificationID string            `json:"verification_id"`
	Links          map[string]string `json:"links"`
	Delivery       struct {
		Status string `json:"status"`
	} `json:"delivery"`
}

// next takes the order one step further, or begins one.
func (p *parcel) next(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.count == 0 || p.step == len(journey):
		p.count, p.step, p.code = p.count+1, 0, ""
	case p.step < len(journey)-1:
		p.step++
	default:
		return &refusal{Status: http.StatusConflict, Code: "courier_waits", Detail: "The courier is at the door and asks for the code."}
	}
	fields := map[string]any{"order_status": journey[p.step]}
	switch journey[p.step] {
	case "placed":
		fields["items"] = []map[string]any{{"name": "The Steppe Cookbook", "price": money{"7990.00", "KZT"}}, {"name": "Green tea 100 g", "quantity": 2, "price": money{"2990.00", "KZT"}}}
		fields["total"] = money{"10980.00", "KZT"}
		fields["tracking_url"] = "https://" + trackHost + "/" + url.PathEscape(p.number())
	case "out_for_delivery":
		fields["handover_code"] = map[string]any{}
	}
	return p.tell(ctx, fields)
}

// tell sends an update. The caller holds the lock.
func (p *parcel) tell(ctx context.Context, fields map[string]any) error {
	fields["order_id"], fields["phone"] = p.number(), annasPhone
	var u updated
	if err := p.shop.call(ctx, http.MethodPost, "/v1/order-updates", fields, &u); err != nil {
		return err
	}
	p.outcome, p.links = u.Delivery.Status, u.Links
	if u.VerificationID != "" {
		p.code = u.VerificationID
	}
	return nil
}

// handOver offers the code that the customer has said to the courier. The right
// one ends the order's journey.
func (p *parcel) handOver(ctx context.Context, code string) (checked, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.code == "" {
		return checked{}, errNothingAsked
	}
	result, err := p.shop.check(ctx, p.code, code, nil)
	if err != nil || !result.Valid {
		return result, err
	}
	p.step, p.code = len(journey), ""
	return result, p.tell(ctx, map[string]any{"order_status": "delivered"})
}

// parcelView is the order as the page draws it.
type parcelView struct {
	Number  string            `json:"number"`
	Status  string            `json:"status"` // empty: nothing is ordered yet
	Outcome string            `json:"outcome"`
	Links   map[string]string `json:"links"`
	Courier bool              `json:"courier"` // at the door
}

func (p *parcel) view() parcelView {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count == 0 {
		return parcelView{}
	}
	v := parcelView{Number: p.number(), Status: "delivered", Outcome: p.outcome, Links: p.links, Courier: p.code != ""}
	if p.step < len(journey) {
		v.Status = journey[p.step]
	}
	return v
}

func (s *stage) orderNext(r *http.Request, _ none) (none, error) {
	return s.settled(r, s.parcel.next(r.Context()))
}

func (s *stage) orderHandOver(r *http.Request, in struct{ Code string }) (checked, error) {
	out, err := s.parcel.handOver(r.Context(), in.Code)
	_, err = s.settled(r, err)
	return out, err
}
