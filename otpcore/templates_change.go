package otpcore

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
)

// TemplateChange says what to store.
type TemplateChange struct {
	Key, Locale string
	Text        TemplateText
	Version     *int // the version that the author has read, 0 for none; nil: whatever is there
	Author      ID
	Idempotency *IdempotencyKey
}

// Save stores a text, once it is sure that no send can fail on it.
func (s *Templates) Save(ctx context.Context, by Caller, c TemplateChange) (*Template, error) {
	return s.change(ctx, by, c, "", func(business *Business, kept []*Template, next *Template) error {
		next.Text = c.Text
		return s.check(business, &next.Text, kept, next)
	})
}

// Remove takes the business's text back: the built-in one is in force again, or
// none.
func (s *Templates) Remove(ctx context.Context, by Caller, c TemplateChange) error {
	_, err := s.change(ctx, by, c, "", func(_ *Business, kept []*Template, next *Template) error {
		if newest(kept, c.Locale) == nil {
			return errTemplateUnknown
		}
		next.Removed = true
		return nil
	})
	return err
}

// Restore makes the text of an earlier version the newest one.
func (s *Templates) Restore(ctx context.Context, by Caller, c TemplateChange, version int) (*Template, error) {
	return s.change(ctx, by, c, "templates.restore:"+c.Key+":"+c.Locale, func(business *Business, kept []*Template, next *Template) error {
		i := slices.IndexFunc(kept, func(t *Template) bool { return t.Locale == c.Locale && t.Version == version && !t.Removed })
		if i < 0 {
			return &Error{Kind: KindNotFound, Code: "template_unknown", Detail: "This version is not kept, or says nothing. GET …/versions lists those there are."}
		}
		next.Text = kept[i].Text
		return s.check(business, &next.Text, kept, next)
	})
}

// newest is what is in force in a locale, or nil.
func newest(kept []*Template, locale string) *Template {
	for _, t := range slices.Backward(kept) {
		if t.Locale == locale {
			if t.Removed {
				return nil
			}
			return t
		}
	}
	return nil
}

// change stores the next version of a key, as decide makes it, and puts it in
// force with the same commit.
func (s *Templates) change(ctx context.Context, by Caller, c TemplateChange, route string, decide func(*Business, []*Template, *Template) error) (*Template, error) {
	if err := s.checkPlace(c.Key, c.Locale); err != nil {
		return nil, err
	}
	var made *Template
	var once *Once
	if route != "" {
		once = c.Idempotency.Once(route)
	}
	err := WriteOnce(ctx, s.ledger, by.Business.ID, by.Mode, once, func(tx Tx, found ID) (ID, error) {
		business, err := tx.Business(by.Business.ID)
		if err != nil {
			return "", err
		}
		kept, err := tx.TemplatesOf(business.ID, c.Key)
		if err != nil {
			return "", err
		}
		if made = versionOf(kept, found); found != "" {
			return found, nil
		}
		next := &Template{
			BusinessID: business.ID, Key: c.Key, Locale: c.Locale, Version: business.Settings.TemplatesGone + 1, Author: c.Author, CreatedAt: tx.Now(),
		}
		if len(kept) > 0 {
			next.Version = kept[len(kept)-1].Version + 1
		}
		if err := decide(business, kept, next); err != nil {
			return "", err
		}
		now := newest(kept, c.Locale)
		if now != nil && !next.Removed && reflect.DeepEqual(now.Text, next.Text) {
			made = now // a repeat whose answer was lost, or a script: no version is used up
			return ID(strconv.Itoa(now.Version)), nil
		}
		if err := sameVersion(c.Version, now); err != nil {
			return "", err
		}
		made = next
		return ID(strconv.Itoa(next.Version)), s.store(tx, business, kept, next)
	})
	if err != nil {
		return nil, err
	}
	s.businesses.forget()
	if made == nil {
		return nil, errTemplateUnknown // a repeat, long after the version was dropped
	}
	return made, nil
}

func versionOf(kept []*Template, found ID) *Template {
	for _, t := range kept {
		if strconv.Itoa(t.Version) == string(found) {
			return t
		}
	}
	return nil
}

// sameVersion refuses a change that was made of an older text than the one it
// would replace.
func sameVersion(read *int, now *Template) error {
	version := 0
	if now != nil {
		version = now.Version
	}
	if read == nil || *read == version {
		return nil
	}
	return &Error{Kind: KindConflict, Code: "template_changed", Detail: fmt.Sprintf("Version %d is in force. Read it, and send your change with its version.", version)}
}

func (s *Templates) store(tx Tx, business *Business, kept []*Template, next *Template) error {
	if err := s.makeRoom(tx, business, kept, next); err != nil {
		return err
	}
	inForce := maps.Clone(business.Settings.Templates)
	if inForce == nil {
		inForce = make(map[string]int)
	}
	inForce[next.Key] = next.Version
	if w := wordingOf(s.renderer, next.Key, append(slices.Clone(kept), next), next.Version); len(w.own) == 0 {
		delete(inForce, next.Key)
	}
	business.Settings.Templates = inForce
	if err := tx.SaveTemplate(next); err != nil {
		return err
	}
	return tx.SaveBusiness(business)
}

// makeRoom drops the oldest versions, but none that a message under way may be
// made of.
func (s *Templates) makeRoom(tx Tx, business *Business, kept []*Template, next *Template) error {
	if _, in := business.Settings.Templates[next.Key]; !in && len(business.Settings.Templates) >= ownKeys {
		return &Error{Kind: KindConflict, Code: "too_many_templates", Detail: "The business has 100 keys with texts of its own. Remove one first."}
	}
	if len(kept) == 0 {
		if err := s.forgetKey(tx, business); err != nil {
			return err
		}
	}
	var same []*Template
	others := make(map[string]bool)
	for _, t := range kept {
		if t.Locale == next.Locale {
			same = append(same, t)
		} else {
			others[t.Locale] = true
		}
	}
	if len(same) == 0 && len(others) >= ownLocales {
		return &Error{Kind: KindConflict, Code: "too_many_templates", Detail: "The key has had texts in 30 languages. Use another key for further ones."}
	}
	for ; len(same) >= keptVersions; same = same[1:] {
		// The second oldest took the oldest out of force.
		if free := same[1].CreatedAt.Add(versionLife); tx.Now().Before(free) {
			return limited("template_busy", free.Sub(tx.Now()), "This text was changed fifty times within an hour, and messages under way may still need the oldest one. Wait.")
		}
		if err := tx.DeleteTemplate(next.BusinessID, next.Key, same[0].Version); err != nil {
			return err
		}
	}
	return nil
}

// forgetKey drops the versions of the key that is out of force for longest,
// where there are as many such keys as there may be in force. Its last number
// outlives it.
func (s *Templates) forgetKey(tx Tx, business *Business) error {
	keys, err := tx.TemplateKeys(business.ID)
	if err != nil || len(keys) < 2*ownKeys {
		return err
	}
	for _, key := range keys {
		if _, in := business.Settings.Templates[key]; in {
			continue
		}
		kept, err := tx.TemplatesOf(business.ID, key)
		if err != nil {
			return err
		}
		if free := kept[len(kept)-1].CreatedAt.Add(versionLife); tx.Now().Before(free) {
			return limited("template_busy", free.Sub(tx.Now()), "A hundred keys were made and removed within an hour, and messages under way may still need the oldest one. Wait.")
		}
		for _, t := range kept {
			if err := tx.DeleteTemplate(t.BusinessID, t.Key, t.Version); err != nil {
				return err
			}
		}
		gone := &business.Settings.TemplatesGone
		*gone = max(*gone, kept[len(kept)-1].Version)
		return nil
	}
	return nil
}
