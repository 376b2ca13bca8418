package otpcore

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
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
	mac := d.vault.MAC("verification-link", u[:])
	raw := append([]byte{1}, u[:]...)
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

// chatURL is the address that opens the bot's chat, with a token in hand where
// there is one.
func chatURL(way Way, token string) string {
	if way.BotName == "" || way.Channel != Telegram {
		return ""
	}
	address := "https://t.me/" + url.PathEscape(way.BotName)
	if token != "" {
		address += "?start=" + token
	}
	return address
}
