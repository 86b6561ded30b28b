-- Version 2: a recurring job's times each have a row of their own, as an app's old release and its new
-- one may run side by side; and what Procrastinate does to a job with a limit lets the next one go.

ALTER TABLE cron_ticks ADD COLUMN begun_at double precision;
UPDATE cron_ticks SET begun_at = last_run - 1;
ALTER TABLE cron_ticks ALTER COLUMN begun_at SET NOT NULL;
ALTER TABLE cron_ticks DROP CONSTRAINT cron_ticks_pkey;
ALTER TABLE cron_ticks ADD PRIMARY KEY (name, schedule);

-- The queue's own statements do so themselves, and name no status. One job frees one place.
CREATE FUNCTION let_the_next_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || OLD.limit_key, 0));
    UPDATE procrastinate_jobs SET held = 0
    WHERE state = 'ready' AND held = 1 AND id = (
        SELECT id FROM procrastinate_jobs
        WHERE limit_key = OLD.limit_key AND state IN ('ready', 'running') AND held = 1
        ORDER BY priority DESC, id LIMIT 1)
    AND limit_size > (
        SELECT count(*) FROM procrastinate_jobs
        WHERE limit_key = OLD.limit_key AND state IN ('ready', 'running') AND held = 0);
    RETURN NULL;
END
$$;

CREATE TRIGGER let_the_next_go_on
    AFTER UPDATE OF status ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.limit_key IS NOT NULL)
    EXECUTE FUNCTION let_the_next_go();

CREATE TRIGGER let_the_next_go_in
    AFTER DELETE ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.limit_key IS NOT NULL AND OLD.state IN ('ready', 'running'))
    EXECUTE FUNCTION let_the_next_go();
