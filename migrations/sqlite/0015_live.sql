-- What was found on each server of an environment when it was last looked at.
CREATE TABLE live (
    environment_id BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    server_id      BIGINT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    state          TEXT   NOT NULL,
    -- What is wrong, as a word and in words (JSON); none where nothing is.
    code           TEXT,
    detail         TEXT,
    -- What `current` named, and the release that was known to have put it live.
    link           TEXT,
    release_id     BIGINT REFERENCES releases (id) ON DELETE SET NULL,
    -- The release that should have been live by the history as it was then, and since when; a later one makes the row old.
    expected_id    BIGINT REFERENCES releases (id) ON DELETE SET NULL,
    expected_at    BIGINT,
    -- Since when it is in this state, and when it was looked at.
    since          BIGINT NOT NULL,
    checked_at     BIGINT NOT NULL,
    -- The last comparison with the manifest: when, what the folder's names, sizes and times came to then, and what
    -- differed (JSON).
    files_at       BIGINT,
    files_mark     TEXT,
    files_detail   TEXT,
    PRIMARY KEY (environment_id, server_id)
);
CREATE INDEX live_by_server ON live (server_id);
CREATE INDEX live_by_release ON live (release_id);
CREATE INDEX live_by_expected ON live (expected_id);

-- Who looks at an environment now: of several instances one at a time.
CREATE TABLE live_looks (
    environment_id BIGINT NOT NULL PRIMARY KEY REFERENCES environments (id) ON DELETE CASCADE,
    begun_at       BIGINT NOT NULL,
    lease_until    BIGINT NOT NULL
);

-- Single commands that people ran on servers. `result` is what came of it on each server, as JSON.
CREATE TABLE commands (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id     BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    environment_id BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    command        TEXT   NOT NULL,
    timeout_s      BIGINT NOT NULL,
    servers        TEXT   NOT NULL,
    status         TEXT   NOT NULL,
    result         TEXT,
    created_by     BIGINT REFERENCES users (id) ON DELETE SET NULL,
    created_by_name TEXT  NOT NULL,
    started_at     BIGINT NOT NULL,
    finished_at    BIGINT,
    -- Until when the instance that runs it is believed to be there.
    lease_until    BIGINT NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX commands_by_environment ON commands (environment_id, id);
CREATE INDEX commands_by_project ON commands (project_id);
CREATE INDEX commands_by_user ON commands (created_by);
