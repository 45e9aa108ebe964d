-- As it was, but that the event it writes carries the trace of the job. Who calls it without one, a server of the
-- version before, may.
drop function audit.retire_partition(int);

-- Takes the oldest month that is due out of the log, one short step a call, and says which; null when none is due.
-- Writers wait for the last step alone, which touches catalogues and no row, and gives up after the lock timeout rather
-- than let them queue behind a long reader.
create function audit.retire_partition(older_than_months int, trace text default null) returns text language plpgsql
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
    insert into audit.events (actor_role, action, entity, details, trace_id)
    values ('system', 'event_months.retired', 'event_month', jsonb_build_object('month', substr(month, 8)), trace);
    return month || ' is retired';
end $$;
revoke all on function audit.retire_partition(int, text) from public;
grant execute on function audit.retire_partition(int, text) to amrutam_app;
