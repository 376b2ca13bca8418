// Package telegramgateway delivers codes through the Telegram Gateway
// (https://core.telegram.org/gateway): Telegram itself writes a code to a phone
// number, into the chat "Verification Codes", for money. No bot and no link is
// needed, so it reaches phones that nobody has linked yet.
//
// The text is Telegram's own and holds the code only. What happens to a message
// comes back as a signed report. A message is taken back when its verification
// ends, unless somebody has read it.
//
// Whether a number is on Telegram is never asked: that would cost the account
// (section 6.1 of the terms). A number that is not there refuses the send.
package telegramgateway
