package templates

import "otpravka/otpcore"

// ending is what follows the words of an SMS, for the phone and not for its
// owner.
type ending struct {
	text  string
	bytes int // that the whole message may take; 0: any number
}

// hashedBytes bounds a message that an Android app reads (SMS Retriever API,
// "Construct a verification message"): the phone passes a longer one over.
const hashedBytes = 140

// endings lists the lines to add, the fullest first. The line that binds a code
// to a host stands last, where browsers look for it (Origin-bound one-time codes
// delivered via SMS, section 4), and never goes: it keeps the code off other
// pages. The hash of an app goes where it would do nothing.
func endings(in otpcore.CodeText) []ending {
	bound := ending{}
	if in.Origin != "" {
		bound.text = "\n@" + in.Origin + " #" + in.Code.Reveal()
	}
	if in.AppHash == "" {
		return []ending{bound}
	}
	return []ending{{text: "\n" + in.AppHash + bound.text, bytes: hashedBytes}, bound}
}

// fitting fills the first variant that has all its values and fits with its
// ending into the given number of segments, else the one that takes the fewest
// with the last ending.
func fitting(variants []text, values map[string]string, endings []ending, segments int) string {
	var best string
	fewest := 0
	for _, end := range endings {
		for _, v := range variants {
			if v.missing(values) != "" {
				continue
			}
			filled := v.fill(values) + end.text
			n := Segments(filled)
			if n <= segments && (end.bytes == 0 || len(filled) <= end.bytes) {
				return filled
			}
			if end.bytes == 0 && (fewest == 0 || n < fewest) {
				best, fewest = filled, n
			}
		}
	}
	return best
}
