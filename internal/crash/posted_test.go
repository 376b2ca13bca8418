package crash

import (
	"fmt"
	"net/http"
	"slices"

	"otpravka/internal/sim/fault"
	"otpravka/internal/sim/receiversim"
)

// listen registers the shop's receiver for the events of the last business. The
// secret is shown once; whoever lost that answer draws another one.
func (w *world) listen() {
	w.Helper()
	var made struct{ ID, Secret, Code string }
	if status := w.ask(http.MethodPost, "/v1/webhooks", "webhook", fields{"url": w.shop.URL() + "/hooks"}, &made); status != http.StatusCreated {
		w.Fatalf("the endpoint was answered %d %s", status, made.Code)
	}
	for n := 0; made.Secret == ""; n++ {
		if status := w.askOnce(http.MethodPost, "/v1/webhooks/"+made.ID+"/rotate", fmt.Sprint("rotate-", n), "", &made); status == http.StatusBadRequest || n > 1000 {
			w.Fatalf("the rotation was answered %d %s", status, made.Code)
		}
	}
	w.shop.Trust(made.Secret)
	w.shop.Fail(fault.Rule{After: 2, Drop: fault.DropAfter})
	w.shop.Fail(fault.Rule{After: 5, Status: http.StatusBadGateway})
}

// holdPosted is I9: every event of the list reaches the endpoint at least once,
// signed, and nothing else does.
func (w *world) holdPosted() {
	w.Helper()
	want := w.eventIDs()
	if _, err := w.shop.WaitEvent(w.ctx(), func(receiversim.Event) bool {
		return !slices.ContainsFunc(want, func(id string) bool { return w.shop.Taken(id) == 0 })
	}); err != nil {
		missing := slices.DeleteFunc(slices.Clone(want), func(id string) bool { return w.shop.Taken(id) > 0 })
		w.Errorf("I9: %d of %d events never reached the endpoint: %v", len(missing), len(want), missing)
	}
	got := w.shop.Events()
	want = w.eventIDs() // anew: reports of the provider may have come meanwhile
	for _, e := range got {
		if !slices.Contains(want, e.ID) {
			w.Errorf("I9: the endpoint got %s %s, which is not in the list", e.Type, e.ID)
		}
	}
}
