//go:build nowhatsmeow

package cli_test

type whatsAppScene struct{}

func (*reader) setWhatsApp() {}

// A build without linked devices cannot do what this document tells of.
func init() { left["docs/whatsapp-device.md"] = "this build has no linked devices" }
