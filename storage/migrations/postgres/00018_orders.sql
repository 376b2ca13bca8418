-- Orders; more is said of them in the folder of SQLite.

-- +goose Up
CREATE TABLE orders (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    number TEXT NOT NULL,
    phone_index BYTEA,
    phone_sealed BYTEA,
    phone_region TEXT NOT NULL,
    status TEXT NOT NULL,
    news TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    update_id TEXT NOT NULL,
    updates INTEGER NOT NULL,
    revision BIGINT NOT NULL,
    news_revision BIGINT NOT NULL,
    ring_revision BIGINT NOT NULL,
    verification_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX orders_number ON orders (business_id, mode, number);

CREATE INDEX orders_phone ON orders (phone_index) WHERE phone_index IS NOT NULL;

CREATE TABLE order_updates (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    order_ref TEXT NOT NULL,
    business_id TEXT NOT NULL,
    status TEXT NOT NULL,
    title TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    shown BOOLEAN NOT NULL
);

CREATE INDEX order_updates_order ON order_updates (order_ref);

ALTER TABLE deliveries ADD COLUMN order_ref TEXT;

ALTER TABLE deliveries ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;

CREATE INDEX deliveries_order ON deliveries (order_ref) WHERE order_ref IS NOT NULL;

ALTER TABLE links ADD COLUMN muted BOOLEAN NOT NULL DEFAULT FALSE;
