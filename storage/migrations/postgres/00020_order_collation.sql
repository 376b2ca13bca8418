-- Messages are found by the number of their order in one statement, which compares
-- order_ref with orders.id. An index serves that only where both are ordered alike.

-- +goose Up
ALTER TABLE deliveries ALTER COLUMN order_ref TYPE TEXT COLLATE "C";

ALTER TABLE order_updates ALTER COLUMN order_ref TYPE TEXT COLLATE "C";
