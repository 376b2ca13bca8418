-- The first schema. Times are unix milliseconds, 0 for "never"; a time that a
-- partial index watches is NULL instead. Ids are TypeIDs, which sort by their
-- creation time, so the primary keys of the hot tables grow at one end.
--
-- Verifications, deliveries and events carry no index whose first column is
-- random: at millions of rows such an index costs more than all other writing
-- together. What must be found by a phone or by a provider's message id goes
-- through an index that begins with the day, so that inserts touch only the
-- pages of today.

-- +goose Up
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- A restored backup starts a new recovery epoch: its pending rows are dead.
-- The high-water mark is the latest time this database has seen.
INSERT INTO meta (name, value) VALUES ('recovery_epoch', '1'), ('high_water', '0');

CREATE TABLE boots (
    id TEXT NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL
);

CREATE TABLE businesses (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    public TEXT NOT NULL,
    hash BLOB NOT NULL,
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
    id TEXT NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    account TEXT NOT NULL,
    username TEXT NOT NULL,
    name TEXT NOT NULL,
    token BLOB,
    state TEXT NOT NULL,
    state_text TEXT NOT NULL,
    state_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Two programs cannot read one bot's messages, and neither can two bots of ours.
CREATE UNIQUE INDEX bots_account ON bots (kind, account);

CREATE TABLE bot_offsets (
    bot_id TEXT NOT NULL PRIMARY KEY,
    next_update BIGINT NOT NULL
);

-- A deleted bot whose links are too many for one transaction waits here until
-- the purge has taken the rest.
CREATE TABLE retired_bots (
    id TEXT NOT NULL PRIMARY KEY
);

CREATE TABLE links (
    id TEXT NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL,
    bot_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    phone_index BLOB,
    phone_sealed BLOB,
    phone_region TEXT NOT NULL,
    chat_index BLOB,
    chat_sealed BLOB,
    proof TEXT NOT NULL,
    status TEXT NOT NULL,
    locale TEXT NOT NULL,
    token_hash BLOB,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    verified_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    end_reason TEXT NOT NULL
);

-- A person links once and gets codes for years: these indexes are random and
-- may be, because links are hardly ever inserted.
CREATE INDEX links_phone ON links (business_id, phone_index) WHERE phone_index IS NOT NULL;

CREATE INDEX links_chat ON links (bot_id, chat_index) WHERE chat_index IS NOT NULL;

CREATE UNIQUE INDEX links_token ON links (token_hash) WHERE token_hash IS NOT NULL;

CREATE TABLE link_sessions (
    bot_id TEXT NOT NULL,
    chat_index BLOB NOT NULL,
    business_id TEXT NOT NULL,
    phone_index BLOB,
    phone_sealed BLOB,
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

-- What never changes after the start and is never searched rests in "asked".
CREATE TABLE verifications (
    id TEXT NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    end_reason TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    channel TEXT NOT NULL,
    phone_index BLOB NOT NULL,
    phone_sealed BLOB,
    asked TEXT NOT NULL,
    seed BLOB,
    own_code BLOB,
    position INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    sends INTEGER NOT NULL,
    resends INTEGER NOT NULL,
    resend_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    fallback_at BIGINT NOT NULL,
    fallback_moved INTEGER NOT NULL,
    locked_until BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    wake_at BIGINT,
    epoch BIGINT NOT NULL,
    day INTEGER NOT NULL,
    -- No statement can end a verification and leave what derives its code.
    CHECK (status = 'pending' OR (seed IS NULL AND own_code IS NULL AND wake_at IS NULL))
);

CREATE INDEX verifications_wake ON verifications (wake_at) WHERE wake_at IS NOT NULL;

-- The blind index alone selects enough: a phone starts 40 codes a day at most.
CREATE INDEX verifications_phone ON verifications (day, phone_index);

-- This table is the queue.
CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL,
    verification_id TEXT,
    mode TEXT NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    bot_id TEXT NOT NULL,
    link_id TEXT NOT NULL,
    target BLOB,
    content BLOB,
    edits TEXT NOT NULL,
    wanted TEXT NOT NULL,
    cause TEXT NOT NULL,
    status TEXT NOT NULL,
    tries INTEGER NOT NULL,
    repeated INTEGER NOT NULL,
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
);

CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;

CREATE INDEX deliveries_verification ON deliveries (verification_id) WHERE verification_id IS NOT NULL;

-- Receipts name a message by its provider's id, which may be random. They come
-- within days, so only the last days are searched and only today is written.
CREATE INDEX deliveries_message ON deliveries (day, message_id) WHERE message_id IS NOT NULL;

-- The timeline: seq keeps the order in which things were committed.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    business_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    type TEXT NOT NULL,
    verification_id TEXT,
    delivery_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL
);

-- A business lists its events by the first of these, in the order of their
-- commits; the second finds the event that a page begins behind. Both grow at
-- one end of each business, and leave out the notes of timelines.
CREATE INDEX events_business ON events (business_id, mode, seq) WHERE type NOT LIKE 'note.%';

CREATE UNIQUE INDEX events_id ON events (id) WHERE type NOT LIKE 'note.%';

CREATE INDEX events_verification ON events (verification_id) WHERE verification_id IS NOT NULL;

-- The key is random by nature. It begins with the phone, so that the rows of a
-- phone, which a start reads and writes together, lie side by side; without a
-- rowid the row and its key share one page; and idle rows are purged, so the
-- table stays as small as a day of phones.
CREATE TABLE standings (
    phone_index BLOB NOT NULL,
    business_id TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (phone_index, business_id)
) WITHOUT ROWID;

CREATE TABLE idempotency (
    business_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
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
