// Package demo lets somebody see Otpravka at work on one machine: a simulated
// Telegram, a simulated WhatsApp, a simulated SMS provider, and between them the
// real server, which is told nothing about it but their addresses.
//
// [Page] serves a shop and phones in the browser; [Script] plays a whole story
// by itself and prints it.
package demo
