package strictjson

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// longestMeant is how long a name is compared with others.
const longestMeant = 40

// nearest is the field that a name was meant for, or empty: the one with the
// fewest letters wrong, if that is less than half of them and no more than three.
// Capitals and the signs between words are a matter of taste, and a name that goes
// on after the field's, such as phone_number, is near.
func nearest(name string, fields []string) (meant string) {
	if len(name) > longestMeant {
		return ""
	}
	name = letters(name)
	fewest := min((len(name)+1)/2, 4)
	for _, field := range fields {
		plain := letters(field)
		wrong := levenshtein.ComputeDistance(name, plain)
		if strings.HasPrefix(name, plain) {
			wrong = min(wrong, fewest-1)
		}
		if wrong < fewest {
			meant, fewest = field, wrong
		}
	}
	return meant
}

var bare = strings.NewReplacer("_", "", "-", "", ".", "", " ", "")

func letters(name string) string { return bare.Replace(strings.ToLower(name)) }
