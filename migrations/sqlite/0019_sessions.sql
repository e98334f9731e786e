-- Sessions that their owner sees: a number to name each by, since when it is, and by what it was last used. The column
-- of the number cannot be added to a table that is there, so the table is made anew.
CREATE TABLE browser_sessions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The SHA-256 of what the cookie holds.
    digest     TEXT   NOT NULL UNIQUE,
    user_id    BIGINT REFERENCES users (id) ON DELETE CASCADE,
    data       BLOB   NOT NULL,
    created_at BIGINT NOT NULL,
    -- When it was last used, to within a minute, and from where; none where that was before this table.
    used_at    BIGINT,
    address    TEXT,
    -- What the browser called itself when it signed in.
    agent      TEXT,
    expires_at BIGINT NOT NULL
);
-- Since when the older ones are is not known: since this table is.
INSERT INTO browser_sessions (digest, user_id, data, created_at, expires_at)
    SELECT id, user_id, data, CAST(strftime('%s', 'now') AS INTEGER) * 1000, expires_at FROM sessions ORDER BY expires_at;
DROP TABLE sessions;
CREATE INDEX browser_sessions_by_expiry ON browser_sessions (expires_at);
CREATE INDEX browser_sessions_by_user ON browser_sessions (user_id, id);
