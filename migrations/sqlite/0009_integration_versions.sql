-- Webhooks and channels have versions like everything else that people change.
ALTER TABLE webhooks ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE channels ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
