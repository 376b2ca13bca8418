package qr

import (
	"bytes"
	"context"
	"encoding/xml"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/makiuchi-d/gozxing"
	reader "github.com/makiuchi-d/gozxing/qrcode"

	"otpravka/otpcore"
	"otpravka/webhook/problem"
)

// read is what a phone's camera reads.
func read(t *testing.T, picture image.Image) string {
	t.Helper()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	if err != nil {
		t.Fatal(err)
	}
	result, err := reader.NewQRCodeReader().Decode(bitmap, nil)
	if err != nil {
		t.Fatalf("the code cannot be read: %v", err)
	}
	return result.GetText()
}

type book map[string]string

func (b book) Address(_ context.Context, name string) (string, error) {
	if address, ok := b[name]; ok {
		return address, nil
	}
	return "", otpcore.ErrNotFound
}

var addresses = book{
	"token": "https://t.me/bookhouse_bot?start=Zk3rW0m1cQ-Zk3rW0m1cQ_Zk3rW0m1cQaa",
	"short": "https://t.me/a",
	"long":  "https://t.me/" + strings.Repeat("b", 32) + "?start=" + strings.Repeat("c", 64),
}

func get(t *testing.T, file string) *httptest.ResponseRecorder {
	t.Helper()
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) { _ = c.NoContent(problem.From(err).Status) }
	New(addresses).Mount(e)
	answer := httptest.NewRecorder()
	e.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/qr/"+file, nil))
	return answer
}

func TestPNGsAreReadBack(t *testing.T) {
	for name, address := range addresses {
		answer := get(t, name+".png")
		if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != "image/png" {
			t.Fatalf("%s: %d %v", name, answer.Code, answer.Header())
		}
		picture, err := png.Decode(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, picture); got != address {
			t.Errorf("%s: reads %q, want %q", name, got, address)
		}
		for i := range picture.Bounds().Dx() {
			for _, at := range []image.Point{{i, 0}, {0, i}, {i, quiet*pixel - 1}, {quiet*pixel - 1, i}} {
				if picture.At(at.X, at.Y) != color.Color(color.White) && color.GrayModel.Convert(picture.At(at.X, at.Y)).(color.Gray).Y != 255 {
					t.Fatalf("%s: the margin is dark at %v", name, at)
				}
			}
		}
	}
}

var square = regexp.MustCompile(`M(\d+) (\d+)h1v1h-1z`)

// drawn is a browser for the drawings that this package makes.
func drawn(t *testing.T, svg []byte) image.Image {
	t.Helper()
	var root struct {
		XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
		ViewBox string   `xml:"viewBox,attr"`
		Path    []struct {
			Data string `xml:"d,attr"`
		} `xml:"path"`
	}
	if err := xml.Unmarshal(svg, &root); err != nil || len(root.Path) != 2 {
		t.Fatalf("%v: %s", err, svg[:min(len(svg), 200)])
	}
	side, err := strconv.Atoi(root.ViewBox[strings.LastIndex(root.ViewBox, " ")+1:])
	if err != nil {
		t.Fatal(err)
	}
	const zoom = 3
	picture := image.NewGray(image.Rect(0, 0, side*zoom, side*zoom))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	for _, m := range square.FindAllStringSubmatch(root.Path[1].Data, -1) {
		x, _ := strconv.Atoi(m[1])
		y, _ := strconv.Atoi(m[2])
		draw.Draw(picture, image.Rect(x*zoom, y*zoom, (x+1)*zoom, (y+1)*zoom), image.Black, image.Point{}, draw.Src)
	}
	return picture
}

func TestSVGsAreReadBack(t *testing.T) {
	for name, address := range addresses {
		answer := get(t, name+".svg")
		if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != "image/svg+xml" {
			t.Fatalf("%s: %d %v", name, answer.Code, answer.Header())
		}
		if got := read(t, drawn(t, answer.Body.Bytes())); got != address {
			t.Errorf("%s: reads %q, want %q", name, got, address)
		}
	}
}

// A code that is partly covered, by a logo in its middle, is read all the same.
func TestCoveredCodeIsReadBack(t *testing.T) {
	answer := get(t, "token.png")
	source, err := png.Decode(bytes.NewReader(answer.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	picture := image.NewGray(source.Bounds())
	draw.Draw(picture, picture.Bounds(), source, image.Point{}, draw.Src)
	side := picture.Bounds().Dx()
	draw.Draw(picture, image.Rect(side*43/100, side*43/100, side*57/100, side*57/100), image.White, image.Point{}, draw.Src)
	if got := read(t, picture); got != addresses["token"] {
		t.Errorf("reads %q", got)
	}
}

func TestUnknownCodes(t *testing.T) {
	for _, file := range []string{"nobody.png", "token", "token.gif", "token.PNG", ".png", "token.png.exe", "%2e%2e%2ftoken.png"} {
		if answer := get(t, file); answer.Code != http.StatusNotFound {
			t.Errorf("%s: %d", file, answer.Code)
		}
	}
}
