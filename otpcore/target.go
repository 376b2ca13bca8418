package otpcore

import "strings"

// target is where a message to a chat goes, and in which language. The two are
// sealed as one text, "address language": no chat network has spaces in its
// addresses.
type target struct {
	address  string
	language string // chosen by the person; empty: as the verification says
}

func (t target) String() string {
	if t.language == "" {
		return t.address
	}
	return t.address + " " + t.language
}

func readTarget(text []byte) target {
	address, language, _ := strings.Cut(string(text), " ")
	return target{address, language}
}
