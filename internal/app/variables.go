package app

import (
	"os"
	"regexp"
	"slices"
	"strings"

	"otpravka/internal/failpoint"
	"otpravka/internal/spelling"
)

// Variables are the names of the variables that this program reads. A setting under
// any other name leaves its default in force, a new database for example, and
// nobody would hear of it. Zero: nobody asks after other names.
type Variables struct {
	Own    []string // by the command that runs: one of them is meant by a misspelt name
	Others []string // by other commands
}

const (
	ourPrefix  = "OTPRAVKA_"
	testPrefix = "OTPRAVKA_TEST_" // of what tests read, in the environment that their servers get too
)

// unread is a variable that looks like a setting and that nothing reads.
type unread struct{ name, meant string } // meant is empty where no name is near

// unread finds them in the environment, by their names only: values may be secrets.
func (c *Config) unread() (found []unread) {
	if c.Variables.Own == nil {
		return nil
	}
	known := slices.Concat(c.Variables.Own, c.Variables.Others, c.fromFile, failpoint.Variables)
	var settings []string
	for _, name := range c.Variables.Own {
		settings = append(settings, strings.TrimPrefix(name, ourPrefix))
	}
	near := spelling.Of(settings)
	for _, name := range ourVariables() {
		if slices.Contains(known, name) {
			continue
		}
		v := unread{name: name}
		if meant := near.Nearest(strings.TrimPrefix(name, ourPrefix)); meant != "" {
			v.meant = ourPrefix + meant
		}
		found = append(found, v)
	}
	return found
}

// ourVariables are the names in the environment that somebody may have meant for
// this program, in the order of the alphabet.
func ourVariables() []string {
	var names, services []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, ourPrefix) || strings.HasPrefix(name, testPrefix) {
			continue
		}
		names = append(names, name)
		if service, found := strings.CutSuffix(name, "_SERVICE_HOST"); found {
			services = append(services, service)
		}
	}
	slices.Sort(names)
	// Kubernetes tells every pod of the services around it, by the service's own name.
	return slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(services, func(service string) bool {
			return strings.HasPrefix(name, service+"_SERVICE_") || name == service+"_PORT" || strings.HasPrefix(name, service+"_PORT_")
		})
	})
}

// tellUnread warns of them, one line each.
func (c *Config) tellUnread() {
	for _, v := range c.unread() {
		fields := []any{"variable", v.name}
		if v.meant != "" {
			fields = append(fields, "meant", v.meant)
		}
		c.Log.Warn("nothing reads this variable: correct its name, or unset it", fields...)
	}
}

var reference = regexp.MustCompile(`\benv:(` + ourPrefix + `\w+)`)

// referredTo lists our variables that the YAML file takes secrets from. It goes by
// the text, so that none is missed, wherever the file may refer to one.
func referredTo(yaml []byte) (names []string) {
	for _, m := range reference.FindAllSubmatch(yaml, -1) {
		names = append(names, string(m[1]))
	}
	return names
}
