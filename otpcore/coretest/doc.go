// Package coretest stands in for the rooms around otpcore in tests: a vault,
// carriers with senders that record, a renderer, a phone parser. It also holds
// the contract that every real otpcore.Sender passes, in TestSender.
//
// Nothing here sleeps or starts a goroutine, so all of it works inside a
// testing/synctest bubble; make the fakes inside the bubble, because they wait
// on channels.
package coretest
