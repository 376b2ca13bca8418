// Package telegram connects Telegram bots: it hears updates by long polling,
// decides which shared contacts prove a number, and sends and edits messages.
//
// Requests are made by go-telegram-bot-api, one MakeRequest at a time. Its
// polling, its typed updates and its own HTTP client stay unused: they know no
// context, show tokens in errors, and stop for ever on one update that they
// cannot decode.
package telegram
