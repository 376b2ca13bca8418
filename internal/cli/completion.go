package cli

import (
	"cmp"
	"embed"
	"strings"
	"text/template"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// The scripts hold the names of all commands and flags, so that completing
// starts no process.
//
//go:embed completion
var completionFiles embed.FS

var completionScripts = template.Must(template.New("").Funcs(template.FuncMap{
	"quote": func(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" },
	"join":  func(words []string) string { return strings.Join(words, " ") },
}).ParseFS(completionFiles, "completion/*.tmpl"))

// Run prints the script for the shell.
func (c completionCommand) Run(env Env, parsed *kong.Context) error {
	return completionScripts.ExecuteTemplate(env.Out, c.Shell+".tmpl", describe("", parsed.Model.Node))
}

// described is a command as the scripts know it.
type described struct {
	Path     string // "business create"; empty for the program itself
	Help     string
	Commands []described
	Flags    []describedFlag
	Words    []string // what the argument may be, where it is one of few
	TakesArg bool
}

type describedFlag struct {
	Name, Help string
	Value      bool     // it takes one
	Words      []string // what the value may be, where it is one of few
}

// describe reads the command and those below it. Hidden ones stay hidden.
func describe(path string, n *kong.Node) described {
	d := described{Path: path, Help: firstSentence(n.Help)}
	for _, f := range n.Flags {
		if !f.Hidden {
			d.Flags = append(d.Flags, describedFlag{f.Name, firstSentence(f.Help), !f.IsBool(), choices(f.Value)})
		}
	}
	if path != "" {
		d.Flags = append([]describedFlag{{Name: "help", Help: "Show how the command is used."}}, d.Flags...)
	}
	for _, arg := range n.Positional {
		d.TakesArg, d.Words = true, append(d.Words, choices(arg)...)
	}
	for _, child := range n.Children {
		if !child.Hidden {
			d.Commands = append(d.Commands, describe(strings.TrimSpace(path+" "+child.Name), child))
		}
	}
	return d
}

func choices(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	return v.EnumSlice()
}

// firstSentence keeps descriptions to one line of a terminal.
func firstSentence(help string) string {
	first, _, _ := strings.Cut(help, ". ")
	first, _, _ = strings.Cut(first, " (")
	return strings.TrimSuffix(cmp.Or(first, help), ".")
}

// Name is the last word of the path.
func (d described) Name() string { return d.Path[strings.LastIndexByte(d.Path, ' ')+1:] }

// All lists the command and everything below it.
func (d described) All() []described {
	all := []described{d}
	for _, c := range d.Commands {
		all = append(all, c.All()...)
	}
	return all
}

// Next is what may follow: commands, or words of the argument, and flags.
func (d described) Next() []string {
	var next []string
	for _, c := range d.Commands {
		next = append(next, c.Name())
	}
	next = append(next, d.Words...)
	for _, f := range d.Flags {
		next = append(next, "--"+f.Name)
	}
	return next
}

// Valued lists the flags whose value may be anything.
func (d described) Valued() []string {
	var names []string
	for _, f := range d.Flags {
		if f.Value && f.Words == nil {
			names = append(names, f.Name)
		}
	}
	return names
}
