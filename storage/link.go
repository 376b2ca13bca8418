package storage

import (
	"cmp"
	"slices"

	"otpravka/otpcore"
)

const (
	linkColumns = `id, business_id, bot_id, channel, phone_index, phone_sealed, phone_region, chat_index, chat_sealed,
		proof, status, locale, token_hash, created_at, expires_at, verified_at, ended_at, end_reason,
		language, return_url, offered_at, acted_at, muted`
	selectLink          = `SELECT ` + linkColumns + ` FROM links WHERE id = $1`
	selectLinkByToken   = `SELECT ` + linkColumns + ` FROM links WHERE token_hash = $1`
	linksOfPhone        = `SELECT ` + linkColumns + ` FROM links WHERE business_id = $1 AND phone_index = $2`
	linksOfVerification = `SELECT ` + linkColumns + ` FROM links
		WHERE (business_id, phone_index) = (SELECT business_id, phone_index FROM verifications WHERE id = $1)`
	linksOfOrder = `SELECT ` + linkColumns + ` FROM links
		WHERE (business_id, phone_index) = (SELECT business_id, phone_index FROM orders WHERE id = $1)`
	linksOfChat = `SELECT ` + linkColumns + ` FROM links WHERE bot_id = $1 AND chat_index = $2`
	upsertLink  = `INSERT INTO links (` + linkColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
		ON CONFLICT (id) DO UPDATE SET bot_id = excluded.bot_id, channel = excluded.channel,
			phone_index = excluded.phone_index, phone_sealed = excluded.phone_sealed, phone_region = excluded.phone_region,
			chat_index = excluded.chat_index, chat_sealed = excluded.chat_sealed, proof = excluded.proof,
			status = excluded.status, locale = excluded.locale, token_hash = excluded.token_hash,
			expires_at = excluded.expires_at, verified_at = excluded.verified_at, ended_at = excluded.ended_at,
			end_reason = excluded.end_reason, language = excluded.language, return_url = excluded.return_url,
			offered_at = excluded.offered_at, acted_at = excluded.acted_at, muted = excluded.muted
		WHERE links.business_id = excluded.business_id`
)

func scanLink(scan func(...any) error) (*otpcore.Link, error) {
	var l otpcore.Link
	var phone, chat []byte
	var created, expires, verified, ended, offered, acted int64
	err := scan((*string)(&l.ID), (*string)(&l.BusinessID), (*string)(&l.BotID), (*string)(&l.Channel),
		&phone, &l.Phone.Sealed, &l.Phone.Region, &chat, &l.Chat.Sealed,
		(*string)(&l.Proof), (*string)(&l.Status), &l.Locale, &l.TokenHash,
		&created, &expires, &verified, &ended, &l.EndReason, &l.Language, &l.ReturnURL, &offered, &acted, &l.Muted)
	l.Phone.Index, l.Chat.Index = toIndex(phone), toIndex(chat)
	l.CreatedAt, l.ExpiresAt = fromMillis(created), fromMillis(expires)
	l.VerifiedAt, l.EndedAt = fromMillis(verified), fromMillis(ended)
	l.OfferedAt, l.ActedAt = fromMillis(offered), fromMillis(acted)
	return &l, err
}

func (s *session) link(id otpcore.ID) (*otpcore.Link, error) {
	return one(s, scanLink, selectLink, string(id))
}

func (s *session) linkByToken(hash []byte) (*otpcore.Link, error) {
	return one(s, scanLink, selectLinkByToken, hash)
}

func (s *session) linksOfPhone(business otpcore.ID, phone otpcore.Index) ([]*otpcore.Link, error) {
	return sortLinks(all(s, scanLink, linksOfPhone, string(business), phone[:]))
}

func (s *session) linksOfChat(bot otpcore.ID, chat otpcore.Index) ([]*otpcore.Link, error) {
	return sortLinks(all(s, scanLink, linksOfChat, string(bot), chat[:]))
}

// sortLinks orders a handful of links by age; the database would set up a
// sorter for them in every start and check.
func sortLinks(list []*otpcore.Link, err error) ([]*otpcore.Link, error) {
	slices.SortFunc(list, func(a, b *otpcore.Link) int { return cmp.Compare(a.ID, b.ID) })
	return list, err
}

func (s *session) saveLink(l *otpcore.Link) error { return s.tell(putLink(l)) }

func putLink(l *otpcore.Link) write {
	return write{query: upsertLink, args: []any{
		string(l.ID), string(l.BusinessID), string(l.BotID), string(l.Channel),
		indexOrNull(l.Phone.Index), l.Phone.Sealed, l.Phone.Region, indexOrNull(l.Chat.Index), l.Chat.Sealed,
		string(l.Proof), string(l.Status), l.Locale, l.TokenHash,
		millis(l.CreatedAt), millis(l.ExpiresAt), millis(l.VerifiedAt), millis(l.EndedAt), l.EndReason,
		l.Language, l.ReturnURL, millis(l.OfferedAt), millis(l.ActedAt), l.Muted,
	}}
}

// storedLink returns the link as its row gives it back.
func storedLink(l *otpcore.Link) *otpcore.Link {
	s := *l
	s.CreatedAt, s.ExpiresAt = stored(l.CreatedAt), stored(l.ExpiresAt)
	s.VerifiedAt, s.EndedAt = stored(l.VerifiedAt), stored(l.EndedAt)
	s.OfferedAt, s.ActedAt = stored(l.OfferedAt), stored(l.ActedAt)
	return &s
}

const (
	sessionColumns = `bot_id, chat_index, business_id, phone_index, phone_sealed, phone_region, source, expires_at, language`
	selectSession  = `SELECT ` + sessionColumns + ` FROM link_sessions WHERE bot_id = $1 AND chat_index = $2`
	upsertSession  = `INSERT INTO link_sessions (` + sessionColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (bot_id, chat_index) DO UPDATE SET business_id = excluded.business_id,
			phone_index = excluded.phone_index, phone_sealed = excluded.phone_sealed, phone_region = excluded.phone_region,
			source = excluded.source, expires_at = excluded.expires_at, language = excluded.language`
	deleteSession = `DELETE FROM link_sessions WHERE bot_id = $1 AND chat_index = $2`
	useToken      = `INSERT INTO used_tokens (source, used_at) VALUES ($1, $2) ON CONFLICT (source) DO NOTHING`
)

func scanSession(scan func(...any) error) (*otpcore.LinkSession, error) {
	var l otpcore.LinkSession
	var phone otpcore.SealedPhone
	var chat, index []byte
	var expires int64
	err := scan((*string)(&l.BotID), &chat, (*string)(&l.BusinessID), &index, &phone.Sealed, &phone.Region,
		(*string)(&l.Source), &expires, &l.Language)
	l.Chat, l.ExpiresAt = toIndex(chat), fromMillis(expires)
	if index != nil {
		phone.Index = toIndex(index)
		l.Phone = &phone
	}
	return &l, err
}

func (s *session) linkSession(bot otpcore.ID, chat otpcore.Index) (*otpcore.LinkSession, error) {
	return one(s, scanSession, selectSession, string(bot), chat[:])
}

func (s *session) saveLinkSession(l *otpcore.LinkSession) error {
	var index any
	var phone otpcore.SealedPhone
	if l.Phone != nil {
		phone, index = *l.Phone, l.Phone.Index[:]
	}
	_, err := s.exec(upsertSession, string(l.BotID), l.Chat[:], string(l.BusinessID), index, phone.Sealed, phone.Region,
		string(l.Source), millis(l.ExpiresAt), l.Language)
	return err
}

func (s *session) deleteLinkSession(bot otpcore.ID, chat otpcore.Index) error {
	_, err := s.exec(deleteSession, string(bot), chat[:])
	return err
}
