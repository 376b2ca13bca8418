package security

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"otpravka/otpcore"
)

// BenchmarkT45Compare asks whether the time that the comparison of a check takes
// tells how much of a guess is right.
func BenchmarkT45Compare(b *testing.B) {
	const samples = 100_000
	code := otpcore.NewCode("493021")
	guesses := map[string]otpcore.Code{
		"first symbol right": otpcore.NewCode("411111"), "all but the last right": otpcore.NewCode("493029"), "right": otpcore.NewCode("493021"),
	}
	wrong := otpcore.NewCode("111111")
	for b.Loop() {
		for name, guess := range guesses {
			of := [2][]time.Duration{}
			draw := rand.New(rand.NewPCG(1, 2))
			for i := range 2*samples + 2*warmUp {
				// Classes are drawn: an order would meet the rhythm of whatever else
				// the machine does.
				class, offered := draw.IntN(2), wrong
				if class == 1 {
					offered = guess
				}
				began := time.Now()
				code.Equal(offered)
				took := time.Since(began)
				if i >= 2*warmUp {
					of[class] = append(of[class], took)
				}
			}
			t := welch(of[0], of[1])
			verdict(b, "T45 |t| of wrong against "+name, max(t, -t), 4.5, "")
			b.ReportMetric(max(t, -t), "t:"+strings.ReplaceAll(name, " ", "-"))
		}
	}
}

// warmUp is how many samples of each class are thrown away first.
const warmUp = 10_000
