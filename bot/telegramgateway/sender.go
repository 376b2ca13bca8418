package telegramgateway

import (
	"context"
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"otpravka/bot"
	"otpravka/otpcore"
)

// provider is how deliveries name the Gateway.
const provider = "telegram_gateway"

// Limits of the Gateway (https://core.telegram.org/gateway/api).
const (
	minCode = 4
	maxCode = 8
	minTTL  = 30 * time.Second
	maxTTL  = time.Hour
)

// currency is that of every price of the Gateway.
const currency = "USD"

// sender sends for one account.
type sender struct {
	client   *Client
	token    token
	callback string          // where reports go; empty: none are asked for
	fell     func(*bot.Fall) // told when the token is refused
}

var (
	_ otpcore.Sender    = (*sender)(nil)
	_ otpcore.Confirmer = (*sender)(nil)
)

// Capabilities tells what the Gateway can do: codes of digits in a text of its
// own, which it takes back and reports about.
func (s *sender) Capabilities() otpcore.Capabilities {
	return otpcore.Capabilities{CanRevoke: true, Receipts: s.callback != "", CodeDigits: maxCode}
}

type message struct {
	Phone    string `json:"phone_number"`
	Code     string `json:"code"`
	TTL      int    `json:"ttl,omitempty"` // seconds; undelivered by then, it is dropped and costs nothing
	Payload  string `json:"payload"`       // comes back with every report
	Callback string `json:"callback_url,omitempty"`
}

// Send writes the code to the phone. Nothing else of the message is used.
func (s *sender) Send(ctx context.Context, o otpcore.Outgoing) (otpcore.Accepted, error) {
	code := codeOf(o.Message)
	if code == "" || o.Phone.IsZero() {
		return otpcore.Accepted{}, s.failure(&callError{method: "sendVerificationMessage", class: badCode})
	}
	raw, failed := s.client.call(ctx, s.token, "sendVerificationMessage", message{
		Phone: o.Phone.E164(), Code: code, TTL: seconds(o.Useful), Payload: string(o.DeliveryID), Callback: s.callback,
	})
	if failed != nil {
		return otpcore.Accepted{}, s.failure(failed)
	}
	var status requestStatus
	if json.Unmarshal(raw, &status) != nil || len(status.RequestID) > maxRequestID {
		status = requestStatus{} // taken, and nothing more is known of it
	}
	return otpcore.Accepted{Provider: provider, MessageID: status.RequestID, Cost: status.cost()}, nil
}

// Edit takes the message back, whatever its new text would be. The Gateway
// promises no more than to try.
func (s *sender) Edit(ctx context.Context, messageID string, _ otpcore.Outgoing) error {
	_, failed := s.client.call(ctx, s.token, "revokeVerificationMessage", map[string]string{"request_id": messageID})
	if failed != nil {
		return s.failure(failed)
	}
	return nil
}

// Confirm tells that the code was typed. Telegram asks for it also where the
// code is not its own, and counts how many of an account's codes are used.
func (s *sender) Confirm(ctx context.Context, messageID string, code otpcore.Code) error {
	_, failed := s.client.call(ctx, s.token, "checkVerificationStatus", map[string]string{"request_id": messageID, "code": code.Reveal()})
	if failed != nil {
		return s.failure(failed)
	}
	return nil
}

// failure translates a failed call into the domain's words and tells the fleet
// when the token is the trouble.
func (s *sender) failure(e *callError) *otpcore.SendError {
	if fall := fallOf(e); fall != nil {
		s.fell(fall)
	}
	v := verdicts[e.class]
	if e.status == 403 && e.class == refused {
		v.class = otpcore.ClassAuth
	}
	return &otpcore.SendError{Class: v.class, RetryAfter: e.retryAfter, Provider: provider, Message: v.text, Err: e}
}

var codeForm = regexp.MustCompile(`^[0-9]{4,8}$`)

// codeOf finds the code in a rendered message: the first part that is to be
// copied. It is empty where the Gateway could not carry it.
func codeOf(m otpcore.Message) string {
	if len(m.Mono) == 0 {
		return ""
	}
	at := m.Mono[0]
	if at.Start < 0 || at.End > len(m.Text) || at.Start > at.End || !codeForm.MatchString(m.Text[at.Start:at.End]) {
		return ""
	}
	return m.Text[at.Start:at.End]
}

// seconds is how long the Gateway may try; zero leaves it to its own default.
func seconds(useful time.Duration) int {
	if useful <= 0 {
		return 0
	}
	return int(min(max(useful, minTTL), maxTTL) / time.Second)
}

// maxRequestID keeps what is stored of an answer in bounds. Telegram's ids have
// about twenty characters.
const maxRequestID = 200

// requestStatus is what the Gateway says about a message.
type requestStatus struct {
	RequestID string      `json:"request_id"`
	Cost      json.Number `json:"request_cost"`
	Refunded  bool        `json:"is_refunded"`
	Delivery  *struct {
		Status string `json:"status"`
		At     int64  `json:"updated_at"` // Unix seconds
	} `json:"delivery_status"`
	Payload string `json:"payload"`
}

var amountForm = regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]{1,9})?$`)

// cost is the message's price as a decimal. The Gateway writes a JSON number,
// which may come with an exponent.
func (r *requestStatus) cost() otpcore.Cost {
	amount := r.Cost.String()
	if !amountForm.MatchString(amount) {
		price, err := strconv.ParseFloat(amount, 64)
		if err != nil || price < 0 || price > 1e6 {
			return otpcore.Cost{}
		}
		amount = new(big.Float).SetFloat64(price).Text('f', 6)
		amount = strings.TrimRight(strings.TrimRight(amount, "0"), ".")
	}
	return otpcore.Cost{Money: otpcore.Money{Amount: amount, Currency: currency}, Refunded: r.Refunded}
}
