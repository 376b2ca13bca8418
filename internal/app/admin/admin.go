// Package admin is the operator's way in: commands over a Unix socket beside
// the database, which only the server's own user may open. It works beside the
// running server, which alone may write to its file.
package admin

import (
	"context"

	"otpravka/internal/failpoint"
	"otpravka/otpcore"
)

// Service carries out the operator's commands.
type Service struct {
	Businesses *otpcore.Businesses
}

// NewBusiness asks for a business.
type NewBusiness struct {
	Name     string           `json:"name"`
	Settings otpcore.Settings `json:"settings"`
}

// CreatedBusiness is a new business with its keys, which are shown this once.
type CreatedBusiness struct {
	ID      otpcore.ID `json:"id"`
	Name    string     `json:"name"`
	LiveKey string     `json:"live_key"`
	TestKey string     `json:"test_key"`
}

// CreateBusiness makes a business with one live and one test key.
func (s *Service) CreateBusiness(ctx context.Context, r NewBusiness) (CreatedBusiness, error) {
	created, err := s.Businesses.Create(ctx, r.Name, r.Settings)
	if err != nil {
		return CreatedBusiness{}, err
	}
	failpoint.Hit(failpoint.BusinessCreated)
	return CreatedBusiness{
		ID: created.Business.ID, Name: created.Business.Name,
		LiveKey: created.Live.Reveal(), TestKey: created.Test.Reveal(),
	}, nil
}

// BusinessLine is one business in a list.
type BusinessLine struct {
	ID        otpcore.ID `json:"id"`
	Name      string     `json:"name"`
	Countries []string   `json:"countries"`
}

// ListBusinesses lists every business, oldest first.
func (s *Service) ListBusinesses(ctx context.Context, _ struct{}) ([]BusinessLine, error) {
	all, err := s.Businesses.List(ctx)
	if err != nil {
		return nil, err
	}
	lines := make([]BusinessLine, 0, len(all))
	for _, b := range all {
		lines = append(lines, BusinessLine{b.ID, b.Name, b.Settings.Countries})
	}
	return lines, nil
}
