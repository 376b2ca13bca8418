-- Forgotten persons with messages under way, as in the folder of SQLite.

-- +goose Up
CREATE TABLE erasures (
    verification_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    due_at BIGINT NOT NULL
);
