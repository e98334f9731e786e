-- Times are milliseconds since 1970 UTC, flags are 0 or 1, structured values are JSON text.
-- The PostgreSQL twin of every file stands in ../postgres under the same name.

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    name          TEXT   NOT NULL UNIQUE,
    password_hash TEXT   NOT NULL,
    role          TEXT   NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE sessions (
    id         TEXT   NOT NULL PRIMARY KEY,
    user_id    BIGINT REFERENCES users (id) ON DELETE CASCADE,
    data       BLOB   NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE tokens (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id      BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    label        TEXT   NOT NULL,
    hash         BLOB   NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX tokens_by_user ON tokens (user_id);

CREATE TABLE credentials (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT   NOT NULL UNIQUE,
    kind           TEXT   NOT NULL,
    username       TEXT   NOT NULL,
    sealed         BLOB   NOT NULL,
    has_passphrase BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);

CREATE TABLE servers (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    hostname      TEXT   NOT NULL UNIQUE,
    address       TEXT   NOT NULL,
    port          BIGINT NOT NULL,
    credential_id BIGINT NOT NULL REFERENCES credentials (id),
    tags          TEXT   NOT NULL,
    host_key      TEXT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);
CREATE INDEX servers_by_credential ON servers (credential_id);

CREATE TABLE projects (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    title         TEXT   NOT NULL UNIQUE,
    repo_url      TEXT   NOT NULL,
    credential_id BIGINT REFERENCES credentials (id),
    host_key      TEXT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL
);
CREATE INDEX projects_by_credential ON projects (credential_id);

CREATE TABLE environments (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id   BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name         TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    path         TEXT   NOT NULL,
    package_root TEXT,
    keep         BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    UNIQUE (project_id, name)
);

CREATE TABLE environment_servers (
    environment_id BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    server_id      BIGINT NOT NULL REFERENCES servers (id),
    position       BIGINT NOT NULL,
    PRIMARY KEY (environment_id, server_id)
);
CREATE INDEX environment_servers_by_server ON environment_servers (server_id);

CREATE TABLE releases (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    kind             TEXT   NOT NULL,
    project_id       BIGINT NOT NULL REFERENCES projects (id),
    environment_id   BIGINT NOT NULL REFERENCES environments (id),
    ref_kind         TEXT   NOT NULL,
    ref_name         TEXT   NOT NULL,
    commit_hash      TEXT   NOT NULL,
    hooks            TEXT   NOT NULL,
    note             TEXT,
    rollback_of      BIGINT REFERENCES releases (id),
    status           TEXT   NOT NULL,
    error            TEXT,
    cancel_requested BIGINT NOT NULL DEFAULT 0,
    created_by       BIGINT REFERENCES users (id) ON DELETE SET NULL,
    created_by_name  TEXT   NOT NULL,
    created_at       BIGINT NOT NULL,
    queued_at        BIGINT,
    started_at       BIGINT,
    finished_at      BIGINT,
    -- What the release runs with, as it was when it first started.
    frozen           TEXT,
    -- The lease: who runs it, in which term, until when.
    instance         TEXT,
    epoch            BIGINT NOT NULL DEFAULT 0,
    lease_until      BIGINT NOT NULL DEFAULT 0
);
-- One release at a time per environment, whatever the program does.
CREATE UNIQUE INDEX releases_one_running ON releases (environment_id) WHERE status = 'running';
CREATE INDEX releases_queue ON releases (queued_at, id) WHERE status = 'queued';
CREATE INDEX releases_by_project ON releases (project_id, id);
CREATE INDEX releases_by_environment ON releases (environment_id, id);
CREATE INDEX releases_by_user ON releases (created_by);

CREATE TABLE nodes (
    release_id  BIGINT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    node_key    TEXT   NOT NULL,
    position    BIGINT NOT NULL,
    parent      TEXT,
    kind        TEXT   NOT NULL,
    server_id   BIGINT,
    label       TEXT   NOT NULL,
    status      TEXT   NOT NULL,
    attempt     BIGINT NOT NULL,
    started_at  BIGINT,
    finished_at BIGINT,
    exit_status BIGINT,
    message     TEXT,
    -- A step's private notes, for recovery after a crash.
    checkpoint  TEXT,
    PRIMARY KEY (release_id, node_key)
);

-- Logs as bytes (always UTF-8): a hook may print a NUL, which PostgreSQL's TEXT refuses.
CREATE TABLE log_chunks (
    release_id BIGINT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    node_key   TEXT   NOT NULL,
    attempt    BIGINT NOT NULL,
    from_byte  BIGINT NOT NULL,
    to_byte    BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    stream     TEXT   NOT NULL,
    body       BLOB   NOT NULL,
    PRIMARY KEY (release_id, node_key, attempt, from_byte)
);

-- The last number given out, and the last one that is no longer kept.
CREATE TABLE feed_head (
    id      BIGINT NOT NULL PRIMARY KEY,
    seq     BIGINT NOT NULL,
    trimmed BIGINT NOT NULL
);
INSERT INTO feed_head (id, seq, trimmed) VALUES (1, 0, 0);

CREATE TABLE events (
    seq        INTEGER NOT NULL PRIMARY KEY,
    release_id BIGINT  NOT NULL,
    project_id BIGINT  NOT NULL,
    -- Whether those who listen to the project or to the wall are told.
    is_public  BIGINT  NOT NULL,
    at         BIGINT  NOT NULL,
    body       TEXT    NOT NULL
);
CREATE INDEX events_by_release ON events (release_id, seq);
