package calls_test

import (
	"context"
	"errors"
	"testing"

	"otpravka/internal/sim/calls"
)

func TestLog(t *testing.T) {
	var l calls.Log
	l.Record(calls.Call{Method: "getMe"})
	l.Record(calls.Call{Method: "getme", Params: map[string]string{"a": "b"}})
	l.Record(calls.Call{Method: "close"})
	if l.Count("GETME") != 2 || l.Count("") != 3 || l.Count("never") != 0 {
		t.Errorf("counts %d, %d", l.Count("GETME"), l.Count(""))
	}
	if got := l.Calls("GetMe"); len(got) != 2 || got[1].Params["a"] != "b" || len(l.Calls("")) != 3 {
		t.Errorf("calls %+v", got)
	}
	if err := l.Wait(t.Context(), nil, "getMe", 2); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Wait(ctx, nil, "getMe", 3); !errors.Is(err, context.Canceled) {
		t.Errorf("wait: %v", err)
	}
	l.Reset()
	if l.Calls("") != nil || l.Count("") != 3 {
		t.Error("reset forgets calls and keeps counts")
	}
}
