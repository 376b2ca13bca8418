-- The first schema, table by table as in the folder of SQLite, where more is
-- said of it. Bytes are BYTEA here and yes or no is BOOLEAN. Ids are compared
-- byte by byte, whatever the locale of the database is, because Go compares
-- them so and lists are paged by them. Rows that are written again and again
-- leave room on their page, so that their new versions touch no index.

-- +goose Up
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

INSERT INTO meta (name, value) VALUES ('recovery_epoch', '1'), ('high_water', '0');

CREATE TABLE boots (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL
);

CREATE TABLE businesses (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    public TEXT NOT NULL,
    hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX api_keys_public ON api_keys (public);

CREATE INDEX api_keys_business ON api_keys (business_id);

CREATE TABLE bots (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    token BYTEA,
    state TEXT NOT NULL,
    state_text TEXT NOT NULL,
    state_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE UNIQUE INDEX bots_account ON bots (kind, account);

CREATE TABLE bot_offsets (
    bot_id TEXT NOT NULL PRIMARY KEY,
    next_update BIGINT NOT NULL
);

CREATE TABLE retired_bots (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

CREATE TABLE links (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL,
    bot_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    phone_index BYTEA,
    phone_sealed BYTEA,
    phone_region TEXT NOT NULL,
    chat_index BYTEA,
    chat_sealed BYTEA,
    proof TEXT NOT NULL,
    status TEXT NOT NULL,
    locale TEXT NOT NULL,
    token_hash BYTEA,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    verified_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    end_reason TEXT NOT NULL
);

CREATE INDEX links_phone ON links (business_id, phone_index) WHERE phone_index IS NOT NULL;

CREATE INDEX links_chat ON links (bot_id, chat_index) WHERE chat_index IS NOT NULL;

CREATE UNIQUE INDEX links_token ON links (token_hash) WHERE token_hash IS NOT NULL;

CREATE TABLE link_sessions (
    bot_id TEXT NOT NULL,
    chat_index BYTEA NOT NULL,
    business_id TEXT NOT NULL,
    phone_index BYTEA,
    phone_sealed BYTEA,
    phone_region TEXT NOT NULL,
    source TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (bot_id, chat_index)
);

CREATE INDEX link_sessions_expiry ON link_sessions (expires_at);

CREATE TABLE used_tokens (
    source TEXT NOT NULL PRIMARY KEY,
    used_at BIGINT NOT NULL
);

CREATE INDEX used_tokens_age ON used_tokens (used_at);

CREATE TABLE verifications (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    end_reason TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    channel TEXT NOT NULL,
    phone_index BYTEA NOT NULL,
    phone_sealed BYTEA,
    asked TEXT NOT NULL,
    seed BYTEA,
    own_code BYTEA,
    position INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    sends INTEGER NOT NULL,
    resends INTEGER NOT NULL,
    resend_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    fallback_at BIGINT NOT NULL,
    fallback_moved BOOLEAN NOT NULL,
    locked_until BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    wake_at BIGINT,
    epoch BIGINT NOT NULL,
    day INTEGER NOT NULL,
    CHECK (status = 'pending' OR (seed IS NULL AND own_code IS NULL AND wake_at IS NULL))
) WITH (fillfactor = 70);

CREATE INDEX verifications_wake ON verifications (wake_at) WHERE wake_at IS NOT NULL;

CREATE INDEX verifications_phone ON verifications (day, phone_index);

CREATE TABLE deliveries (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL,
    verification_id TEXT,
    mode TEXT NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    bot_id TEXT NOT NULL,
    link_id TEXT NOT NULL,
    target BYTEA,
    content BYTEA,
    edits TEXT NOT NULL,
    wanted TEXT NOT NULL,
    cause TEXT NOT NULL,
    status TEXT NOT NULL,
    tries INTEGER NOT NULL,
    repeated BOOLEAN NOT NULL,
    refused TEXT,
    provider TEXT NOT NULL,
    message_id TEXT,
    error TEXT,
    cost TEXT,
    boot_id TEXT NOT NULL,
    due_at BIGINT,
    queued_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    delivered_at BIGINT NOT NULL,
    read_at BIGINT NOT NULL,
    failed_at BIGINT NOT NULL,
    day INTEGER NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;

CREATE INDEX deliveries_verification ON deliveries (verification_id) WHERE verification_id IS NOT NULL;

CREATE INDEX deliveries_message ON deliveries (day, message_id) WHERE message_id IS NOT NULL;

CREATE TABLE events (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL,
    business_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    type TEXT NOT NULL,
    verification_id TEXT,
    delivery_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL
);

CREATE INDEX events_business ON events (business_id, mode, seq) WHERE type NOT LIKE 'note.%';

CREATE UNIQUE INDEX events_id ON events (id) WHERE type NOT LIKE 'note.%';

CREATE INDEX events_verification ON events (verification_id) WHERE verification_id IS NOT NULL;

CREATE TABLE standings (
    phone_index BYTEA NOT NULL,
    business_id TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (phone_index, business_id)
) WITH (fillfactor = 70);

CREATE TABLE idempotency (
    business_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    result TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (business_id, mode, route, key)
);

CREATE INDEX idempotency_expiry ON idempotency (expires_at);

CREATE TABLE inbox (
    bot_id TEXT NOT NULL,
    update_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (bot_id, update_id)
);

CREATE INDEX inbox_age ON inbox (at);

CREATE TABLE kept_receipts (
    provider TEXT NOT NULL,
    message_id TEXT NOT NULL,
    reference TEXT NOT NULL,
    status TEXT NOT NULL,
    class TEXT NOT NULL,
    cost TEXT,
    at BIGINT NOT NULL,
    kept_at BIGINT NOT NULL,
    PRIMARY KEY (provider, message_id)
);

CREATE INDEX kept_receipts_age ON kept_receipts (kept_at);
