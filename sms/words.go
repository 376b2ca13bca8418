package sms

import "regexp"

// The yaml library names tokens of its grammar and types of this program. Whoever
// writes the file knows neither, and reads here what to write instead. A value
// that does not fit is not repeated, because it may be a secret. The whole file is
// our Config, or the File of whoever reads more than that from it.
var wordings = []struct {
	said  *regexp.Regexp
	meant string
}{
	{regexp.MustCompile(`^mapping key (".*") already defined at line (\d+)$`), `field $1 stands in line $2 already: keep one of them`},
	{regexp.MustCompile(`^cannot construct .* into \[\].*$`), "a list is wanted here: a line with - for each, or [one, two]"},
	{regexp.MustCompile(`^cannot construct .* into sms\.statusSet$`), "a list is wanted here, like [200]"},
	{regexp.MustCompile(`^cannot construct .* into time\.Duration$`), "a time is wanted here, like 5s"},
	{regexp.MustCompile(`^cannot construct .* into string$`), "a text is wanted here"},
	{regexp.MustCompile(`^cannot construct .* into (?:sms\.Config|app\.File)$`), "the file begins with sms_providers: and a list below it"},
	{regexp.MustCompile(`^cannot construct .*$`), "fields are wanted here: a line for each, with its name, a colon, a space and the value"},
	{regexp.MustCompile(`^found (a tab character|character that cannot start any token).*$`), "indent with spaces and not with tabs, and put quotes around a text that begins with @, % or `"},
	{regexp.MustCompile(`^did not find expected ('-' indicator|key)$`), "the indentation does not fit the lines above: what belongs together begins in the same column"},
	{regexp.MustCompile(`^did not find expected ',' or '(.)'$`), "a comma or the closing $1 is missing"},
	{regexp.MustCompile(`^found unexpected end of stream$`), "a quotation mark is not closed"},
	{regexp.MustCompile(`^mapping values are not allowed in this context$`), "a colon stands where none can: write a space after the colon of a name, and quotes around a text with a colon"},
}

// inWords says what to do about a message of the yaml library. One that is
// not listed, as those of the declarations are not, stays as it is.
func inWords(message string) string {
	for _, w := range wordings {
		if w.said.MatchString(message) {
			return w.said.ReplaceAllString(message, w.meant)
		}
	}
	return message
}
