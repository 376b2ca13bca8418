package qr

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	qrcode "github.com/yeqown/go-qrcode/v2"
)

// modules are the dark squares of a code, row by row.
type modules [][]bool

// The measures of a picture. Readers need four modules of white around a code
// (ISO/IEC 18004, section 9.1); eight pixels for each make it about as wide as a
// hand on a screen.
const (
	quiet = 4
	pixel = 8
)

// encode makes the code of a text. A seventh of it may be covered, by a small
// logo or by dirt, and it can still be read. More than that would take more and
// smaller modules, which a camera reads from less far.
func encode(text string) (modules, error) {
	code, err := qrcode.NewWith(text,
		qrcode.WithEncodingMode(qrcode.EncModeByte), qrcode.WithErrorCorrectionLevel(qrcode.ErrorCorrectionMedium))
	if err != nil {
		return nil, fmt.Errorf("qr code: %w", err)
	}
	var m modules
	if err := code.Save(&m); err != nil {
		return nil, fmt.Errorf("qr code: %w", err)
	}
	return m, nil
}

var _ qrcode.Writer = (*modules)(nil)

// Write takes the library's matrix over.
func (m *modules) Write(matrix qrcode.Matrix) error {
	*m = make(modules, matrix.Height())
	for y := range *m {
		(*m)[y] = make([]bool, matrix.Width())
	}
	matrix.Iterate(qrcode.IterDirection_ROW, func(x, y int, v qrcode.QRValue) { (*m)[y][x] = v.IsSet() })
	return nil
}

// Close does nothing: there is nothing open.
func (m *modules) Close() error { return nil }

// side is the number of modules along a side of the picture.
func (m modules) side() int { return len(m) + 2*quiet }

// png draws the code in black and white.
func (m modules) png() ([]byte, error) {
	side := m.side() * pixel
	picture := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			if m.dark(x/pixel-quiet, y/pixel-quiet) {
				picture.SetColorIndex(x, y, 1)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return nil, fmt.Errorf("qr code: %w", err)
	}
	return out.Bytes(), nil
}

func (m modules) dark(x, y int) bool {
	return y >= 0 && y < len(m) && x >= 0 && x < len(m[y]) && m[y][x]
}

// svg draws the code as one path over a white ground. It takes any size.
func (m modules) svg() ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[1]d" width="%[2]d" height="%[2]d" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%[1]dv%[1]dH0z"/><path d="`, m.side(), m.side()*pixel)
	for y, row := range m {
		for x, dark := range row {
			if dark {
				fmt.Fprintf(&out, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	out.WriteString(`"/></svg>`)
	return out.Bytes(), nil
}
