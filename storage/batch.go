package storage

import (
	"errors"
	"slices"
	"time"

	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

// work is an op on its way through a batch.
type work struct {
	job  *job
	file *file // as stored when the batch began
	kept *file // as the op leaves it; nil while it leaves nothing
	c    *otpcore.Case
	err  error // of the decision
}

// mostTries bounds how often a batch runs in a row.
const mostTries = 5

// runOps runs a batch of ops, and runs it again when nothing is wrong with it:
// PostgreSQL has sacrificed it to another transaction that waited for it, or
// the connection is a new one, and what is remembered may be older than that.
func (w *writer) runOps(batch []*job) (outcomes []outcome, late []*job, err error) {
	for range mostTries {
		outcomes, late, err = w.runOnce(batch)
		if state := sqlState(err); state != serializationFailure && state != deadlockDetected && !errors.Is(err, errNewConnection) {
			break
		}
	}
	return outcomes, late, err
}

// runOnce runs a batch of ops in one transaction: it reads what all of them
// look at, decides them one after the other, and writes what all of them
// changed. No op of a batch reads what another one writes: the queue sees to it
// for what an op names, and here it is seen to for what only the rows name:
// phones, orders and their codes. Late are the ones that share one of these
// with an earlier one; they wait for the next batch.
func (w *writer) runOnce(batch []*job) (outcomes []outcome, late []*job, err error) {
	now, x := w.clock.Now(), w.newExchange()
	all := make([]work, len(batch))
	var list reads
	for i, j := range batch {
		all[i] = work{job: j, file: w.memory.openFile(j.op, now, &list)}
	}
	failpoint.Hit(failpoint.BeforeBegin)
	if err := x.begin(list); err != nil {
		x.rollback()
		return nil, nil, err
	}
	failpoint.Hit(failpoint.AfterReads)
	writes := make([]write, 0, 4*len(batch))
	seen := make(map[any]bool, len(batch))
	outcomes = make([]outcome, 0, len(batch))
	for i := range all {
		k := &all[i]
		if writes, err = w.decide(k, writes, now, seen); err != nil {
			x.rollback()
			return nil, nil, err
		}
		if k.err == errLate {
			late = append(late, k.job)
			continue
		}
		outcomes = append(outcomes, k.outcome())
	}
	failpoint.Hit(failpoint.AfterDecide)
	if err := w.commit(x, writes, len(writes) > 0, now); err != nil {
		return nil, nil, err
	}
	for i := range all {
		if all[i].kept != nil {
			w.memory.keep(all[i].kept)
		}
	}
	return outcomes, late, nil
}

// errLate is the outcome of an op that must wait for the next batch.
var errLate = errors.New("another op of the batch has this phone or this order")

// decide runs an op's decision and adds what it wants written to the list. Its own
// error is that of an op which asks for what cannot be written.
func (w *writer) decide(k *work, list []write, now time.Time, seen map[any]bool) ([]write, error) {
	op := k.job.op
	if k.err = k.file.scope(op); k.err != nil {
		return list, nil
	}
	shared := k.file.shared()
	if slices.ContainsFunc(shared, func(key any) bool { return seen[key] }) {
		k.err = errLate
		return list, nil
	}
	for _, key := range shared {
		seen[key] = true
	}
	c := &otpcore.Case{Now: now, Epoch: w.epoch.Load(), Boot: w.boot, BusinessID: op.BusinessID, Mode: op.Mode}
	k.file.fill(c)
	if k.err = w.guard(func() error { return op.Decide(c) }); k.err != nil {
		return list, nil
	}
	ch := c.Changes()
	list, err := changes(list, c, &ch, op.Once)
	if err != nil {
		return nil, &statementError{otpcore.Unavailable(err)}
	}
	k.c, k.kept = c, k.file.after(&ch)
	return list, nil
}

func (k *work) outcome() outcome {
	o := outcome{job: k.job, err: k.err}
	if k.c != nil {
		o.cases = []*otpcore.Case{k.c}
	}
	return o
}

// runCold runs a cold function. Its own error stores nothing and is its answer.
func (w *writer) runCold(j *job) ([]outcome, error) {
	x := w.oneByOne()
	if err := x.begin(nil); err != nil { // which may bring another epoch
		return nil, err
	}
	t := &transaction{session: x.session, now: w.clock.Now(), epoch: w.epoch.Load(), boot: w.boot, memory: &w.memory}
	t.executed = w.memory.executed
	if err := w.guard(func() error { return j.write(tx{t}) }); err != nil {
		x.rollback()
		return []outcome{{job: j, err: err}}, nil
	}
	if t.failed != nil {
		x.rollback()
		return nil, &statementError{t.failed}
	}
	failpoint.Hit(failpoint.ColdDecided)
	if err := w.commit(x, nil, t.wrote, t.now); err != nil {
		return nil, err
	}
	return []outcome{{job: j, cases: t.saved}}, nil
}
