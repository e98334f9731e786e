-- Who changed or tried what. Rows are only ever added; each has the hash of the one before, so nothing here refers to
-- other tables: what an entry says stays as it was.
CREATE TABLE audit (
    seq         INTEGER NOT NULL PRIMARY KEY,
    -- The form in which it is hashed.
    version     BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    user_id     BIGINT,
    who         TEXT   NOT NULL,
    via         TEXT   NOT NULL,
    token       TEXT,
    address     TEXT,
    what        TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    thing_id    BIGINT,
    name        TEXT   NOT NULL,
    project_id  BIGINT,
    before_json TEXT,
    after_json  TEXT,
    prev        TEXT   NOT NULL,
    hash        TEXT   NOT NULL,
    -- Made with the master key over the hash: nobody else can write the chain anew.
    seal        BLOB
);
CREATE INDEX audit_by_time ON audit (at, seq);
CREATE INDEX audit_by_project ON audit (project_id, seq);
CREATE INDEX audit_by_thing ON audit (kind, thing_id, seq);
CREATE INDEX audit_by_user ON audit (user_id, seq);

-- The last entry: its number, its hash, and a seal over both, so that missing newest entries are noticed too.
CREATE TABLE audit_head (
    id   BIGINT NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash TEXT   NOT NULL,
    seal BLOB
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');
