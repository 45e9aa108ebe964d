-- Events that are older than the operator wants to search, month by month. Nothing is deleted, and the seal covers them
-- as before.
create table audit.retired_events (like audit.events) partition by range (at);
alter table audit.retired_events add primary key (at, position);
create index retired_events_by_position on audit.retired_events (position);
grant select on audit.retired_events to amrutam_app;

-- What the seal covers.
create view audit.every_event as
    select epoch, tx, position, at, actor_id, actor_role, action, entity, entity_id, details, trace_id
      from audit.events
    union all
    select epoch, tx, position, at, actor_id, actor_role, action, entity, entity_id, details, trace_id
      from audit.retired_events;
grant select on audit.every_event to amrutam_app;

-- A partition is made apart and then attached: to create it in its place would lock out every writer until the longest
-- reader is done.
create or replace function audit.make_partitions(months_behind int, months_ahead int) returns int
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
            execute format('create table audit.%I (like audit.events including defaults)',
                'events_' || to_char(first_day, 'YYYY_MM'));
            execute format('alter table audit.events attach partition audit.%I for values from (%L) to (%L)',
                'events_' || to_char(first_day, 'YYYY_MM'),
                first_day::timestamp at time zone 'UTC', (first_day + interval '1 month') at time zone 'UTC');
            made := made + 1;
        end if;
    end loop;
    return made;
end $$;

-- Takes the oldest month that is due out of the log, one short step a call, and says which; null when none is due.
-- Writers wait for the last step alone, which touches catalogues and no row, and gives up after the lock timeout rather
-- than let them queue behind a long reader.
create function audit.retire_partition(older_than_months int) returns text language plpgsql
    security definer set search_path = pg_catalog set lock_timeout = '200ms' as $$
declare
    month text;
    first_day date;
    lower_bound timestamptz;
    upper_bound timestamptz;
    validated boolean;
    unsealed boolean;
begin
    -- So that a server that is taken over cannot hide what happened lately.
    if older_than_months not between 12 and 1200 then
        raise exception 'events stay in the log for 12 to 1200 months';
    end if;
    perform pg_advisory_xact_lock(hashtext('audit.make_partitions'));
    select c.relname into month from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'audit.events'::regclass and c.relname ~ '^events_\d{4}_\d{2}$'
     order by c.relname limit 1;
    first_day := to_date(substr(month, 8), 'YYYY_MM');
    if month is null or first_day + interval '1 month' + make_interval(months => older_than_months)
        > now() at time zone 'UTC' then
        return null;
    end if;
    lower_bound := first_day::timestamp at time zone 'UTC';
    upper_bound := (first_day + interval '1 month') at time zone 'UTC';
    select c.convalidated into validated from pg_constraint c
     where c.conrelid = format('audit.%I', month)::regclass and c.conname = 'of_this_month';
    -- With this check in place the month is attached elsewhere without being read again under the lock.
    if validated is null then
        execute format('alter table audit.%I add constraint of_this_month check (at >= %L and at < %L) not valid',
            month, lower_bound, upper_bound);
        return month || ' is being bounded';
    end if;
    if not validated then
        execute format('alter table audit.%I validate constraint of_this_month', month);
        return month || ' is bounded';
    end if;
    -- The sealer looks into the log alone, so nothing leaves it unsealed.
    execute format('select exists (select from audit.%I where position > $1)', month)
       into unsealed using coalesce((select position from audit.seals order by number desc limit 1), 0);
    if unsealed then
        return null;
    end if;
    execute format('alter table audit.events detach partition audit.%I', month);
    execute format('alter table audit.retired_events attach partition audit.%I for values from (%L) to (%L)',
        month, lower_bound, upper_bound);
    insert into audit.events (actor_role, action, entity, details)
    values ('system', 'event_months.retired', 'event_month', jsonb_build_object('month', substr(month, 8)));
    return month || ' is retired';
end $$;
revoke all on function audit.retire_partition(int) from public;
grant execute on function audit.retire_partition(int) to amrutam_app;
