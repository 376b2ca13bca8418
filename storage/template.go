package storage

import (
	"context"
	"encoding/json"

	"otpravka/otpcore"
)

const (
	templateColumns  = `business_id, key, version, locale, body, removed, author, created_at`
	listTemplates    = `SELECT ` + templateColumns + ` FROM templates WHERE business_id = $1 AND key = $2 ORDER BY version`
	insertTemplate   = `INSERT INTO templates (` + templateColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	deleteTemplate   = `DELETE FROM templates WHERE business_id = $1 AND key = $2 AND version = $3`
	listTemplateKeys = `SELECT key FROM templates WHERE business_id = $1 GROUP BY key ORDER BY MAX(created_at), key`
)

func scanTemplate(scan func(...any) error) (*otpcore.Template, error) {
	var t otpcore.Template
	var body string
	var created int64
	err := scan((*string)(&t.BusinessID), &t.Key, &t.Version, &t.Locale, &body, &t.Removed, (*string)(&t.Author), &created)
	if err != nil {
		return nil, err
	}
	t.CreatedAt = fromMillis(created)
	return &t, json.Unmarshal([]byte(body), &t.Text)
}

func (s *session) templatesOf(business otpcore.ID, key string) ([]*otpcore.Template, error) {
	return all(s, scanTemplate, listTemplates, string(business), key)
}

func (s *session) saveTemplate(t *otpcore.Template) error {
	_, err := s.exec(insertTemplate, string(t.BusinessID), t.Key, t.Version, t.Locale, toJSON(t.Text), t.Removed, string(t.Author), millis(t.CreatedAt))
	return err
}

func (s *session) deleteTemplate(business otpcore.ID, key string, version int) error {
	_, err := s.exec(deleteTemplate, string(business), key, version)
	return err
}

func (s *session) templateKeys(business otpcore.ID) ([]string, error) {
	return all(s, func(scan func(...any) error) (key string, err error) { return key, scan(&key) }, listTemplateKeys, string(business))
}

// TemplatesOf implements otpcore.Reader.
func (db *DB) TemplatesOf(ctx context.Context, business otpcore.ID, key string) ([]*otpcore.Template, error) {
	return db.reader(ctx).templatesOf(business, key)
}
