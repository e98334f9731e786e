-- Whose tree a release brings live: its own id, or that of the release that it goes back to. Known once it is planned.
ALTER TABLE releases ADD COLUMN tree_of BIGINT;
UPDATE releases SET tree_of = COALESCE(rollback_of, id) WHERE frozen IS NOT NULL;
-- Whether a commit was tested is asked at every start.
CREATE INDEX releases_by_commit ON releases (project_id, commit_hash);
