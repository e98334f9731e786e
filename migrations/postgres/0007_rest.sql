-- How often a thing was changed: what an ETag names, so that two editors cannot overwrite each other.
ALTER TABLE credentials    ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE servers        ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE projects       ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE environments   ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE hook_templates ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- Calls that were made with an Idempotency-Key, and what they were answered. What was asked and what was
-- answered may hold secrets: both are sealed.
CREATE TABLE idempotency (
    owner       TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    -- Whose turn it is: changes when a call is taken over from one that died.
    claim       TEXT   NOT NULL,
    call        BYTEA  NOT NULL,
    lease_until BIGINT NOT NULL,
    -- Whether something was written already, in the transaction that wrote it.
    acted       BIGINT NOT NULL DEFAULT 0,
    answer      BYTEA,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (owner, name)
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
