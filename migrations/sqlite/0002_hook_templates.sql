-- Named hook bodies, and the hooks that a project's releases start with.
-- The PostgreSQL twin of every file stands in ../postgres under the same name.

CREATE TABLE hook_templates (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT   NOT NULL UNIQUE,
    description TEXT,
    -- The point that it is written for; absent where it fits any.
    point       TEXT,
    body        TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);

ALTER TABLE projects ADD COLUMN hooks TEXT NOT NULL DEFAULT '{}';
