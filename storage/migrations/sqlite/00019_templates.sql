-- What businesses say themselves. Each row is a version, which never changes: a
-- verification names one and keeps its words. Versions of a key are counted over
-- all of its locales.

-- +goose Up
CREATE TABLE templates (
    business_id TEXT NOT NULL,
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    locale TEXT NOT NULL,
    body TEXT NOT NULL,
    removed INTEGER NOT NULL,
    author TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (business_id, key, version)
);
