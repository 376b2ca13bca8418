package templates

import (
	"slices"
	"strings"

	"otpravka/otpcore"
)

// The GSM 7-bit default alphabet and its extension table, 3GPP TS 23.038
// section 6.2.1. A character of the extension takes two septets. The escape
// itself and the control characters other than line ends are left out: no text
// has them.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// A segment carries 140 bytes. Segments of a longer message lose 6 of them to
// the header that joins them (3GPP TS 23.040 section 9.2.3.24.1).
const (
	gsmSingle, gsmJoined   = 160, 153
	ucs2Single, ucs2Joined = 70, 67
)

// Segments returns how many messages an SMS with the text is billed as.
func Segments(text string) int { return sizeOf(text).Segments }

// Size tells how an SMS with the text is sent and billed.
func (r *Renderer) Size(text string) otpcore.SMSSize { return sizeOf(text) }

// sizeOf measures a text. One that the GSM alphabet cannot write goes as UCS-2,
// in which characters beyond the basic plane take two units.
func sizeOf(text string) otpcore.SMSSize {
	size := otpcore.SMSSize{Encoding: "GSM-7", Segments: 1}
	width, single, joined := gsmWidth, gsmSingle, gsmJoined
	if !isGSM(text) {
		size.Encoding = "UCS-2"
		width, single, joined = ucs2Width, ucs2Single, ucs2Joined
	}
	for _, r := range text {
		size.Characters += width(r)
	}
	if size.Characters > single {
		size.Segments = pack(text, width, joined)
	}
	return size
}

// pack counts segments of the given size. No character is torn apart between
// two of them.
func pack(text string, width func(rune) int, size int) int {
	segments, used := 1, 0
	for _, r := range text {
		w := width(r)
		if used+w > size {
			segments, used = segments+1, 0
		}
		used += w
	}
	return segments
}

func isGSM(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return gsmWidth(r) == 0 })
}

// isGSM reports whether the text keeps to the GSM alphabet but for its values.
func (t text) isGSM() bool {
	return !slices.ContainsFunc(t, func(p piece) bool {
		for _, word := range p.forms {
			if !isGSM(word) {
				return true
			}
		}
		return !isGSM(p.literal)
	})
}

// gsmWidths are the septets of the characters up to the last one of the alphabet.
var gsmWidths = func() (septets ['€' + 1]uint8) {
	for _, r := range gsmBasic {
		septets[r] = 1
	}
	for _, r := range gsmExtension {
		septets[r] = 2
	}
	return septets
}()

// gsmWidth is zero for what the alphabet does not have.
func gsmWidth(r rune) int {
	if int(r) >= len(gsmWidths) {
		return 0
	}
	return int(gsmWidths[r])
}

func ucs2Width(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}
