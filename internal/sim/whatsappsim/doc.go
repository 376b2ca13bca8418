// Package whatsappsim is a WhatsApp for tests and demos: the server that an
// unmodified whatsmeow client talks to over a socket, and the people with
// phones around it.
//
//	wa := whatsappsim.New(whatsappsim.Options{})
//	defer wa.Close()
//	addr, err := wa.Listen()                  // 127.0.0.1:41234, see also TestServer
//	shop := wa.NewPhone(whatsappsim.PhoneOptions{Number: "77010000001", Name: "Shop"})
//	anna := wa.NewPhone(whatsappsim.PhoneOptions{Number: "77011234567", Name: "Anna"})
//
//	err = shop.Scan(ctx, qr)                  // links the device that shows the code
//	err = shop.TypeCode(ctx, "ABCD-EFGH")     // or the one that shows these letters
//	id, err := anna.OpenLink("https://wa.me/77010000001?text=...")
//	m, err := anna.WaitMessage(ctx, func(m whatsappsim.Message) bool { return m.From == shop.Number() })
//
// A client trusts the server once whatsmeow.WACertPubKey holds [Server.RootKey].
// That variable is global, so a process can talk to one simulator only; assign
// it before the first connection. The dialer of the client's HTTP clients leads
// to the simulator, in plain TCP, also where TLS is asked for.
//
// # The wire
//
// A websocket carries a stream of frames (socket.go). The client opens it with
// a Noise XX handshake (noise.go, handshake.go), in which the server proves
// itself by a chain of certificates up to its root (cert.go). From then on each
// frame is one enciphered stanza, binary XML in the library's own encoding.
//
// A client without an account is offered references for QR codes; a phone that
// scans one, or types a code, signs the device's identity, the device signs
// back and connects anew (pair.go, paircode.go). A linked device logs in by its
// Noise key (login.go), uploads prekeys (prekey.go), asks who is on WhatsApp and
// with which devices (usync.go) and fetches their keys.
//
// Messages are enciphered end to end by libsignal. The phones here hold their
// keys in memory (keystore.go, cipher.go): they decipher what arrives, show it,
// answer with receipts, or ask for it again (receive.go). What they write
// (write.go) waits at the server until the device acknowledges it, over as many
// logins as that takes (companion.go).
//
// # The site
//
// Clients read the present version of WhatsApp Web off its page; [Server.SetRevision]
// says which one that names.
//
// # Faults
//
// [Server.Fail] catches, by the Method of a rule:
//
//   - "login", Target the account: Status is the reason of the failure, such as
//     401, 402, 403, 405, 406 or 503. With 402 RetryAfter is the length of the
//     ban and Description its code. Delay holds the login up.
//   - "message", Target the recipient: Status is the error of the ack. Empty
//     swallows the message; with Processed it arrives and only the ack is lost.
//     Delay, AnswerDelay, DropBefore and DropAfter work as everywhere.
//   - "prekeys", Target the recipient: its keys cannot be fetched.
//   - "ack" and "receipt", Target the account: the device's word is not heard,
//     so that what it acknowledged comes again at the next login.
//
// Besides, a phone can be switched off, fail to decipher, unlink its devices,
// or belong to an account that may not write first (error 463); [Server.Cut]
// drops all connections, and a second login of a device replaces the first.
//
// # Where it differs from WhatsApp
//
//   - Groups, media, app state, history, passkeys and messages between two
//     linked devices of one account are not modelled.
//   - A number that is not on WhatsApp is refused with 463 as well; what the real
//     server answers there is not known.
//   - References of QR codes hold as long as their connection.
//   - Both ends use the library's binary XML and libsignal, so a fault in
//     either stays invisible. Whether WhatsApp itself accepts a client, only a
//     real phone can tell.
//
// The build tag nowhatsmeow leaves the simulator out.
package whatsappsim
