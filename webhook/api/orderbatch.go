package api

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"otpravka/otpcore"
	"otpravka/webhook/problem"
	"otpravka/webhook/strictjson"
)

// batchCodec reads the updates of a batch, each as strictly as the body of a
// single one.
var batchCodec = sync.OnceValues(func() (*strictjson.Codec, error) {
	_, codec, err := readContract(Contract)
	return codec, err
})

// batchWorkers is how many orders of a batch are updated at once: enough to fill
// the database's batches, and few enough to leave room in them.
const batchWorkers = 32

// UpdateOrders stores many updates, each with its own outcome.
func (h *Handlers) UpdateOrders(ctx context.Context, r UpdateOrdersRequestObject) (UpdateOrdersResponseObject, error) {
	codec, err := batchCodec()
	if err != nil {
		return nil, err
	}
	rows := make([]*orderRow, len(r.Body.Updates))
	for i := range rows {
		rows[i] = h.readRow(codec, r.Body.Updates[i].raw, r.Params.IdempotencyKey, i)
	}
	h.updateRows(ctx, rows)
	out := UpdateOrders200JSONResponse{Results: make([]OrderUpdateResult, len(rows))}
	for i, row := range rows {
		out.Results[i] = row.result
		if row.result.Problem == nil {
			out.Accepted++
		} else {
			out.Refused++
		}
	}
	return out, nil
}

// orderRow is one update of a batch on its way.
type orderRow struct {
	body   OrderUpdateRequest
	key    *otpcore.IdempotencyKey
	result OrderUpdateResult
}

// keyForm is that of the header.
var keyForm = regexp.MustCompile(`^[!-~]{1,255}$`)

// readRow reads an update. Its key is its own, or made of the batch's and its
// place.
func (h *Handlers) readRow(codec *strictjson.Codec, raw jsontext.Value, batch *IdempotencyKey, place int) *orderRow {
	row := &orderRow{}
	body, own, err := takeKey(raw)
	if err == nil {
		err = codec.Decode(body, &row.body)
	}
	if err != nil {
		row.refuse(err)
		return row
	}
	if own == nil && batch != nil {
		made := "batch:" + strconv.Itoa(place) + ":" + *batch
		own = &made
	}
	key, err := h.idempotency(own, row.body)
	if err != nil {
		row.refuse(err)
	}
	row.key = key
	return row
}

// takeKey takes the idempotency key out of an update, if it has one.
func takeKey(raw jsontext.Value) (jsontext.Value, *string, error) {
	var fields map[string]jsontext.Value
	if err := json.Unmarshal(raw, &fields); err != nil || fields == nil {
		return nil, nil, problem.New("not_an_object").Because(err)
	}
	given, ok := fields["idempotency_key"]
	if !ok {
		return raw, nil, nil
	}
	var key string
	if err := json.Unmarshal(given, &key); err != nil || !keyForm.MatchString(key) {
		return nil, nil, problem.New("invalid_value").At("/idempotency_key", "Send one value of 1 to 255 visible ASCII characters, for example a UUID.")
	}
	delete(fields, "idempotency_key")
	body, err := json.Marshal(fields, json.Deterministic(true))
	return body, &key, err
}

// updateRows carries the updates out, several orders at once, and those of one
// order in their places.
func (h *Handlers) updateRows(ctx context.Context, rows []*orderRow) {
	byOrder := map[string][]*orderRow{}
	var order []string
	for _, row := range rows {
		if row.result.Problem != nil {
			continue
		}
		if byOrder[row.body.OrderID] == nil {
			order = append(order, row.body.OrderID)
		}
		byOrder[row.body.OrderID] = append(byOrder[row.body.OrderID], row)
	}
	next := make(chan []*orderRow)
	var workers sync.WaitGroup
	for range min(batchWorkers, len(order)) {
		workers.Go(func() {
			for some := range next {
				for _, row := range some {
					h.updateRow(ctx, row)
				}
			}
		})
	}
	for _, number := range order {
		next <- byOrder[number]
	}
	close(next)
	workers.Wait()
}

func (h *Handlers) updateRow(ctx context.Context, row *orderRow) {
	update, err := h.updateOrder(ctx, &row.body, row.key)
	if err != nil {
		row.refuse(err)
		return
	}
	row.result = OrderUpdateResult{Status: http.StatusCreated, Update: &update}
}

func (row *orderRow) refuse(err error) {
	p := problem.From(err)
	row.result = OrderUpdateResult{Status: p.Status, Problem: &OrderProblem{Code: p.Code, Detail: p.Detail}}
	if p.RetryAfter > 0 {
		row.result.Problem.RetryAfter = &p.RetryAfter
	}
	if len(p.Errors) > 0 {
		row.result.Problem.Pointer, row.result.Problem.Detail = some[string](p.Errors[0].Pointer), p.Errors[0].Detail
	}
}
