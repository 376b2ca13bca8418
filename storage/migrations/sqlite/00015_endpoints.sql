-- The addresses to which a business has its events sent, and the log of what
-- was sent there. An endpoint follows the list of events from its position; no
-- row is written for an event before it was tried, so that a business without
-- endpoints costs nothing and a dead endpoint costs the same however much
-- happens meanwhile.

-- +goose Up
CREATE TABLE endpoints (
    id TEXT NOT NULL PRIMARY KEY,
    business_id TEXT NOT NULL,
    mode TEXT NOT NULL,
    url TEXT NOT NULL,
    description TEXT NOT NULL,
    types TEXT NOT NULL,
    secret BLOB NOT NULL,
    old_secret BLOB,
    old_until BIGINT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    status_at BIGINT NOT NULL,
    -- Events up to here, in the order of events.seq, were tried or not wanted.
    position BIGINT NOT NULL,
    replay_position BIGINT NOT NULL,
    replay_until BIGINT NOT NULL,
    failing_since BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX endpoints_business ON endpoints (business_id, mode);

-- A posting is one event on its way to one endpoint. It names the event and
-- holds nothing of it, and nothing of what the receiver answered but a number.
CREATE TABLE postings (
    id TEXT NOT NULL PRIMARY KEY,
    endpoint_id TEXT NOT NULL,
    business_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
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
