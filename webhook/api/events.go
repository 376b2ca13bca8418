package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"otpravka/internal/spelling"
	"otpravka/otpcore"
	"otpravka/webhook/events"
	"otpravka/webhook/problem"
)

// ListEvents lists what happened, and waits for it if asked to.
func (h *Handlers) ListEvents(ctx context.Context, r ListEventsRequestObject) (ListEventsResponseObject, error) {
	types, err := eventTypes(r.Params.Types)
	if err != nil {
		return nil, err
	}
	from := clientOf(ctx)
	page, err := h.Events.List(ctx, from.caller, otpcore.EventsRequest{
		Listener: from.key.ID, After: given(r.Params.After), Types: types, Limit: lengthOf(r.Params.Limit),
		Wait: time.Duration(given(r.Params.Wait)) * time.Second,
	})
	if err != nil {
		return nil, err
	}
	out := ListEvents200JSONResponse{Items: []Event{}, NextAfter: page.Next, HasMore: page.More}
	for _, e := range page.Events {
		out.Items = append(out.Items, event(events.New(e)))
	}
	return out, nil
}

// eventTypes refuses a word that is no type: whoever misspelt it would wait
// for ever.
func eventTypes(words []EventType) ([]otpcore.EventType, error) {
	types := convert[otpcore.EventType](words)
	for i, t := range types {
		if !slices.Contains(otpcore.EventTypes, t) {
			return nil, problem.New("bad_parameter").At("query/types", unknownType(i+1, string(t)))
		}
	}
	return types, nil
}

var (
	typeNames = convert[string](otpcore.EventTypes)
	nearTypes = spelling.Of(typeNames)
)

// unknownType repeats the word only where it is near to a type: another one may be
// anything.
func unknownType(place int, word string) string {
	if meant := nearTypes.Nearest(word); meant != "" {
		return fmt.Sprintf("The type %s does not exist. Its name may be %s.", word, meant)
	}
	return fmt.Sprintf("Type %d of the list does not exist. Use types out of: %s.", place, strings.Join(typeNames, ", "))
}

func event(p events.Payload) Event {
	return Event{ID: p.ID, Type: EventType(p.Type), CreatedAt: p.CreatedAt, Mode: Mode(p.Mode), Data: p.Data}
}
