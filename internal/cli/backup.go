package cli

import (
	"errors"
	"fmt"

	"otpravka/internal/app"
	"otpravka/storage"
)

type backupCommand struct {
	database
	masterKey
	File string `arg:"" placeholder:"FILE" help:"Where the copy goes; a file that is there is not overwritten."`
}

// Run copies the database, and says which key belongs to the copy.
func (c backupCommand) Run(env Env) error {
	if c.File == "-" {
		return errors.New("a backup goes to a file, not to standard output: it is checked before it gets its name")
	}
	made, err := app.Backup(env.Context, app.Config{
		DatabaseURL: c.DatabaseURL, MasterKey: c.MasterKey, MasterKeyFile: c.MasterKeyFile,
	}, c.File)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("is not in it: the copy opens with %s, of which you need a copy too, kept apart", made.Key)
	if made.KeyTrouble != nil {
		key = fmt.Sprintf("is not in it, and is missing: %v", made.KeyTrouble)
	}
	_, err = fmt.Fprintf(env.Out, "backup      %s, %d bytes, whole and checked\nmaster key  %s\n", made.Path, made.Bytes, key)
	return err
}

type restoreEpochCommand struct{ database }

// Run ends what a restored backup says is pending.
func (c restoreEpochCommand) Run(env Env) error {
	e, err := storage.BeginEpoch(env.Context, c.DatabaseURL)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.Out, "recovery epoch %d is in force; %d pending verifications end with the next start\n", e.Number, e.Ended)
	return err
}
