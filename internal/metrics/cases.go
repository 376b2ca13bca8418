package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"otpravka/otpcore"
)

// cases counts what committed cases tell.
type cases struct {
	started    *prometheus.CounterVec
	ended      *prometheus.CounterVec
	approved   *prometheus.HistogramVec
	checks     *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	retries    *prometheus.CounterVec
	passed     *prometheus.CounterVec
	fallbacks  *prometheus.CounterVec
	sent       *prometheus.HistogramVec
	cost       *prometheus.CounterVec
}

func newCases() cases {
	return cases{
		started: counter("otpravka_verifications_started_total",
			"Verifications that began. The mode is live, or test for those of test keys, which send nothing.",
			"mode", "kind"),
		ended: counter("otpravka_verifications_ended_total",
			"Verifications that ended, by status (approved, canceled, expired, failed) and by the reason that the API shows.",
			"mode", "status", "end_reason"),
		approved: histogram("otpravka_verification_approved_seconds",
			"From the start of a verification to its approval, by the channel that had brought the code last.",
			[]float64{5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600}, "mode", "channel"),
		checks: counter("otpravka_checks_total",
			"Answered checks by their result: approved, or the reason that the API shows.",
			"mode", "result"),
		deliveries: counter("otpravka_deliveries_total",
			"Messages by the state that they reached; one message reaches several. The kind is code, edit (of a message sent before) or reply (of a bot). The class says why one failed.",
			"mode", "kind", "channel", "status", "class"),
		retries: counter("otpravka_delivery_retries_total",
			"Calls to a provider that are made again for the same message, by the class of the error before.",
			"mode", "channel", "class"),
		passed: counter("otpravka_channels_passed_over_total",
			"Channels of a route that could not carry a code and were left out, by reason: no_link is a phone that nobody has linked.",
			"mode", "channel", "reason"),
		fallbacks: counter("otpravka_fallbacks_total",
			"Codes that went on to this channel, because the one before failed (undeliverable) or the user did not confirm in time (timeout).",
			"mode", "channel", "cause"),
		sent: histogram("otpravka_delivery_sent_seconds",
			"From the start of a verification to the moment that the provider took the message. The wait of a fallback is part of it; resent codes are not counted.",
			[]float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 45, 60, 90, 180, 600}, "mode", "channel"),
		cost: counter("otpravka_send_cost_total",
			"What providers charged for messages they took, in units of the currency. Only providers that tell or declare a price are in it.",
			"mode", "channel", "currency"),
	}
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
}

func (s *cases) all() []prometheus.Collector {
	return []prometheus.Collector{
		s.started, s.ended, s.approved, s.checks, s.deliveries, s.retries, s.passed, s.fallbacks, s.sent, s.cost,
	}
}

// Committed counts what a committed case tells. It never blocks.
func (m *Metrics) Committed(c *otpcore.Case) {
	ch := c.Changes()
	for i := range ch.Events {
		m.cases.event(c, &ch.Events[i])
	}
	for _, list := range [][]*otpcore.Delivery{ch.NewDeliveries, ch.Deliveries} {
		for _, d := range list {
			m.cases.aside(d)
		}
	}
}

// Checked counts an answered check.
func (m *Metrics) Checked(mode otpcore.Mode, r otpcore.CheckResult) {
	result := string(r.Reason)
	if r.Valid {
		result = "approved"
	}
	m.cases.checks.WithLabelValues(string(mode), result).Inc()
}

func (s *cases) event(c *otpcore.Case, e *otpcore.Event) {
	mode, channel, v, d := string(e.Mode), e.Data["channel"], c.Verification, c.Delivery(e.DeliveryID)
	if d != nil && tellsThatItLeft(e, d) {
		s.left(v, d)
	}
	if v == nil || d != nil && d.Kind != otpcore.DeliverCode {
		return // news of an order, which may have a code beside it
	}
	switch e.Type {
	case otpcore.EventVerificationStarted:
		s.started.WithLabelValues(mode, string(v.Kind)).Inc()
	case otpcore.EventVerificationApproved:
		s.approved.WithLabelValues(mode, string(v.Channel)).Observe(v.EndedAt.Sub(v.CreatedAt).Seconds())
		s.end(mode, v)
	case otpcore.EventVerificationCanceled, otpcore.EventVerificationExpired,
		otpcore.EventVerificationFailed, otpcore.EventVerificationReported:
		s.end(mode, v)
	case otpcore.NoteDeliveryRetry:
		s.retries.WithLabelValues(mode, channel, e.Data["class"]).Inc()
	case otpcore.NoteDeliveryQueued:
		if cause := otpcore.Cause(e.Data["cause"]); cause == otpcore.CauseUndeliverable || cause == otpcore.CauseTimeout {
			s.fallbacks.WithLabelValues(mode, channel, string(cause)).Inc()
		}
	case otpcore.NoteDeliverySkipped:
		if e.DeliveryID == "" {
			s.passed.WithLabelValues(mode, channel, e.Data["reason"]).Inc()
			return
		}
	}
	if state, ok := states[e.Type]; ok {
		s.deliveries.WithLabelValues(mode, string(otpcore.DeliverCode), channel, string(state), e.Data["class"]).Inc()
	}
}

func (s *cases) end(mode string, v *otpcore.Verification) {
	s.ended.WithLabelValues(mode, string(v.Status), string(v.EndReason)).Inc()
}

// states are the events that tell how far the message with a code came.
var states = map[otpcore.EventType]otpcore.DeliveryStatus{
	otpcore.NoteDeliveryWaiting:    otpcore.WaitingLink,
	otpcore.NoteDeliverySkipped:    otpcore.Skipped,
	otpcore.NoteDeliveryUnknown:    otpcore.Unknown,
	otpcore.EventDeliverySent:      otpcore.Sent,
	otpcore.EventDeliveryDelivered: otpcore.Delivered,
	otpcore.EventDeliveryRead:      otpcore.Read,
	otpcore.EventDeliveryFailed:    otpcore.FailedDlv,
}

// tellsThatItLeft reports whether the event is the first word of a message's
// leaving: the provider's answer, or a receipt that was faster.
func tellsThatItLeft(e *otpcore.Event, d *otpcore.Delivery) bool {
	switch e.Type {
	case otpcore.EventDeliverySent:
		return true
	case otpcore.EventDeliveryDelivered:
		return d.SentAt.Equal(d.DeliveredAt)
	case otpcore.EventDeliveryRead:
		return d.SentAt.Equal(d.ReadAt)
	}
	return false
}

// left notes the price of a message, and of one with a code how long it took to
// leave.
func (s *cases) left(v *otpcore.Verification, d *otpcore.Delivery) {
	mode, channel := string(d.Mode), string(d.Channel)
	if d.Kind == otpcore.DeliverCode && d.Cause != otpcore.CauseResend {
		s.sent.WithLabelValues(mode, channel).Observe(since(v.CreatedAt, d.SentAt).Seconds())
	}
	if price, err := strconv.ParseFloat(d.Cost.Amount, 64); err == nil && price > 0 {
		s.cost.WithLabelValues(mode, channel, d.Cost.Currency).Add(price)
	}
}

// since is not negative: a provider's own time may lie before ours.
func since(from, to time.Time) time.Duration { return max(0, to.Sub(from)) }

// aside counts edits and replies, which have no events, by their last state.
func (s *cases) aside(d *otpcore.Delivery) {
	if d.Kind == otpcore.DeliverCode {
		return
	}
	class := ""
	switch d.Status {
	case otpcore.Sent, otpcore.Skipped, otpcore.Unknown:
	case otpcore.FailedDlv:
		class = string(d.Error.Class)
	default:
		return
	}
	s.deliveries.WithLabelValues(string(d.Mode), string(d.Kind), string(d.Channel), string(d.Status), class).Inc()
}
