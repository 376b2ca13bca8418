package fault

import (
	"sync"
	"sync/atomic"
)

// Plan is an ordered list of faults. The zero value has none, and asking it
// costs one atomic load. It is safe for concurrent use.
type Plan struct {
	armed atomic.Int32
	mu    sync.Mutex
	list  []*Fault
}

// Fault is a rule that was added to a plan.
type Fault struct {
	plan *Plan
	rule Rule
	seen int
	left int
	hits atomic.Int64
}

// Add appends a rule. The first rule that fires on a call wins; later rules
// neither see nor count that call.
func (p *Plan) Add(rule Rule) *Fault {
	left := rule.Times
	if left == 0 {
		left = 1
	}
	f := &Fault{plan: p, rule: rule, left: left}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, f)
	p.armed.Store(int32(len(p.list)))
	return f
}

// Clear lifts every fault.
func (p *Plan) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = nil
	p.armed.Store(0)
}

// Len returns how many rules are not used up.
func (p *Plan) Len() int { return int(p.armed.Load()) }

// Hits returns how often the fault has fired.
func (f *Fault) Hits() int { return int(f.hits.Load()) }

// Lift takes the fault out of its plan. Lifting twice does no harm.
func (f *Fault) Lift() {
	f.plan.mu.Lock()
	defer f.plan.mu.Unlock()
	f.plan.remove(f)
}

// Take returns the rule that fires on this call, if any, and counts it.
func (p *Plan) Take(method, target string) (Rule, bool) {
	if p.armed.Load() == 0 {
		return Rule{}, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.list {
		if !f.rule.matches(method, target) || !f.due() {
			continue
		}
		f.hits.Add(1)
		if f.left > 0 {
			f.left--
		}
		if f.left == 0 {
			p.remove(f)
		}
		return f.rule, true
	}
	return Rule{}, false
}

// due counts a matching call and says whether the fault fires on it.
func (f *Fault) due() bool {
	f.seen++
	n := f.seen - f.rule.After
	if n <= 0 {
		return false
	}
	return f.rule.Every <= 1 || n%f.rule.Every == 0
}

func (p *Plan) remove(f *Fault) {
	for i, other := range p.list {
		if other == f {
			p.list = append(p.list[:i:i], p.list[i+1:]...)
			p.armed.Store(int32(len(p.list)))
			return
		}
	}
}
