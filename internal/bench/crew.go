package bench

import (
	"context"
	"errors"
	"sync"
	"time"
)

// crew is the customers of one load.
type crew []*customer

// hire connects n customers. Dismiss them also where an error comes with them.
func (s *site) hire(ctx context.Context, n int, wishes string) (crew, error) {
	var c crew
	for range n {
		cu, err := newCustomer(ctx, s, wishes)
		if err != nil {
			return c, err
		}
		c = append(c, cu)
	}
	return c, nil
}

func (c crew) dismiss() error {
	var errs []error
	for _, cu := range c {
		errs = append(errs, cu.close())
	}
	return errors.Join(errs...)
}

// act is one thing that a customer does, or errDone.
type act func(*customer, context.Context) error

// errDone means that nothing is left to do.
var errDone = errors.New("nothing is left to do")

const (
	// patience is how much longer than planned the last act of a load may take.
	patience = 30 * time.Second
	// refusalPause keeps a refused customer from asking again at once.
	refusalPause = 50 * time.Millisecond
)

// work lets every customer act for the time given and returns how long it took
// until the last one had finished. Refusals are noted; any other error ends the
// whole load.
func (c crew) work(ctx context.Context, do act, planned time.Duration) (time.Duration, error) {
	ctx, end := context.WithTimeout(ctx, planned+patience)
	defer end()
	began := time.Now()
	until := began.Add(planned)
	errs := make([]error, len(c))
	var working sync.WaitGroup
	for i, cu := range c {
		working.Go(func() {
			if errs[i] = cu.work(ctx, do, until); errs[i] != nil {
				end()
			}
		})
	}
	cut := context.AfterFunc(ctx, func() {
		for _, cu := range c { // unblocks whoever waits for an answer
			_ = cu.conn.SetDeadline(time.Now())
		}
	})
	working.Wait()
	cut()
	return time.Since(began), firstCause(errs)
}

func (c *customer) work(ctx context.Context, do act, until time.Time) error {
	for time.Now().Before(until) && ctx.Err() == nil {
		err := do(c, ctx)
		if r, ok := errors.AsType[*refusal](err); ok {
			c.refused[r.status]++
			c.last = r
			time.Sleep(refusalPause)
			continue
		}
		if errors.Is(err, errDone) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// firstCause prefers the error that ended the load to those of customers that
// were cut off by it.
func firstCause(errs []error) error {
	var cutOff error
	for _, err := range errs {
		switch {
		case err == nil:
		case errors.Is(err, context.Canceled) || isTimeout(err):
			cutOff = err
		default:
			return err
		}
	}
	return cutOff
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}
