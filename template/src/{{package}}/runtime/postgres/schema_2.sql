-- Version 2: a recurring job's times each have a row of their own, as an app's old release and its new
-- one may run side by side; and what Procrastinate does to a job with a limit lets the next one go.

ALTER TABLE cron_ticks ADD COLUMN begun_at double precision;
UPDATE cron_ticks SET begun_at = last_run - 1;
ALTER TABLE cron_ticks ALTER COLUMN begun_at SET NOT NULL;
ALTER TABLE cron_ticks DROP CONSTRAINT cron_ticks_pkey;
ALTER TABLE cron_ticks ADD PRIMARY KEY (name, schedule);

-- As the queue's own statements do, which name no status. Who has locked a job does so after this.
CREATE FUNCTION let_the_next_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || OLD.limit_key, 0));
    UPDATE procrastinate_jobs SET held = 0 WHERE id IN (
        SELECT id FROM procrastinate_jobs
        WHERE limit_key = OLD.limit_key AND state = 'ready' AND held = 1
        ORDER BY priority DESC, id
        LIMIT greatest(0, coalesce(
            (SELECT limit_size FROM procrastinate_jobs
             WHERE limit_key = OLD.limit_key AND state IN ('ready', 'running')
             ORDER BY id DESC LIMIT 1), 0)
          - (SELECT count(*) FROM procrastinate_jobs
             WHERE limit_key = OLD.limit_key AND state IN ('ready', 'running') AND held = 0))
        FOR UPDATE SKIP LOCKED);
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
