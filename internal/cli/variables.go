package cli

import (
	"github.com/alecthomas/kong"

	"otpravka/internal/app"
)

// variables are those that flags are read from, taken from the flags themselves.
func variables(parsed *kong.Context) (read app.Variables) {
	for _, command := range parsed.Model.Leaves(false) { // hidden ones, too
		for _, f := range command.Flags {
			if command == parsed.Selected() {
				read.Own = append(read.Own, f.Envs...)
			} else {
				read.Others = append(read.Others, f.Envs...)
			}
		}
	}
	return read
}
