// Package smssim is an SMS provider for tests and demos: an HTTP endpoint that
// takes messages, the phones they arrive on, and the delivery reports that go
// back to the sender.
//
//	sms := smssim.New(smssim.Options{})
//	defer sms.Close()
//	base, err := sms.Listen()                    // POST base + "/send"
//	m, err := sms.WaitSMS(ctx, "+77011234567", smssim.HasCode())
//	fmt.Println(m.Code())
//
// A message is sent by POST or GET with the fields to, text, from, ref and
// callback in JSON, a form, multipart or the query; [Options] rename the path
// and the fields and change the answer. Accepted messages are answered
//
//	{"status":"accepted","id":"sms-1"}
//
// and reported to their callback address as
//
//	{"id":"sms-1","status":"delivered","to":"+77011234567","ref":"..."}
//
// Bad days come from [Server.Fail]. "HTTP 200 with an error in the body":
//
//	sms.Fail(fault.Rule{Target: "+77011234567", Times: fault.Always,
//		Body: `{"error_code":7}`, ContentType: "application/json"})
package smssim
