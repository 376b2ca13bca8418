package api

import (
	"context"

	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

// StartVerification starts a verification.
func (h *Handlers) StartVerification(ctx context.Context, r StartVerificationRequestObject) (StartVerificationResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	b := r.Body
	started, err := h.Verifications.Start(ctx, clientOf(ctx).caller, otpcore.StartRequest{
		Phone: b.Phone, Country: given(b.Country), Channels: convert[otpcore.Channel](given(b.Channels)),
		WhenUnlinked: otpcore.WhenUnlinked(given(b.WhenUnlinked)), FallbackAfter: seconds(b.FallbackAfter),
		FallbackOn: otpcore.FallbackOn(given(b.FallbackOn)), TTL: seconds(b.TTL), CodeLength: b.CodeLength,
		Code: given(b.Code), Locale: given(b.Locale), Template: given(b.Template),
		Params: params(b.Params), Context: params(given(b.Context)),
		OrderID: given(b.OrderID), ClientIP: given(b.ClientIP), Metadata: given(b.Metadata), ReturnURL: given(b.ReturnURL),
		Idempotency: key,
	})
	if err != nil {
		return nil, err
	}
	failpoint.Hit(failpoint.Started)
	return StartVerification201JSONResponse(h.started(started)), nil
}

// CheckVerification checks a code.
func (h *Handlers) CheckVerification(ctx context.Context, r CheckVerificationRequestObject) (CheckVerificationResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	result, err := h.Verifications.Check(ctx, clientOf(ctx).caller, otpcore.ID(r.ID), r.Body.Code, params(given(r.Body.Context)), key)
	if err != nil {
		return nil, err
	}
	failpoint.Hit(failpoint.Checked)
	return CheckVerification200JSONResponse{
		ID: r.ID, Valid: result.Valid, Status: VerificationStatus(result.Status),
		Reason: some[CheckResultReason](result.Reason), AttemptsLeft: result.AttemptsLeft,
		ApprovedAt: at(result.ApprovedAt), Channel: some[Channel](result.Channel),
	}, nil
}

// ResendVerification sends the code again.
func (h *Handlers) ResendVerification(ctx context.Context, r ResendVerificationRequestObject) (ResendVerificationResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	var channel otpcore.Channel
	if r.Body != nil {
		channel = otpcore.Channel(given(r.Body.Channel))
	}
	c, err := h.Verifications.Resend(ctx, clientOf(ctx).caller, otpcore.ID(r.ID), channel, key)
	if err != nil {
		return nil, err
	}
	failpoint.Hit(failpoint.Resent)
	v, err := h.changed(c)
	return ResendVerification200JSONResponse(v), err
}

// CancelVerification cancels a pending verification.
func (h *Handlers) CancelVerification(ctx context.Context, r CancelVerificationRequestObject) (CancelVerificationResponseObject, error) {
	key, err := h.idempotency(r.Params.IdempotencyKey, nil)
	if err != nil {
		return nil, err
	}
	c, err := h.Verifications.Cancel(ctx, clientOf(ctx).caller, otpcore.ID(r.ID), key)
	if err != nil {
		return nil, err
	}
	failpoint.Hit(failpoint.Canceled)
	v, err := h.changed(c)
	return CancelVerification200JSONResponse(v), err
}

// GetVerification shows a verification with its deliveries and its timeline.
func (h *Handlers) GetVerification(ctx context.Context, r GetVerificationRequestObject) (GetVerificationResponseObject, error) {
	view, err := h.Verifications.Get(ctx, clientOf(ctx).caller, otpcore.ID(r.ID))
	if err != nil {
		return nil, err
	}
	return GetVerification200JSONResponse(h.viewed(view)), nil
}

// SearchVerifications lists a phone's verifications, newest first.
func (h *Handlers) SearchVerifications(ctx context.Context, r SearchVerificationsRequestObject) (SearchVerificationsResponseObject, error) {
	by := clientOf(ctx).caller
	before, err := h.readCursor(by, given(r.Body.Cursor))
	if err != nil {
		return nil, err
	}
	length := lengthOf(r.Body.Limit)
	found, phone, err := h.Verifications.Search(ctx, by, r.Body.Phone, given(r.Body.Country), before, length+1)
	if err != nil {
		return nil, err
	}
	page := SearchVerifications200JSONResponse{Items: []Verification{}}
	found, page.NextCursor = cut(h, by, found, length, func(v *otpcore.Verification) otpcore.ID { return v.ID })
	for _, v := range found {
		page.Items = append(page.Items, h.verification(v, phone, h.Verifications.Now()))
	}
	return page, nil
}
