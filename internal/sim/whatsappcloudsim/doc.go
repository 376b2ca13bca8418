// Package whatsappcloudsim is a WhatsApp Business Cloud API for tests: it answers
// the calls of the Graph API that a sender of codes makes, checks what Meta
// documents about them, and posts signed reports and messages to the address that
// an account's owner has entered. Faults make it answer badly.
//
// A fault's method is the last part of a call's path (messages,
// message_templates, phone_numbers, subscribed_apps, or number for that itself),
// its target a phone number, and a description of digits is Meta's error code.
package whatsappcloudsim
