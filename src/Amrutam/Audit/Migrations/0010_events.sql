create schema audit;
grant usage on schema audit to amrutam_app;

-- Every change of the system, written in the statement that makes it. Append-only: the server may insert and read, no
-- more.
create table audit.events (
    position bigint generated always as identity,
    -- Readers go by (epoch, tx, position): identity values become visible out of order, transactions below xmin do not.
    -- A restored cluster counts its transactions from the start, so it opens a new epoch by changing this default.
    epoch int not null default 1,
    tx xid8 not null default pg_current_xact_id(),
    at timestamptz not null default now(),
    actor_id uuid,
    actor_role text,
    action text not null,
    entity text not null,
    entity_id uuid,
    details jsonb,
    trace_id text,
    primary key (at, position)
) partition by range (at);

create index events_in_order on audit.events (epoch, tx, position);

-- One for each question of GET /api/admin/audit, in the order of its answer, so that a page is read from the index's
-- end.
create index events_of_an_entity on audit.events (entity_id, at, position) where entity_id is not null;
create index events_of_an_actor on audit.events (actor_id, at, position) where actor_id is not null;
create index events_of_an_action on audit.events (action, at, position);
create index events_of_a_kind on audit.events (entity, at, position);

-- Positions rise with the heap, so a few pages of summary find one row; a tree would cost every writer.
create index events_by_position on audit.events using brin (position) with (pages_per_range = 32, autosummarize = on);

grant select, insert on audit.events to amrutam_app;

-- Makes the partitions of the months around this one. Runs as the owner, so that the server may call it and still owns
-- no table. Months behind are for histories that are brought along: demo data, an import.
create function audit.make_partitions(months_behind int, months_ahead int) returns int
language plpgsql
    security definer set search_path = pg_catalog as $$
declare
    first_day date;
    made int := 0;
begin
    if months_behind not between 0 and 120 or months_ahead not between 0 and 120 then
        raise exception 'partitions are made at most 120 months away';
    end if;
    -- Two servers that start at once must not both find a month missing.
    perform pg_advisory_xact_lock(hashtext('audit.make_partitions'));
    for i in -months_behind .. months_ahead loop
        first_day := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => i))::date;
        if to_regclass(format('audit.events_%s', to_char(first_day, 'YYYY_MM'))) is null then
            execute format('create table audit.%I partition of audit.events for values from (%L) to (%L)',
                'events_' || to_char(first_day, 'YYYY_MM'),
                first_day::timestamp at time zone 'UTC', (first_day + interval '1 month') at time zone 'UTC');
            made := made + 1;
        end if;
    end loop;
    return made;
end $$;
revoke all on function audit.make_partitions(int, int) from public;
grant execute on function audit.make_partitions(int, int) to amrutam_app;

select audit.make_partitions(1, 3);
