package api

import (
	"context"
	"time"

	"otpravka/otpcore"
)

// UpdateOrder stores what is new with an order.
func (h *Handlers) UpdateOrder(ctx context.Context, r UpdateOrderRequestObject) (UpdateOrderResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	out, err := h.updateOrder(ctx, r.Body, key)
	if err != nil {
		return nil, err
	}
	return UpdateOrder201JSONResponse(out), nil
}

func (h *Handlers) updateOrder(ctx context.Context, b *OrderUpdateRequest, key *otpcore.IdempotencyKey) (OrderUpdate, error) {
	updated, err := h.Orders.Update(ctx, clientOf(ctx).caller, otpcore.OrderRequest{
		Number: b.OrderID, Status: otpcore.OrderStatus(b.OrderStatus), Title: given(b.Title), Template: given(b.Template), OccurredAt: given(b.OccurredAt),
		Phone: b.Phone, Country: given(b.Country), Locale: given(b.Locale), Items: items(given(b.Items)), Total: money(b.Total),
		TrackingURL: given(b.TrackingURL), Channels: convert[otpcore.Channel](given(b.Channels)),
		SMSFallback: given(b.SmsFallback), Ring: b.Ring, Params: params(b.Params), Handover: handover(b.HandoverCode), Idempotency: key,
	})
	if err != nil {
		return OrderUpdate{}, err
	}
	return OrderUpdate{
		ID: string(updated.ID), OrderID: b.OrderID, OrderStatus: b.OrderStatus,
		Delivery: OrderDelivery{Status: OrderDeliveryStatus(updated.Outcome), HeldUntil: at(updated.HeldUntil)},
		Links:    ChatLinks{Telegram: some[string](updated.TelegramLink), Whatsapp: some[string](updated.WhatsAppLink)}, VerificationID: some[string](updated.VerificationID),
		TestCode: some[string](updated.TestCode.Reveal()),
	}, nil
}

// GetOrder shows an order with its history.
func (h *Handlers) GetOrder(ctx context.Context, r GetOrderRequestObject) (GetOrderResponseObject, error) {
	view, err := h.Orders.Get(ctx, clientOf(ctx).caller, r.ID)
	if err != nil {
		return nil, err
	}
	o := view.Order
	out := Order{
		OrderID: o.Number, OrderStatus: string(o.Status), Title: some[string](o.News.Title), Template: some[string](o.News.Template), Mode: Mode(o.Mode),
		Phone: some[string](view.Phone.E164()), OccurredAt: o.OccurredAt.UTC(), CreatedAt: o.CreatedAt.UTC(), UpdatedAt: o.UpdatedAt.UTC(),
		TrackingURL: some[string](o.News.TrackingURL), VerificationID: some[string](o.VerificationID),
		Delivery: OrderDelivery{Status: OrderDeliveryStatus(view.Outcome), HeldUntil: at(view.HeldUntil)},
		Links:    ChatLinks{Telegram: some[string](view.TelegramLink), Whatsapp: some[string](view.WhatsAppLink)},
		Updates:  []OrderHistoryEntry{}, Deliveries: []Delivery{},
	}
	if o.News.Total != nil {
		out.Total = &Money{Amount: o.News.Total.Amount, Currency: o.News.Total.Currency}
	}
	if len(o.News.Items) > 0 {
		shown := shownItems(o.News.Items)
		out.Items = &shown
	}
	for _, u := range view.History {
		out.Updates = append(out.Updates, OrderHistoryEntry{
			ID: string(u.ID), OrderStatus: string(u.Status), Title: some[string](u.Title), OccurredAt: u.OccurredAt.UTC(),
			ReceivedAt: u.ReceivedAt.UTC(), Shown: u.Shown,
		})
	}
	for _, d := range view.Deliveries {
		if d.Channel != "" { // else it is a note of ours
			out.Deliveries = append(out.Deliveries, delivery(d))
		}
	}
	return GetOrder200JSONResponse(out), nil
}

// ListOrders lists the business's orders by their ids.
func (h *Handlers) ListOrders(ctx context.Context, r ListOrdersRequestObject) (ListOrdersResponseObject, error) {
	by := clientOf(ctx).caller
	after, err := h.readCursor(by, given(r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	length := lengthOf(r.Params.Limit)
	found, err := h.Orders.List(ctx, by, string(after), length+1)
	if err != nil {
		return nil, err
	}
	out := ListOrders200JSONResponse{Items: []OrderSummary{}}
	found, out.NextCursor = cut(h, by, found, length, func(o otpcore.OrderLine) otpcore.ID { return otpcore.ID(o.Number) })
	for _, o := range found {
		out.Items = append(out.Items, orderSummary(o))
	}
	return out, nil
}

func orderSummary(o otpcore.OrderLine) OrderSummary {
	out := OrderSummary{
		OrderID: o.Number, OrderStatus: string(o.Status), Title: some[string](o.News.Title), Mode: Mode(o.Mode),
		Phone: some[string](o.Phone.E164()), OccurredAt: o.OccurredAt.UTC(), CreatedAt: o.CreatedAt.UTC(), UpdatedAt: o.UpdatedAt.UTC(),
		TrackingURL: some[string](o.News.TrackingURL), VerificationID: some[string](o.VerificationID),
	}
	if o.News.Total != nil {
		out.Total = &Money{Amount: o.News.Total.Amount, Currency: o.News.Total.Currency}
	}
	return out
}

func items(list OrderItems) []otpcore.OrderItem {
	var out []otpcore.OrderItem
	for _, i := range list {
		out = append(out, otpcore.OrderItem{Name: i.Name, Quantity: given(i.Quantity), Price: money(i.Price)})
	}
	return out
}

func shownItems(list []otpcore.OrderItem) OrderItems {
	out := OrderItems{}
	for _, i := range list {
		item := OrderItem{Name: i.Name}
		if i.Quantity > 0 {
			item.Quantity = &i.Quantity
		}
		if i.Price != nil {
			item.Price = &Money{Amount: i.Price.Amount, Currency: i.Price.Currency}
		}
		out = append(out, item)
	}
	return out
}

func money(m *Money) *otpcore.Money {
	if m == nil {
		return nil
	}
	return &otpcore.Money{Amount: m.Amount, Currency: m.Currency}
}

func handover(c *HandoverCode) *otpcore.HandoverRequest {
	if c == nil {
		return nil
	}
	r := &otpcore.HandoverRequest{Length: c.Length}
	if c.TTL != nil {
		ttl := time.Duration(*c.TTL) * time.Second
		r.TTL = &ttl
	}
	return r
}
