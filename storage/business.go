package storage

import (
	"encoding/json"

	"otpravka/otpcore"
)

const (
	businessColumns = `id, name, settings, created_at`
	selectBusiness  = `SELECT ` + businessColumns + ` FROM businesses WHERE id = $1`
	listBusinesses  = `SELECT ` + businessColumns + ` FROM businesses ORDER BY id`
	upsertBusiness  = `INSERT INTO businesses (` + businessColumns + `) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, settings = excluded.settings`
)

func scanBusiness(scan func(...any) error) (*otpcore.Business, error) {
	var b otpcore.Business
	var settings string
	var created int64
	if err := scan((*string)(&b.ID), &b.Name, &settings, &created); err != nil {
		return nil, err
	}
	b.CreatedAt = fromMillis(created)
	return &b, json.Unmarshal([]byte(settings), &b.Settings)
}

func (s *session) business(id otpcore.ID) (*otpcore.Business, error) {
	return one(s, scanBusiness, selectBusiness, string(id))
}

func (s *session) businesses() ([]*otpcore.Business, error) {
	return all(s, scanBusiness, listBusinesses)
}

func (s *session) saveBusiness(b *otpcore.Business) error {
	_, err := s.exec(upsertBusiness, string(b.ID), b.Name, toJSON(b.Settings), millis(b.CreatedAt))
	return err
}

const (
	keyColumns   = `id, business_id, mode, public, hash, name, scopes, created_at, expires_at, last_used_at, revoked_at`
	selectKey    = `SELECT ` + keyColumns + ` FROM api_keys WHERE business_id = $1 AND id = $2`
	selectPublic = `SELECT ` + keyColumns + ` FROM api_keys WHERE public = $1`
	listKeys     = `SELECT ` + keyColumns + ` FROM api_keys WHERE business_id = $1 AND mode = $2 ORDER BY id`
	upsertKey    = `INSERT INTO api_keys (` + keyColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, scopes = excluded.scopes,
			expires_at = excluded.expires_at, last_used_at = excluded.last_used_at, revoked_at = excluded.revoked_at
		WHERE api_keys.business_id = excluded.business_id`
)

func scanKey(scan func(...any) error) (*otpcore.APIKey, error) {
	var k otpcore.APIKey
	var hash []byte
	var scopes string
	var created, expires, used, revoked int64
	err := scan((*string)(&k.ID), (*string)(&k.BusinessID), (*string)(&k.Mode), &k.Public, &hash, &k.Name, &scopes,
		&created, &expires, &used, &revoked)
	if err != nil {
		return nil, err
	}
	copy(k.Hash[:], hash)
	k.CreatedAt, k.ExpiresAt = fromMillis(created), fromMillis(expires)
	k.LastUsedAt, k.RevokedAt = fromMillis(used), fromMillis(revoked)
	return &k, json.Unmarshal([]byte(scopes), &k.Scopes)
}

func (s *session) key(business, id otpcore.ID) (*otpcore.APIKey, error) {
	return one(s, scanKey, selectKey, string(business), string(id))
}

func (s *session) keyByPublic(public string) (*otpcore.APIKey, error) {
	return one(s, scanKey, selectPublic, public)
}

func (s *session) keys(business otpcore.ID, mode otpcore.Mode) ([]*otpcore.APIKey, error) {
	return all(s, scanKey, listKeys, string(business), string(mode))
}

func (s *session) saveKey(k *otpcore.APIKey) error {
	_, err := s.exec(upsertKey, string(k.ID), string(k.BusinessID), string(k.Mode), k.Public, k.Hash[:], k.Name, toJSON(k.Scopes),
		millis(k.CreatedAt), millis(k.ExpiresAt), millis(k.LastUsedAt), millis(k.RevokedAt))
	return err
}
