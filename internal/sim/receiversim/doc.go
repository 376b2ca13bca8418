// Package receiversim is a merchant's receiver of events for tests and demos:
// an HTTP endpoint that checks the signature of each event, as the Standard
// Webhooks ask, and keeps what it got.
//
//	shop := receiversim.New(receiversim.Options{})
//	defer shop.Close()
//	base, err := shop.Listen()                     // POST base + "/hooks"
//	shop.Trust("whsec_…")
//	e, err := shop.WaitEvent(ctx, receiversim.OfType("verification.approved"))
//
// A good event is answered 204, one without a good signature 401. Bad days come
// from [Server.Fail]; the Method of a rule is the event's type:
//
//	shop.Fail(fault.Rule{Times: fault.Always, Status: 500})
//	shop.Fail(fault.Rule{Method: "verification.approved", Drop: fault.DropAfter})
package receiversim
