package events

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The lengths of a secret's key in bytes (Standard Webhooks, "Signature
// scheme"), and what stands before its base64.
const (
	secretPrefix = "whsec_"
	leastKey     = 24
	mostKey      = 64
	newKey       = 32
)

// ErrSecret says that a text is no signing secret, without repeating it.
var ErrSecret = errors.New("a signing secret is whsec_ and 24 to 64 bytes in base64")

// NewSecret draws a signing secret.
func NewSecret() string {
	key := make([]byte, newKey)
	_, _ = rand.Read(key) // never fails: it ends the process instead
	return secretPrefix + base64.StdEncoding.EncodeToString(key)
}

// Signer signs what is sent to one endpoint, by the Standard Webhooks
// (https://www.standardwebhooks.com): HMAC-SHA-256 over id, time and body.
type Signer struct{ webhooks []*standardwebhooks.Webhook }

// NewSigner returns a signer with the secrets, each of which signs, or
// ErrSecret. While a secret is being changed there are two.
func NewSigner(secrets ...string) (*Signer, error) {
	s := &Signer{}
	for _, secret := range secrets {
		text, marked := strings.CutPrefix(secret, secretPrefix)
		key, err := base64.StdEncoding.Strict().DecodeString(text)
		if !marked || err != nil || len(key) < leastKey || len(key) > mostKey {
			return nil, ErrSecret
		}
		webhook, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return nil, ErrSecret
		}
		s.webhooks = append(s.webhooks, webhook)
	}
	if len(s.webhooks) == 0 {
		return nil, ErrSecret
	}
	return s, nil
}

// Sign sets the three headers of a message: its id, which stays the same
// however often it is sent, the time of this try, and the signatures over both
// and the body.
func (s *Signer) Sign(h http.Header, id string, at time.Time, body []byte) error {
	signatures := make([]string, 0, len(s.webhooks))
	for _, webhook := range s.webhooks {
		signature, err := webhook.Sign(id, at, body)
		if err != nil {
			return err
		}
		signatures = append(signatures, signature)
	}
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}
