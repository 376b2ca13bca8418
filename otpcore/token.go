package otpcore

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"strings"
)

// Telegram allows 64 characters of A-Z a-z 0-9 _ - in a start parameter
// (https://core.telegram.org/bots/features#deep-linking). Both tokens fit, and
// their lengths tell them apart.
const (
	verificationTokenLen = 44 // one byte of version, id and MAC, in base64url
	linkTokenLen         = 32 // 24 bytes of a MAC, in base64url
)

var tokenEncoding = base64.RawURLEncoding

// verificationToken lets a chat link itself on behalf of a verification. It
// carries the id and a MAC, so it costs no row.
func (d *desk) verificationToken(id ID) string {
	u := id.UUID()
	raw := append([]byte{1}, u[:]...)
	mac := d.vault.MAC("verification-link", raw[1:])
	return tokenEncoding.EncodeToString(append(raw, mac[:16]...))
}

// readVerificationToken returns the verification that a token speaks for.
func (d *desk) readVerificationToken(token string) (ID, bool) {
	raw, err := tokenEncoding.DecodeString(token)
	if err != nil || len(raw) != 33 || raw[0] != 1 {
		return "", false
	}
	mac := d.vault.MAC("verification-link", raw[1:17])
	if subtle.ConstantTimeCompare(mac[:16], raw[17:]) != 1 {
		return "", false
	}
	return FormatID(PrefixVerification, [16]byte(raw[1:17])), true
}

// linkToken opens a pending link. It is a MAC over the link's id, so it can be
// shown again; only its hash is stored.
func (d *desk) linkToken(id ID) string {
	u := id.UUID()
	mac := d.vault.MAC("link", u[:])
	return tokenEncoding.EncodeToString(mac[:24])
}

func hashToken(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// TokenIn finds a start token in what a person wrote, by its form alone: whether
// it opens anything, only Linking.Open tells. Chats that cannot be opened with a
// token in hand have it among the words of the first message.
func TokenIn(text string) string {
	for word := range strings.FieldsSeq(text) {
		if n := len(word); n == verificationTokenLen || n == linkTokenLen {
			if _, err := tokenEncoding.DecodeString(word); err == nil {
				return word
			}
		}
		if _, ok := ParseID(PrefixBusiness, word); ok {
			return word
		}
	}
	return ""
}

// doors make the addresses that open bots' chats.
type doors struct{ renderer Renderer }

// door is a chat that is to be opened for a business.
type door struct {
	business ID
	name     string // of the business
	locale   string
}

// url is the address that opens the bot's chat, with a token in hand where there
// is one; empty: nobody can write to the bot. WhatsApp knows no tokens, only a
// message that the person sends: a sentence with the token at its end. A chat
// that anybody may open is told whose it is by the business's id.
func (d doors) url(way Way, token string, of door) string {
	switch {
	case way.BotName == "" || way.ByPhone:
		return ""
	case way.Channel == Telegram && token == "":
		return "https://t.me/" + url.PathEscape(way.BotName)
	case way.Channel == Telegram:
		return "https://t.me/" + url.PathEscape(way.BotName) + "?start=" + token
	case way.Channel != WhatsApp:
		return ""
	}
	m, err := d.renderer.Reply("opener", d.renderer.Locale(of.locale, ""), map[string]string{"business": of.name, "token": or(token, string(of.business))})
	if err != nil {
		return ""
	}
	return "https://wa.me/" + url.PathEscape(way.BotName) + "?text=" + url.PathEscape(m.Text)
}
