-- How releases proceed in an environment, as JSON; what is left out is as it was before.
ALTER TABLE environments ADD COLUMN policy TEXT NOT NULL DEFAULT '{}';

-- Where a release's tree came from, if from another environment.
ALTER TABLE releases ADD COLUMN promoted_from BIGINT REFERENCES releases (id);
-- Why a rule of the policy was broken for it, in the words of who broke it.
ALTER TABLE releases ADD COLUMN exception TEXT;
-- When it is to start; it stands in the queue until then.
ALTER TABLE releases ADD COLUMN start_at BIGINT;
-- Between which batches it waits, as JSON; none where it does not.
ALTER TABLE releases ADD COLUMN hold TEXT;
