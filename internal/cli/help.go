package cli

import (
	"embed"
	"errors"
	"io/fs"
	"strings"

	"github.com/alecthomas/kong"
)

// The texts of --help, one file for each command, as wide as a terminal always
// is. What a flag means stands beside the flag.
//
//go:embed help
var helpFiles embed.FS

// helpWidth is where lines wrap unless the terminal is narrower.
const helpWidth = 80

// helpText returns the text of a command: its path with "-" between words, or
// "otpravka" for the program itself. A command without one has its line only.
func helpText(command string) (string, error) {
	text, err := helpFiles.ReadFile("help/" + strings.ReplaceAll(command, " ", "-") + ".txt")
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// explain gives the command and those below it their texts.
func explain(path string, n *kong.Node) error {
	for _, child := range n.Children {
		below := strings.TrimSpace(path + " " + child.Name)
		text, err := helpText(below)
		if err != nil {
			return err
		}
		if text != "" {
			child.Detail = text
		}
		if err := explain(below, child); err != nil {
			return err
		}
	}
	return nil
}

// groups are the headings over the commands.
var groups = kong.Groups{
	"run":     "Try and run",
	"operate": "Operate",
	"develop": "Build an app on it",
	"more":    "More",
}
