// Package sms sends text messages through any provider with an HTTP interface.
// A provider is a declaration in the configuration file: how to ask it, how to
// tell its yes from its no, where its answer holds the message id, and how its
// delivery reports read. No provider has code of its own.
//
// A declaration is checked when the file is read, down to every template
// variable and path, so that a mistake is one error with its line and not a
// lost code. At run time a [Gateway] picks the first provider that reaches the
// phone, and the domain decides what follows a refusal.
package sms
