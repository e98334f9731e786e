-- Webhooks in: addresses that Git services call. `sealed` is the secret, sealed for the public id.
CREATE TABLE webhooks (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id     BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    environment_id BIGINT NOT NULL REFERENCES environments (id),
    kind           TEXT   NOT NULL,
    name           TEXT   NOT NULL,
    public_id      TEXT   NOT NULL UNIQUE,
    sealed         BLOB   NOT NULL,
    events         TEXT   NOT NULL,
    branches       TEXT   NOT NULL,
    tags           TEXT   NOT NULL,
    repository     TEXT,
    start          INTEGER NOT NULL,
    enabled        INTEGER NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    UNIQUE (project_id, name)
);
CREATE INDEX webhooks_by_environment ON webhooks (environment_id);

-- The inbox: every call, written down before it is answered. A repetition is known by `mark`, the service's id of the
-- delivery, and `digest`, the SHA-256 of the body; a call that did not prove itself has neither. `push` is what the call
-- tells, read out of a body that is not kept.
CREATE TABLE webhook_deliveries (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id  BIGINT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    at          BIGINT NOT NULL,
    mark        TEXT,
    digest      TEXT,
    event       TEXT   NOT NULL,
    push        TEXT,
    outcome     TEXT   NOT NULL,
    reason      TEXT,
    release_id  BIGINT REFERENCES releases (id) ON DELETE SET NULL,
    repeats     BIGINT,
    lease_until BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX webhook_deliveries_by_mark ON webhook_deliveries (webhook_id, mark) WHERE mark IS NOT NULL;
CREATE UNIQUE INDEX webhook_deliveries_by_digest ON webhook_deliveries (webhook_id, digest) WHERE digest IS NOT NULL;
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_open ON webhook_deliveries (id) WHERE outcome = 'received';
CREATE INDEX webhook_deliveries_by_release ON webhook_deliveries (release_id) WHERE release_id IS NOT NULL;

-- Whether webhooks may start releases there: in test they may, unless somebody says no.
ALTER TABLE environments ADD COLUMN auto_start INTEGER NOT NULL DEFAULT 0;
UPDATE environments SET auto_start = 1 WHERE kind = 'test';

-- Notifications out: where a project tells what happens. `sealed` is address and secret, of those that have any.
CREATE TABLE channels (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id   BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    kind         TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    host         TEXT,
    sealed       BLOB,
    has_secret   INTEGER NOT NULL,
    recipients   TEXT   NOT NULL,
    events       TEXT   NOT NULL,
    environments TEXT   NOT NULL,
    lang         TEXT   NOT NULL,
    enabled      INTEGER NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    UNIQUE (project_id, name)
);

-- The outbox: a message is written in the transaction of what it tells. `about` tells repetitions of one event apart.
CREATE TABLE notifications (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id  BIGINT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    event       TEXT,
    release_id  BIGINT,
    about       TEXT,
    notice      TEXT   NOT NULL,
    status      TEXT   NOT NULL,
    attempts    BIGINT NOT NULL,
    next_at     BIGINT NOT NULL,
    lease_until BIGINT NOT NULL DEFAULT 0,
    error       TEXT,
    created_at  BIGINT NOT NULL,
    finished_at BIGINT,
    UNIQUE (channel_id, about)
);
CREATE INDEX notifications_newest ON notifications (channel_id, id);
CREATE INDEX notifications_due ON notifications (next_at, id) WHERE status = 'waiting';
