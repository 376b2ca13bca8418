// Package bot keeps the connectors to chat networks running and leads the
// linking conversation that they all share.
//
// A connector (bot/telegram and its siblings) speaks one network's protocol. It
// turns what people write into an Inbound, and the Conversation answers it:
// once per update, in one transaction, with replies that leave through the
// outbox like every other message. The Fleet is the supervisor: each bot runs
// in a goroutine of its own, behind panic recovery and backoff, and one that
// falls touches no other.
package bot
