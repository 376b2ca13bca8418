package strictjson

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// field is a property's name, and the letters of it.
type field struct{ name, letters string }

func fieldsOf(names []string) []field {
	fields := make([]field, 0, len(names))
	for _, name := range names {
		fields = append(fields, field{name, letters(name)})
	}
	return fields
}

var bare = strings.NewReplacer("_", "", "-", "", ".", "", " ", "")

// letters leaves out what is a matter of taste: capitals and the signs between
// words.
func letters(name string) string { return bare.Replace(strings.ToLower(name)) }

// longestMeant is how long a name is compared with others.
const longestMeant = 40

// nearest is the field that a name was meant for, or empty: the one with the
// fewest letters wrong, if that is less than half of them and no more than three.
// A name that goes on after the field's, such as phone_number, is near.
func nearest(name string, fields []field) (meant string) {
	if len(name) > longestMeant {
		return ""
	}
	name = letters(name)
	fewest := min((len(name)+1)/2, 4)
	for _, f := range fields {
		if wrong := wrongLetters(name, f.letters, fewest); wrong < fewest {
			meant, fewest = f.name, wrong
		}
	}
	return meant
}

// wrongLetters counts up to most. As many letters are wrong at least as one name has
// more than the other.
func wrongLetters(name, field string, most int) int {
	switch more := len(name) - len(field); {
	case strings.HasPrefix(name, field):
		return min(more, max(most-1, 0))
	case max(more, -more) >= most:
		return most
	}
	return levenshtein.ComputeDistance(name, field)
}
