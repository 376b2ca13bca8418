package otpcore

import (
	"context"
	"time"
)

// View is a verification as a business sees it.
type View struct {
	*Case
	Phone    Phone
	Timeline []Event
}

// Get shows a verification with its deliveries and its timeline.
func (v *Verifications) Get(ctx context.Context, by Caller, id ID) (*View, error) {
	c, err := v.reader.CaseOf(ctx, by.Business.ID, by.Mode, id)
	if err != nil {
		return nil, err
	}
	view := &View{Case: c}
	if view.Phone, err = v.desk.shownPhone(phonePlace(c.Verification), c.Verification.Phone); err != nil {
		return nil, err
	}
	view.Timeline, err = v.reader.Timeline(ctx, id)
	return view, err
}

// Show adds the phone to a case that a change has returned.
func (v *Verifications) Show(c *Case) (*View, error) {
	phone, err := v.desk.shownPhone(phonePlace(c.Verification), c.Verification.Phone)
	return &View{Case: c, Phone: phone}, err
}

// Search lists a phone's verifications of the last 30 days, newest first.
// Before is the last id of the page before, or empty.
func (v *Verifications) Search(ctx context.Context, by Caller, rawPhone, country string, before ID, limit int) ([]*Verification, Phone, error) {
	phone, err := v.parsePhone(by, rawPhone, country)
	if err != nil {
		return nil, Phone{}, err
	}
	found, err := v.reader.VerificationsOf(ctx, PhoneQuery{
		BusinessID: by.Business.ID, Mode: by.Mode, Phone: v.desk.phoneIndex(phone), Before: before, Limit: limit,
	})
	return found, phone, err
}

// Now is the time that the answers' waits count from.
func (v *Verifications) Now() time.Time { return v.ledger.Now() }

// SendsLeft is how often the code may still be sent.
func (v *Verifications) SendsLeft(ver *Verification) int {
	if ver.Status.Terminal() {
		return 0
	}
	return max(0, v.desk.rules.MaxSends-ver.Sends)
}

// AttemptsLeft is how many guesses are left.
func (v *Verifications) AttemptsLeft(ver *Verification) int { return attemptsLeft(ver) }

// parsePhone reads what a trial sends like any other phone, so that a program
// that a test key runs is the one that a live key will run. Trial numbers alone
// belong to nobody and need no numbering plan.
func (v *Verifications) parsePhone(by Caller, raw, country string) (Phone, error) {
	if by.Mode == Test && trialForm.MatchString(raw) {
		return NewPhone(raw, "US"), nil
	}
	return v.phones.ParsePhone(raw, or(country, by.Business.Settings.DefaultCountry))
}

// canonicalContext brings the context of a check into the form that the start
// stored, as far as its values are well formed; what is not never matches.
func canonicalContext(given map[string]Param) (map[string]Param, error) {
	if len(given) == 0 {
		return nil, nil
	}
	out := make(map[string]Param, len(given))
	for name, p := range given {
		if p.Money == nil {
			out[name] = p
			continue
		}
		canonical, err := checkMoney("/context/"+name, p)
		if err != nil {
			return nil, err
		}
		out[name] = canonical
	}
	return out, nil
}
