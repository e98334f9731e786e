-- When somebody last did anything, to within some minutes; and versions, as other things have them.

ALTER TABLE users ADD COLUMN last_seen_at BIGINT;
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
