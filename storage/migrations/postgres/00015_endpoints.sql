-- Endpoints of businesses and the log of what was posted to them, as in the
-- folder of SQLite, where is said what they are for.

-- +goose Up
CREATE TABLE endpoints (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    business_id TEXT COLLATE "C" NOT NULL,
    mode TEXT NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    types TEXT NOT NULL,
    secret BYTEA NOT NULL,
    old_secret BYTEA,
    old_until BIGINT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    status_at BIGINT NOT NULL,
    position BIGINT NOT NULL,
    replay_position BIGINT NOT NULL,
    replay_until BIGINT NOT NULL,
    failing_since BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX endpoints_business ON endpoints (business_id, mode);
CREATE TABLE postings (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    endpoint_id TEXT COLLATE "C" NOT NULL,
    business_id TEXT COLLATE "C" NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    event_type TEXT NOT NULL,
    cause TEXT NOT NULL,
    status TEXT NOT NULL,
    tries INTEGER NOT NULL,
    due_at BIGINT,
    http_status INTEGER NOT NULL,
    failure TEXT NOT NULL,
    took BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    tried_at BIGINT NOT NULL
);

CREATE INDEX postings_endpoint ON postings (endpoint_id, id);

CREATE INDEX postings_due ON postings (endpoint_id, due_at) WHERE due_at IS NOT NULL;
