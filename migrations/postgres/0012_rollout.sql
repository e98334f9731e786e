-- How a release goes over its servers: the batch of a server node, and what is live on its server (JSON).
ALTER TABLE nodes ADD COLUMN batch BIGINT;
ALTER TABLE nodes ADD COLUMN live TEXT;
-- The last batch after which the release has waited and was let go on.
ALTER TABLE releases ADD COLUMN holds_passed BIGINT NOT NULL DEFAULT 0;
