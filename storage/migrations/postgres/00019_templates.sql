-- Texts of businesses, as in the folder of SQLite, where is said what they are
-- for.

-- +goose Up
CREATE TABLE templates (
    business_id TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    version INTEGER NOT NULL,
    locale TEXT NOT NULL,
    body TEXT NOT NULL,
    removed BOOLEAN NOT NULL,
    author TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (business_id, key, version)
);
