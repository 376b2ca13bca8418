package crash

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// cycles is a multiple of the habits: for the whole matrix enough for fifty hits
// of nearly every point.
func cycles() int {
	if *full {
		return 8 * int(habits)
	}
	return int(habits)
}

// businesses are made before the first verification.
const businesses = 7

// view is what the API tells of a verification.
type view struct {
	ID         string
	Status     string
	EndReason  string    `json:"end_reason"`
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at"`
	Deliveries []struct {
		ID, Channel, Status string
	}
	Timeline []struct {
		Type       string
		DeliveryID string `json:"delivery_id"`
	}
}

// happened counts the entries of a type, of one delivery where it is named.
func (v *view) happened(kind, delivery string) int {
	n := 0
	for _, e := range v.Timeline {
		if e.Type == kind && (delivery == "" || e.DeliveryID == delivery) {
			n++
		}
	}
	return n
}

// trouble is done to the server while people confirm their phones.
type trouble func(w *world)

// live lets all the people live through their verifications and returns them
// once every one has ended. Some of them are linked while others already get
// codes.
func (w *world) live(makeTrouble trouble) []*cycle {
	w.Helper()
	w.open(businesses)
	people := make([]*cycle, cycles())
	for i := range people {
		people[i] = w.newCycle(i)
	}
	var troubled sync.WaitGroup
	if makeTrouble != nil {
		troubled.Go(func() { makeTrouble(w) })
	}
	together(people, (*cycle).run)
	troubled.Wait()
	people = slices.DeleteFunc(people, func(c *cycle) bool { return c.id == "" })
	if len(people) != cycles() {
		w.Fatalf("%d of %d verifications began", len(people), cycles())
	}
	return people
}

// crowd is how many people act at once: few enough for each to be served while
// the code lives, on a machine with much else to do.
const crowd = 12

func together(people []*cycle, act func(*cycle)) {
	var all sync.WaitGroup
	room := make(chan struct{}, crowd)
	for _, c := range people {
		room <- struct{}{}
		all.Go(func() {
			act(c)
			<-room
		})
	}
	all.Wait()
}

// terminal waits until the verification has ended and nothing of it is on its
// way any more.
func (c *cycle) terminal() view {
	for over := time.Now().Add(patience); ; time.Sleep(pause) {
		var v view
		if status := c.ask(http.MethodGet, "/v1/verifications/"+c.id, "", nil, &v); status != http.StatusOK {
			c.Errorf("I1: %s was answered %d", c.id, status)
			return v
		}
		if v.Status != "pending" && v.Status != "" && !underWay(&v) {
			return v
		}
		if time.Now().After(over) {
			c.Errorf("I1: %s is %s with %v after %s", c.id, v.Status, v.Deliveries, patience)
			return v
		}
	}
}

func underWay(v *view) bool {
	for _, d := range v.Deliveries {
		if d.Status == "sending" || d.Status == "queued" || d.Status == "waiting_link" {
			return true
		}
	}
	return false
}
