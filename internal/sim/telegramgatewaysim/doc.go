// Package telegramgatewaysim is the Telegram Gateway for tests and demos: the
// HTTP API at which an account sends codes to phone numbers, the phones that
// get them, and the signed reports that go back to the sender.
//
//	gw := telegramgatewaysim.New(telegramgatewaysim.Options{})
//	defer gw.Close()
//	base, err := gw.Listen()
//	gw.AddAccount("AAEV...", 1.00)                  // token and balance in dollars
//	m, err := gw.WaitMessage(ctx, "+77011234567")
//	gw.Report(ctx, m.RequestID, "delivered")
//
// Every number is on Telegram unless [Server.Leave] says otherwise. A message
// costs a cent at once, which comes back when it expires undelivered. Reports
// are posted by [Server.Report], or by themselves as [Options] say; time passes
// for nobody here, so a message expires when it is reported to.
package telegramgatewaysim
