-- What hooks of an environment are given: plain values as they are, secret ones sealed.
CREATE TABLE variables (
    environment_id  BIGINT NOT NULL REFERENCES environments (id) ON DELETE CASCADE,
    name            TEXT   NOT NULL,
    value           TEXT,
    sealed          BLOB,
    bytes           BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    updated_by_name TEXT   NOT NULL,
    PRIMARY KEY (environment_id, name)
);
