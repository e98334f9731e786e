-- Environments in which nothing new starts for now: why, by whom, until when at the latest. One that has run out counts
-- no more, whether its row is gone yet or not.
CREATE TABLE environment_locks (
    environment_id BIGINT NOT NULL PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
    project_id     BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    reason         TEXT   NOT NULL,
    locked_by      BIGINT REFERENCES users (id) ON DELETE SET NULL,
    locked_by_name TEXT   NOT NULL,
    since          BIGINT NOT NULL,
    until          BIGINT,
    -- The one release that may start; the lock ends with it.
    release_id     BIGINT REFERENCES releases (id) ON DELETE CASCADE
);
CREATE INDEX environment_locks_by_project ON environment_locks (project_id);
CREATE INDEX environment_locks_by_end ON environment_locks (until);
CREATE INDEX environment_locks_by_user ON environment_locks (locked_by);
CREATE INDEX environment_locks_by_release ON environment_locks (release_id);
