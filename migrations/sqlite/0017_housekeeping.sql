-- How long things are kept, as JSON; null until somebody changes it. And what was removed last, as JSON.
CREATE TABLE housekeeping (
    id         BIGINT NOT NULL PRIMARY KEY,
    rules      TEXT,
    version    BIGINT NOT NULL,
    updated_at BIGINT,
    tidied_at  BIGINT,
    tidied     TEXT
);
INSERT INTO housekeeping (id, version) VALUES (1, 1);

-- When the log of a release was removed, and what it had built (its artifact, the folder in which it worked).
ALTER TABLE releases ADD COLUMN log_removed_at BIGINT;
ALTER TABLE releases ADD COLUMN artifact_removed_at BIGINT;
-- What is looked for every time: releases that ended long ago and still have a log.
CREATE INDEX releases_with_log ON releases (finished_at) WHERE log_removed_at IS NULL;
