-- Links that open the wall, by the SHA-256 of their keys.
CREATE TABLE wall_links (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    label           TEXT   NOT NULL,
    hash            BLOB   NOT NULL UNIQUE,
    created_by      BIGINT REFERENCES users (id) ON DELETE SET NULL,
    created_by_name TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    last_used_at    BIGINT
);
CREATE INDEX wall_links_by_user ON wall_links (created_by);

-- What the overview asks for, over and over: what is live in an environment, what ended last, what waits.
CREATE INDEX releases_live ON releases (environment_id, finished_at, id) WHERE status = 'succeeded';
CREATE INDEX releases_by_end ON releases (finished_at, id);
CREATE INDEX releases_by_status ON releases (status, id);
