-- A person was forgotten while messages to them were still under way. What
-- these need stays with them for some minutes; the purge takes it then.

-- +goose Up
CREATE TABLE erasures (
    verification_id TEXT NOT NULL PRIMARY KEY,
    due_at BIGINT NOT NULL
);
