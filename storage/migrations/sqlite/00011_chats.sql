-- What a chat tells beside its number: the language that its person chose, where
-- to lead back after linking, when a renewal was offered last, and the network's
-- time of the last sign of life, against which late notices are held.

-- +goose Up
ALTER TABLE links ADD COLUMN language TEXT NOT NULL DEFAULT '';

ALTER TABLE links ADD COLUMN return_url TEXT NOT NULL DEFAULT '';

ALTER TABLE links ADD COLUMN offered_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE links ADD COLUMN acted_at BIGINT NOT NULL DEFAULT 0;

ALTER TABLE link_sessions ADD COLUMN language TEXT NOT NULL DEFAULT '';
