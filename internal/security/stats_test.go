package security

import (
	"math"
	"slices"
	"testing"
	"time"
)

// auc is the chance that a value of b is greater than one of a: 0.5 where the
// best threshold tells them apart no better than a coin. It is the Mann-Whitney
// U statistic, and never below 0.5: a classifier may turn its answer around.
func auc(a, b []time.Duration) float64 {
	type sample struct {
		value time.Duration
		ofB   bool
	}
	all := make([]sample, 0, len(a)+len(b))
	for _, v := range a {
		all = append(all, sample{v, false})
	}
	for _, v := range b {
		all = append(all, sample{v, true})
	}
	slices.SortFunc(all, func(x, y sample) int { return int(x.value - y.value) })
	ranks := 0.0
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].value == all[i].value {
			j++
		}
		shared := float64(i+j+1) / 2 // ties get the mean of their ranks
		for ; i < j; i++ {
			if all[i].ofB {
				ranks += shared
			}
		}
	}
	n, m := float64(len(b)), float64(len(a))
	area := (ranks - n*(n+1)/2) / (n * m)
	return max(area, 1-area)
}

// welch is Welch's t of two samples, with the slowest twentieth of all left
// out: those were interrupted, which says nothing about the code.
func welch(a, b []time.Duration) float64 {
	limit := percentile(slices.Concat(a, b), 0.95)
	n, meanA, varA := moments(a, limit)
	m, meanB, varB := moments(b, limit)
	return (meanA - meanB) / math.Sqrt(varA/n+varB/m)
}

func moments(all []time.Duration, limit time.Duration) (n, mean, variance float64) {
	sum, squares := 0.0, 0.0
	for _, v := range all {
		if v <= limit {
			x := float64(v)
			n, sum, squares = n+1, sum+x, squares+x*x
		}
	}
	mean = sum / n
	return n, mean, (squares - n*mean*mean) / (n - 1)
}

// percentile is the value that the share p of all is not above.
func percentile(all []time.Duration, p float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

// verdict reports a figure with its bound, and fails the benchmark beyond it.
func verdict(b *testing.B, what string, got, bound float64, unit string) {
	b.Helper()
	word := "holds"
	if math.IsNaN(got) || got > bound {
		word = "DOES NOT HOLD"
		b.Fail()
	}
	b.Logf("%-52s %10.3f %-4s  at most %7.3f  %s", what, got, unit, bound, word)
}

func TestAUC(t *testing.T) {
	for name, tt := range map[string]struct {
		a, b []time.Duration
		want float64
	}{
		"equal":          {[]time.Duration{1, 2, 3}, []time.Duration{1, 2, 3}, 0.5},
		"apart":          {[]time.Duration{1, 2, 3}, []time.Duration{4, 5, 6}, 1},
		"apart, turned":  {[]time.Duration{4, 5, 6}, []time.Duration{1, 2, 3}, 1},
		"all the same":   {[]time.Duration{7, 7}, []time.Duration{7, 7, 7}, 0.5},
		"three quarters": {[]time.Duration{1, 3}, []time.Duration{2, 4}, 0.75},
	} {
		if got := auc(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestWelch(t *testing.T) {
	a, b := make([]time.Duration, 1000), make([]time.Duration, 1000)
	for i := range a {
		a[i], b[i] = time.Duration(100+i%10), time.Duration(100+i%10)
	}
	if got := welch(a, b); got != 0 {
		t.Errorf("t of equal samples is %v", got)
	}
	for i := range b {
		b[i]++
	}
	// Means differ by 1; the variance of 0 to 9 is 8.25 in each sample of 1,000.
	// What is left out of b above the limit moves t a little.
	if got := welch(a, b); got > -5 || got < -9 {
		t.Errorf("t of a shift by one is %v", got)
	}
}

func TestPercentile(t *testing.T) {
	all := []time.Duration{5, 1, 4, 2, 3}
	if p50, p99 := percentile(all, 0.5), percentile(all, 0.99); p50 != 3 || p99 != 5 {
		t.Errorf("p50 %v, p99 %v", p50, p99)
	}
}
