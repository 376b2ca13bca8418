package api

import (
	"context"

	"otpravka/otpcore"
)

// CreateWebhook registers an endpoint and shows its secret, this once.
func (h *Handlers) CreateWebhook(ctx context.Context, r CreateWebhookRequestObject) (CreateWebhookResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	e, secret, err := h.Endpoints.Create(ctx, clientOf(ctx).caller, otpcore.EndpointRequest{
		URL: r.Body.URL, Description: given(r.Body.Description), Types: convert[otpcore.EventType](given(r.Body.Types)), Idempotency: key,
	})
	if err != nil {
		return nil, err
	}
	return CreateWebhook201JSONResponse(h.withSecret(e, secret)), nil
}

// ListWebhooks lists the endpoints of the caller's mode, oldest first.
func (h *Handlers) ListWebhooks(ctx context.Context, r ListWebhooksRequestObject) (ListWebhooksResponseObject, error) {
	by := clientOf(ctx).caller
	all, err := h.Endpoints.List(ctx, by)
	if err != nil {
		return nil, err
	}
	items, next, err := page(h, by, all, func(e *otpcore.Endpoint) otpcore.ID { return e.ID }, r.Params.Cursor, r.Params.Limit)
	if err != nil {
		return nil, err
	}
	out := ListWebhooks200JSONResponse{Items: []Webhook{}, NextCursor: next}
	for _, e := range items {
		out.Items = append(out.Items, h.webhook(e))
	}
	return out, nil
}

// GetWebhook shows an endpoint.
func (h *Handlers) GetWebhook(ctx context.Context, r GetWebhookRequestObject) (GetWebhookResponseObject, error) {
	e, err := h.Endpoints.Get(ctx, clientOf(ctx).caller, otpcore.ID(r.ID))
	if err != nil {
		return nil, err
	}
	return GetWebhook200JSONResponse(h.webhook(e)), nil
}

// UpdateWebhook changes an endpoint.
func (h *Handlers) UpdateWebhook(ctx context.Context, r UpdateWebhookRequestObject) (UpdateWebhookResponseObject, error) {
	change := otpcore.EndpointChange{URL: r.Body.URL, Description: r.Body.Description}
	if r.Body.Types != nil {
		types := convert[otpcore.EventType](*r.Body.Types)
		change.Types = &types
	}
	if r.Body.Status != nil {
		active := *r.Body.Status == UpdateWebhookRequestStatusActive
		change.Active = &active
	}
	e, err := h.Endpoints.Change(ctx, clientOf(ctx).caller, otpcore.ID(r.ID), change)
	if err != nil {
		return nil, err
	}
	return UpdateWebhook200JSONResponse(h.webhook(e)), nil
}

// DeleteWebhook removes an endpoint.
func (h *Handlers) DeleteWebhook(ctx context.Context, r DeleteWebhookRequestObject) (DeleteWebhookResponseObject, error) {
	if err := h.Endpoints.Remove(ctx, clientOf(ctx).caller, otpcore.ID(r.ID)); err != nil {
		return nil, err
	}
	return DeleteWebhook204Response{}, nil
}

// RotateWebhook draws a new secret and shows it, this once.
func (h *Handlers) RotateWebhook(ctx context.Context, r RotateWebhookRequestObject) (RotateWebhookResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, nil)
	if err != nil {
		return nil, err
	}
	e, secret, err := h.Endpoints.Rotate(ctx, clientOf(ctx).caller, otpcore.ID(r.ID), key)
	if err != nil {
		return nil, err
	}
	return RotateWebhook200JSONResponse(h.withSecret(e, secret)), nil
}

// TestWebhook sends a test event and tells what came of it.
func (h *Handlers) TestWebhook(ctx context.Context, r TestWebhookRequestObject) (TestWebhookResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, nil)
	if err != nil {
		return nil, err
	}
	p, err := h.Endpoints.Test(ctx, clientOf(ctx).caller, otpcore.ID(r.ID), key)
	if err != nil {
		return nil, err
	}
	return TestWebhook200JSONResponse(webhookDelivery(p)), nil
}

// ReplayWebhook has events sent again.
func (h *Handlers) ReplayWebhook(ctx context.Context, r ReplayWebhookRequestObject) (ReplayWebhookResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	again, err := h.Endpoints.Replay(ctx, clientOf(ctx).caller, otpcore.ID(r.ID), otpcore.ReplayRequest{
		EventID: otpcore.ID(given(r.Body.EventID)), From: given(r.Body.From), Until: given(r.Body.Until), Idempotency: key,
	})
	if err != nil {
		return nil, err
	}
	return ReplayWebhook202JSONResponse{
		WebhookID: string(again.EndpointID), EventID: some[EventID](again.EventID), From: at(again.From), Until: at(again.Until),
	}, nil
}

// ListWebhookDeliveries lists what was sent to an endpoint, newest first.
func (h *Handlers) ListWebhookDeliveries(ctx context.Context, r ListWebhookDeliveriesRequestObject) (ListWebhookDeliveriesResponseObject, error) {
	by := clientOf(ctx).caller
	before, err := h.readCursor(by, given(r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	length := lengthOf(r.Params.Limit)
	found, err := h.Endpoints.Postings(ctx, by, otpcore.PostingQuery{
		EndpointID: otpcore.ID(r.ID), Before: before, Status: otpcore.PostingStatus(given(r.Params.Status)), Limit: length + 1,
	})
	if err != nil {
		return nil, err
	}
	out := ListWebhookDeliveries200JSONResponse{Items: []WebhookDelivery{}}
	found, out.NextCursor = cut(h, by, found, length, func(p *otpcore.Posting) otpcore.ID { return p.ID })
	for _, p := range found {
		out.Items = append(out.Items, webhookDelivery(p))
	}
	return out, nil
}

func (h *Handlers) withSecret(e *otpcore.Endpoint, secret string) Webhook {
	out := h.webhook(e)
	out.Secret = some[string](secret)
	return out
}

func (h *Handlers) webhook(e *otpcore.Endpoint) Webhook {
	out := Webhook{
		ID: string(e.ID), Mode: Mode(e.Mode), URL: e.URL, Description: some[string](e.Description), Status: WebhookStatus(e.Status),
		StatusReason: some[WebhookStatusReason](e.Reason), StatusDetail: fares(e), StatusAt: e.StatusAt.UTC(),
		FailingSince: at(e.FailingSince), CreatedAt: e.CreatedAt.UTC(),
	}
	if len(e.Types) > 0 {
		types := convert[EventType](e.Types)
		out.Types = &types
	}
	if h.Verifications.Now().Before(e.OldUntil) {
		out.OldSecretUntil = at(e.OldUntil)
	}
	return out
}

// fares says in one sentence how an endpoint fares.
func fares(e *otpcore.Endpoint) string {
	switch {
	case e.Reason == otpcore.EndpointGone:
		return "The receiver answered 410. Make the endpoint active once it takes events again."
	case e.Reason == otpcore.EndpointFailing:
		return "Nothing was taken for five days. Mend the receiver, and make the endpoint active."
	case e.Status == otpcore.EndpointDisabled:
		return "No events are sent until the endpoint is made active."
	case !e.FailingSince.IsZero():
		return "Nothing was taken since failing_since. See the deliveries for the reason."
	}
	return "Events are sent as they happen."
}

func webhookDelivery(p *otpcore.Posting) WebhookDelivery {
	out := WebhookDelivery{
		ID: string(p.ID), EventID: string(p.EventID), EventType: EventType(p.EventType), Cause: WebhookDeliveryCause(p.Cause),
		Status: WebhookDeliveryStatus(p.Status), Tries: p.Tries, CreatedAt: p.CreatedAt.UTC(), TriedAt: at(p.TriedAt),
	}
	if p.Status == otpcore.PostingWaiting {
		out.NextTryAt = at(p.DueAt)
	}
	if p.HTTPStatus != 0 {
		out.ResponseStatus = &p.HTTPStatus
	}
	if p.Failure != "" {
		out.Error = &WebhookError{Kind: WebhookErrorKind(p.Failure), Message: postFailures[p.Failure]}
	}
	if p.Tries > 0 {
		ms := int(p.Took.Milliseconds())
		out.DurationMs = &ms
	}
	return out
}

// postFailures are the sentences of the failures.
var postFailures = map[otpcore.PostFailure]string{
	otpcore.PostStatus:   "The receiver answered something other than 2xx.",
	otpcore.PostRedirect: "The receiver answered with a redirect, which is not followed. Give the address that it leads to.",
	otpcore.PostTimeout:  "No answer came in time. Answer first, and work on the event afterwards.",
	otpcore.PostAddress:  "The name cannot be found, or leads to an address that is not public.",
	otpcore.PostConnect:  "Nobody takes the connection, or it broke.",
	otpcore.PostTLS:      "The certificate is not one that browsers trust, or the connection is older than TLS 1.2.",
	otpcore.PostAnswer:   "What came back is no HTTP answer, or its head has no end.",
	otpcore.PostNoEvent:  "The event is no longer kept.",
	otpcore.PostUnsigned: "No key opens the signing secret. Rotate it.",
}
