-- Where the lines of the logs are: one row for each chunk, in the order in which a release's chunks were written.
-- Apart from the chunks, whose rows are long: whoever looks for a line reads none of them.
CREATE TABLE log_index (
    release_id   BIGINT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    ordinal      BIGINT NOT NULL,
    node_key     TEXT   NOT NULL,
    attempt      BIGINT NOT NULL,
    from_byte    BIGINT NOT NULL,
    server_id    BIGINT,
    -- How many lines begin in the chunk; how many bytes the line has already with which it begins, and how many the
    -- one has with which it ends (0: none is open).
    lines        BIGINT NOT NULL,
    open_before  BIGINT NOT NULL,
    open_after   BIGINT NOT NULL,
    -- How many lines begin before it: in this run, in all runs of the node, on the server, in the release.
    attempt_line BIGINT NOT NULL,
    node_line    BIGINT NOT NULL,
    server_line  BIGINT NOT NULL,
    release_line BIGINT NOT NULL,
    PRIMARY KEY (release_id, ordinal)
);
CREATE INDEX log_index_by_attempt ON log_index (release_id, node_key, attempt, attempt_line, ordinal);
CREATE INDEX log_index_by_node ON log_index (release_id, node_key, node_line, ordinal);
CREATE INDEX log_index_by_server ON log_index (release_id, server_id, server_line, ordinal) WHERE server_id IS NOT NULL;
CREATE INDEX log_index_by_release ON log_index (release_id, release_line, ordinal);

-- Releases whose chunks are older than the index: each is indexed when somebody first asks for its lines.
CREATE TABLE log_unindexed (
    release_id BIGINT NOT NULL PRIMARY KEY REFERENCES releases (id) ON DELETE CASCADE
);
INSERT INTO log_unindexed (release_id) SELECT DISTINCT release_id FROM log_chunks;
