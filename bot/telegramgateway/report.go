package telegramgateway

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"otpravka/otpcore"
)

// The headers of a report
// (https://core.telegram.org/gateway/verification-tutorial).
const (
	headerTime      = "X-Request-Timestamp"
	headerSignature = "X-Request-Signature"
)

const (
	maxReport = 64 << 10        // bytes of a report's body
	maxAge    = 5 * time.Minute // of a report's time, in both directions
)

var (
	errUnknownKey = errors.New("no bot has this callback key")
	errMethod     = errors.New("telegram gateway: report came by another method than POST")
	errTooLarge   = errors.New("telegram gateway: report is too large")
	errAge        = errors.New("telegram gateway: report without a time, or with one that is not near ours")
	errSignature  = errors.New("telegram gateway: report is not signed with the bot's token")
	errUnreadable = errors.New("telegram gateway: report is not in Telegram's form")
)

// Receipts reads a report that came to the callback address with the key, and
// returns the HTTP status to answer with. Receipts are to be stored before the
// answer is sent: Telegram repeats what is not answered with 200. The error is
// for the log and says why there are no receipts.
//
// A bot's owner signs with the bot's own token, so a report is proof of that
// bot's messages and of no others; the receipts say so.
func (f *Factory) Receipts(key string, r *http.Request) ([]otpcore.Receipt, int, error) {
	c := f.behind(key)
	if c == nil {
		return nil, http.StatusNotFound, errUnknownKey
	}
	if r.Method != http.MethodPost {
		return nil, http.StatusMethodNotAllowed, errMethod
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxReport+1))
	if err != nil {
		return nil, http.StatusBadRequest, errUnreadable
	}
	if len(body) > maxReport {
		return nil, http.StatusRequestEntityTooLarge, errTooLarge
	}
	if err := c.verify(r.Header, body, f.opts.Clock.Now()); err != nil {
		return nil, http.StatusUnauthorized, err
	}
	var status requestStatus
	if json.Unmarshal(body, &status) != nil {
		return nil, http.StatusBadRequest, errUnreadable
	}
	receipt, ok := c.receipt(&status)
	if !ok {
		return nil, http.StatusOK, nil // about a message that is not ours
	}
	return []otpcore.Receipt{receipt}, http.StatusOK, nil
}

// verify checks the report's age and its signature over the raw body: an HMAC
// under the SHA-256 of the token. Nothing is believed before both hold.
func (c *Connector) verify(h http.Header, body []byte, now time.Time) error {
	stamp, signature := h.Values(headerTime), h.Values(headerSignature)
	if len(stamp) != 1 {
		return errAge
	}
	at, err := strconv.ParseInt(stamp[0], 10, 64)
	if age := now.Sub(time.Unix(at, 0)); err != nil || age > maxAge || age < -maxAge {
		return errAge
	}
	if len(signature) != 1 || c.token == "" {
		return errSignature
	}
	given, err := hex.DecodeString(signature[0])
	if err != nil {
		return errSignature
	}
	key := sha256.Sum256([]byte(c.token))
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(stamp[0] + "\n"))
	mac.Write(body)
	if !hmac.Equal(given, mac.Sum(nil)) {
		return errSignature
	}
	return nil
}

// statuses are the words of delivery_status. "revoked" is not in it: that was
// our own wish.
var statuses = map[string]otpcore.DeliveryStatus{
	"sent":      otpcore.Sent,
	"delivered": otpcore.Delivered,
	"read":      otpcore.Read,
	"expired":   otpcore.FailedDlv, // not delivered in its time
}

// receipt makes a receipt of a report that names one of our deliveries. The
// report's verification_status says what we know better.
func (c *Connector) receipt(s *requestStatus) (otpcore.Receipt, bool) {
	delivery, ok := otpcore.ParseID(otpcore.PrefixDelivery, s.Payload)
	if !ok || s.RequestID == "" || len(s.RequestID) > maxRequestID {
		return otpcore.Receipt{}, false
	}
	r := otpcore.Receipt{
		Provider: provider, MessageID: s.RequestID, Reference: delivery, BotID: c.bot, Cost: s.cost(),
	}
	if d := s.Delivery; d != nil {
		r.Status = statuses[d.Status]
		if d.At > 0 {
			r.At = time.Unix(d.At, 0)
		}
	}
	if r.Status == otpcore.FailedDlv {
		r.Class = otpcore.ClassUnreachable
	}
	return r, true
}
