-- Which instance runs a command: what it ran when it ended is settled as soon as it is there again.
ALTER TABLE commands ADD COLUMN instance TEXT;
CREATE INDEX commands_running ON commands (lease_until) WHERE status = 'running';
