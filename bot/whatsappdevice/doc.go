// Package whatsappdevice sends and hears through a WhatsApp account of the
// business's own, as one of its linked devices (the protocol of WhatsApp Web, by
// go.mau.fi/whatsmeow). It is experimental: WhatsApp's terms allow no such
// clients, and a number can be banned for it.
//
// A linked device may not write to strangers: WhatsApp refuses that with error
// 463, more often with each try. So the customer writes first, by a wa.me link
// with a token in its text, which proves the number and opens the chat; and the
// device is silent to everybody else, since it is the shop's own phone.
//
//   - connector.go is one device under the fleet's supervision, session.go one
//     connection of it, client.go how that is made;
//   - pairing.go links a device to a phone, by QR code or by letters to type;
//   - hear.go turns what people write into input, and what became of messages into
//     receipts; sender.go sends, pace.go and contacts.go say when not to;
//   - keys.go, devices.go and sent.go keep what a device is, in a database of
//     their own: the library migrates its tables there, and ours are not touched.
//
// The messages that went out are kept sealed until they have arrived, at most for
// as long as a code lives: a phone that cannot decipher one asks for it again.
//
// The build tag nowhatsmeow leaves all of it out.
package whatsappdevice
