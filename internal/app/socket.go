package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"os"
	"path/filepath"

	"otpravka/internal/app/admin"
	"otpravka/storage"
)

// adminPath is where the operator's commands reach the server of a database:
// beside the file of SQLite. PostgreSQL has no file here, so the socket lies
// with the master key, which server and commands both need, under a name made
// of the database's. Empty: there is no such place.
func adminPath(cfg Config) (string, error) {
	name, err := storage.Name(cfg.DatabaseURL)
	if err != nil || !storage.IsPostgres(cfg.DatabaseURL) {
		return admin.SocketPath(name), err
	}
	key, err := keyFile(cfg)
	if err != nil { // the key is a variable, and a user without a home has no place for a socket
		return "", nil
	}
	sum := sha256.Sum256([]byte(name))
	return admin.SocketPath(filepath.Join(filepath.Dir(key), hex.EncodeToString(sum[:6]))), nil
}

// listenAdmin opens the admin socket. A server of PostgreSQL may run where no
// file can be made, and works without one: its commands then cannot reach it.
func (h *house) listenAdmin() (net.Listener, error) {
	if !storage.IsPostgres(h.cfg.DatabaseURL) {
		return admin.Listen(h.adminPath)
	}
	ln, err := listenApart(h.adminPath)
	if err != nil {
		h.cfg.Log.Warn("no admin socket: stop the server for commands like business create", "error", err)
		return nil, nil
	}
	return ln, nil
}

func listenApart(path string) (net.Listener, error) {
	if path == "" {
		return nil, errors.New("no directory for it: set OTPRAVKA_MASTER_KEY_FILE, or HOME")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return admin.Listen(path)
}

// serveAdmin answers on the socket, if there is one, until ctx ends.
func (h *house) serveAdmin(ctx context.Context, socket net.Listener) error {
	if socket == nil {
		<-ctx.Done()
		return nil
	}
	return h.admin.Serve(ctx, socket)
}
