package phone

import (
	"regexp"
	"slices"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// plan is what the numbering plan of a region says about mobile numbers. The
// library puts every pattern together anew to find it compiled, which costs more
// than to match it.
type plan struct {
	whole, mobile form
	others        []form // the library asks for these types before it asks for mobiles
}

// form is what the numbers of a type look like.
type form struct {
	lengths []int32 // none: any
	pattern *regexp.Regexp
}

// plans are read out of the library's own, and compiled when they are needed
// first. Calling codes of no country are not among them.
var plans = sync.OnceValue(func() map[string]func() plan {
	all := make(map[string]func() plan)
	known, err := phonenumbers.MetadataCollection()
	if err != nil {
		return all // the library, which reads the same plans, will say so
	}
	for _, region := range known.GetMetadata() {
		if region.GetId() != nowhere {
			all[region.GetId()] = sync.OnceValue(func() plan { return planOf(region) })
		}
	}
	return all
})

func planOf(r *phonenumbers.PhoneMetadata) plan {
	p := plan{whole: formOf(r.GetGeneralDesc()), mobile: formOf(r.GetMobile())}
	for _, other := range []*phonenumbers.PhoneNumberDesc{
		r.GetPremiumRate(), r.GetTollFree(), r.GetSharedCost(), r.GetVoip(), r.GetPersonalNumber(), r.GetPager(), r.GetUan(), r.GetVoicemail(),
	} {
		if other.GetNationalNumberPattern() != "" {
			p.others = append(p.others, formOf(other))
		}
	}
	return p
}

func formOf(d *phonenumbers.PhoneNumberDesc) form {
	return form{d.GetPossibleLength(), regexp.MustCompile("^(?:" + d.GetNationalNumberPattern() + ")$")}
}

func (f form) fits(national string) bool {
	return (len(f.lengths) == 0 || slices.Contains(f.lengths, int32(len(national)))) && f.pattern.MatchString(national)
}

// isMobile reports whether the number is surely a mobile one, or one that the plan
// does not tell from mobiles. False leaves it to the library.
func isMobile(region, national string) bool {
	planned, ok := plans()[region]
	if !ok {
		return false
	}
	p := planned()
	return p.whole.fits(national) && p.mobile.fits(national) &&
		!slices.ContainsFunc(p.others, func(f form) bool { return f.fits(national) })
}
