// Package sim is the home of simulators that speak the real wire of the
// services around us over real HTTP, so that tests, the demo and a benchmark
// run the same code path as production and need no network.
//
// The rooms:
//
//   - telegramsim: Telegram's Bot API together with the people and their phones.
//   - telegramgatewaysim: Telegram's delivery of codes to numbers, with signed reports.
//   - whatsappsim: WhatsApp's server, as linked devices see it, and the phones around it.
//   - smssim: an SMS provider with inboxes and delivery reports.
//   - fault: broken answers, shared by all simulators.
//   - calls: the log of requests that a simulator received.
//   - fields: reading a request's fields in any encoding.
//   - feed: waiting for a change without sleeping.
//   - loopback: listening, and closing without leaving goroutines behind.
//
// Nothing here imports another room of this repository.
package sim
