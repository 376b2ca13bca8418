package fault_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"otpravka/internal/sim/fault"
)

// fired returns which of n calls the plan catches, counted from 1.
func fired(p *fault.Plan, n int) []int {
	var hits []int
	for i := 1; i <= n; i++ {
		if _, ok := p.Take("send", "7701"); ok {
			hits = append(hits, i)
		}
	}
	return hits
}

func TestRuleCounting(t *testing.T) {
	for _, tt := range []struct {
		name string
		rule fault.Rule
		want []int
	}{
		{"zero fires once", fault.Rule{}, []int{1}},
		{"times", fault.Rule{Times: 3}, []int{1, 2, 3}},
		{"always", fault.Rule{Times: fault.Always}, []int{1, 2, 3, 4, 5, 6}},
		{"after", fault.Rule{After: 4}, []int{5}},
		{"every", fault.Rule{Every: 2, Times: fault.Always}, []int{2, 4, 6}},
		{"every after", fault.Rule{After: 1, Every: 2, Times: 2}, []int{3, 5}},
		{"method in any case", fault.Rule{Method: "SEND"}, []int{1}},
		{"other method", fault.Rule{Method: "getMe"}, nil},
		{"target", fault.Rule{Target: "7701"}, []int{1}},
		{"other target", fault.Rule{Target: "7702"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p fault.Plan
			f := p.Add(tt.rule)
			if got := fired(&p, 6); !slices.Equal(got, tt.want) || f.Hits() != len(tt.want) {
				t.Errorf("fired on %v", got)
			}
		})
	}
}

func TestRulesQueueUp(t *testing.T) {
	var p fault.Plan
	p.Add(fault.Rule{Status: 500, Times: 2})
	second := p.Add(fault.Rule{Status: 429, After: 1})
	third := p.Add(fault.Rule{Status: 400, Times: fault.Always})
	var got []int
	for range 5 {
		rule, _ := p.Take("send", "")
		got = append(got, rule.Status)
	}
	if !slices.Equal(got, []int{500, 500, 400, 429, 400}) || second.Hits() != 1 || p.Len() != 1 {
		t.Errorf("got %v, %d left", got, p.Len())
	}
	third.Lift()
	third.Lift()
	if _, ok := p.Take("send", ""); ok || p.Len() != 0 {
		t.Error("a lifted rule fires")
	}
}

func TestPlanIsSafeForConcurrentUse(t *testing.T) {
	var p fault.Plan
	p.Add(fault.Rule{Times: 50})
	var hits atomic.Int64
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if _, ok := p.Take("send", ""); ok {
				hits.Add(1)
			}
		})
	}
	all.Wait()
	if hits.Load() != 50 {
		t.Errorf("%d hits", hits.Load())
	}
}
