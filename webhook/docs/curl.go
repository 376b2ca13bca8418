package docs

import "strings"

// curl is the operation as a command line, ready to paste but for the key.
func (r *reader) curl(op operation, parameters []node) string {
	path := op.Path
	var headers []string
	if op.Scope != "" {
		headers = append(headers, `-H "Authorization: Bearer $OTPRAVKA_KEY"`)
	}
	for _, p := range parameters {
		name, value := p.at("name").text(), p.at("example").text()
		switch p.at("in").text() {
		case "path":
			path = strings.ReplaceAll(path, "{"+name+"}", value)
		case "header":
			headers = append(headers, "-H "+quote(name+": "+value))
		}
	}
	call := "curl "
	if op.Method != "GET" && (op.Method != "POST" || len(op.Requests) == 0) {
		call += "-X " + op.Method + " " // --json implies POST
	}
	lines := append([]string{call + quote(r.base+path)}, headers...)
	if len(op.Requests) > 0 {
		lines = append(lines, "--json "+quote(op.Requests[0].JSON))
	}
	return strings.Join(lines, " \\\n  ")
}

// quote makes one word of text for a POSIX shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
