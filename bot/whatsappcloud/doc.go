// Package whatsappcloud sends and hears through the WhatsApp Business Cloud API
// (https://developers.facebook.com/docs/whatsapp/cloud-api). One bot is one phone
// number there.
//
// A number that nobody linked gets a code as an authentication template, whose
// text is Meta's own and has to be approved first; the package makes the
// templates, reads what became of them, and reaches nobody so before one is
// approved. Into a chat whose person has written within the last 24 h any text may
// go, and after that news of an order in a template for it. Meta bills by the message
// that was delivered.
//
// What happens to messages, and what people write, comes as a post that is signed
// with the app's secret. Nothing of a post is looked at before the signature holds.
package whatsappcloud
