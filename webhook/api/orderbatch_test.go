package api

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"otpravka/otpcore"
)

// TestLateRowsSayWhenToRepeat: a row that was not looked at in time is told from
// one that is wrong, and says when the batch is worth sending again.
func TestLateRowsSayWhenToRepeat(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		after  int // seconds; 0: never
	}{
		{&otpcore.Error{Kind: otpcore.KindUnavailable, Code: "overloaded", Detail: "Wait.", RetryAfter: 1500 * time.Millisecond}, http.StatusServiceUnavailable, 2},
		{&otpcore.Error{Kind: otpcore.KindRateLimited, Code: "rate_limited", Detail: "Wait.", RetryAfter: time.Minute}, http.StatusTooManyRequests, 60},
		{context.DeadlineExceeded, http.StatusServiceUnavailable, 1},
		{&otpcore.Error{Kind: otpcore.KindInvalid, Code: "phone_invalid", Field: "/phone", Detail: "Send a phone."}, http.StatusUnprocessableEntity, 0},
		{errors.New("a bug"), http.StatusInternalServerError, 0},
	} {
		row := &orderRow{}
		row.refuse(c.err)
		if row.result.Status != c.status || row.result.Update != nil || given(row.result.Problem.RetryAfter) != c.after {
			t.Errorf("%v: %d after %d, want %d after %d", c.err, row.result.Status, given(row.result.Problem.RetryAfter), c.status, c.after)
		}
	}
}
