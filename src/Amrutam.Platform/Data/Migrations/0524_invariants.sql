-- The last result of each rule of the data that is checked every minute, and in full each night. Its row's lock is the
-- turn: of two replicas one checks a rule.
create table platform.invariants (
    rule text primary key,
    -- Breaches that the last check found among what is recent, and that the last full one found.
    broken int not null default 0,
    broken_in_full int not null default 0,
    -- The ids of a few of them.
    examples text[] not null default '{}',
    checked_at timestamptz,
    -- A new rule waits for the night: the first start may be at the busiest hour.
    fully_checked_at timestamptz not null default now()
);
grant select, insert, update on platform.invariants to amrutam_app;

-- How far each reader has read, and what it passed over, for the modules that check their readers' effects; and where
-- each epoch of the log begins, for cursors that were given out.
create view platform.cursors as select name as reader, position from platform.event_readers;
create view platform.passed_over as select reader, position from platform.parked_events;
create view platform.epochs as select epoch, after_position from platform.event_epochs;
grant select on platform.cursors, platform.passed_over, platform.epochs to amrutam_app;
