-- Roles in projects, invitations, what tokens allow, and whose credentials and servers are.

ALTER TABLE users ADD COLUMN deactivated_at BIGINT;

-- What somebody is trusted with in one project, beyond what they are trusted with everywhere.
CREATE TABLE memberships (
    user_id    BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    role       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, project_id)
);
CREATE INDEX memberships_by_project ON memberships (project_id);

-- A one-time link by which somebody chooses their password; only the digest of its key is kept.
CREATE TABLE invitations (
    user_id    BIGINT NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    hash       BLOB   NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

ALTER TABLE tokens ADD COLUMN scope TEXT NOT NULL DEFAULT 'administer';
ALTER TABLE tokens ADD COLUMN project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE;
ALTER TABLE tokens ADD COLUMN expires_at BIGINT;
CREATE INDEX tokens_by_project ON tokens (project_id);

-- Those of one project; the others are everybody's.
ALTER TABLE credentials ADD COLUMN project_id BIGINT REFERENCES projects (id);
ALTER TABLE servers ADD COLUMN project_id BIGINT REFERENCES projects (id);
CREATE INDEX credentials_by_project ON credentials (project_id);
CREATE INDEX servers_by_project ON servers (project_id);
