package otpcore

import (
	"encoding/binary"
	"math"
	"runtime"
	"sync"
	"testing"
)

const draws = 2_000_000

// T08: codes that are not uniform would be guessed more often than one in a
// million. The seeds count up, so that a failure repeats.
func TestT08CodesAreUniform(t *testing.T) {
	counts := draw()
	expected := float64(draws) / float64(len(counts))
	whole, leadingZero := 0.0, 0
	positions := [6][10]int{}
	for code, n := range counts {
		whole += (float64(n) - expected) * (float64(n) - expected) / expected
		if code < 100_000 {
			leadingZero += int(n)
		}
		for p, rest := 5, code; p >= 0; p, rest = p-1, rest/10 {
			positions[p][rest%10] += int(n)
		}
	}
	wantPlausible(t, "codes", whole, len(counts)-1)
	for p, digits := range positions {
		chi := 0.0
		for _, n := range digits {
			chi += (float64(n) - draws/10) * (float64(n) - draws/10) / (draws / 10)
		}
		wantPlausible(t, "digits at position "+string(rune('1'+p)), chi, 9)
	}
	if share := 100 * float64(leadingZero) / draws; share < 9.9 || share > 10.1 {
		t.Errorf("%.3f %% of the codes begin with 0, want 10 %% ± 0.1 %%", share)
	}
}

// draw derives many codes and counts how often each comes.
func draw() []uint32 {
	workers := runtime.GOMAXPROCS(0)
	parts := make([][]uint32, workers)
	var done sync.WaitGroup
	for w := range workers {
		done.Go(func() {
			counts := make([]uint32, 1_000_000)
			key, in := input(1, 6)
			mac := under(key)
			for i := w; i < draws; i += workers {
				binary.BigEndian.PutUint64(in.Seed[:], uint64(i))
				counts[number(DeriveCode(mac, in).Reveal())]++
			}
			parts[w] = counts
		})
	}
	done.Wait()
	for _, part := range parts[1:] {
		for code, n := range part {
			parts[0][code] += n
		}
	}
	return parts[0]
}

func number(code string) int {
	n := 0
	for i := range len(code) {
		n = 10*n + int(code[i]-'0')
	}
	return n
}

// wantPlausible fails when chi-squared lies outside of what p in
// [1e-6, 1-1e-6] allows, by the approximation of Wilson and Hilferty: the cube
// root of chi-squared over its degrees of freedom is nearly normal.
func wantPlausible(t *testing.T, what string, chi float64, freedom int) {
	t.Helper()
	k := 2 / (9 * float64(freedom))
	z := (math.Cbrt(chi/float64(freedom)) - (1 - k)) / math.Sqrt(k)
	if p := math.Erfc(math.Abs(z)/math.Sqrt2) / 2; p < 1e-6 {
		t.Errorf("%s: chi-squared %.0f at %d degrees of freedom, p = %g", what, chi, freedom, p)
	}
}
