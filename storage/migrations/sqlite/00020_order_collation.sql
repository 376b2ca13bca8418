-- Concerns PostgreSQL alone: SQLite orders all texts alike. Both count the same
-- versions.

-- +goose Up
SELECT 1;
