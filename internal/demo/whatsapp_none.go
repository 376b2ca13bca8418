//go:build nowhatsmeow

package demo

import "context"

var whatsAppTroubles []trouble

// whatsApp is what this build leaves out, and nil.
type whatsApp struct{}

func newWhatsApp(string) (*whatsApp, error) { return nil, nil }

func (*whatsApp) TestServer() string               { return "" }
func (*whatsApp) Close()                           {}
func (*whatsApp) install(*person)                  {}
func (*whatsApp) link(context.Context, shop) error { return nil }
func (*whatsApp) watch(context.Context, func())    {}
func (*whatsApp) write(*person, string) error      { return nil }
func (*whatsApp) chat(*person) []talkView          { return nil }
