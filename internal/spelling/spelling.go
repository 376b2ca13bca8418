// Package spelling finds which of the names that there are a misspelt one was meant
// for.
package spelling

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Names are those that there are.
type Names []name

type name struct{ whole, letters string }

// Of makes the names ready to be compared.
func Of(all []string) Names {
	names := make(Names, 0, len(all))
	for _, whole := range all {
		names = append(names, name{whole, letters(whole)})
	}
	return names
}

var bare = strings.NewReplacer("_", "", "-", "", ".", "", " ", "")

// letters leaves out what is a matter of taste: capitals and the signs between
// words.
func letters(name string) string { return bare.Replace(strings.ToLower(name)) }

// longestMeant is how long a name is compared with others.
const longestMeant = 40

// Nearest is the name that the given one was meant for, or empty: the one with the
// fewest letters wrong, if that is less than half of them and no more than three.
// A name that goes on after another, such as phone_number after phone, is near.
func (n Names) Nearest(given string) (meant string) {
	if len(given) > longestMeant {
		return ""
	}
	given = letters(given)
	fewest := min((len(given)+1)/2, 4)
	for _, known := range n {
		if wrong := wrongLetters(given, known.letters, fewest); wrong < fewest {
			meant, fewest = known.whole, wrong
		}
	}
	return meant
}

// wrongLetters counts up to most. As many letters are wrong at least as one name has
// more than the other.
func wrongLetters(given, known string, most int) int {
	switch more := len(given) - len(known); {
	case strings.HasPrefix(given, known):
		return min(more, max(most-1, 0))
	case max(more, -more) >= most:
		return most
	}
	return levenshtein.ComputeDistance(given, known)
}
