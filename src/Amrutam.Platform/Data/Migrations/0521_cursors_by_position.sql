-- A cursor of the old order names no place in the new one. Every reader begins again, and the migrations of the modules
-- that have one clear its effects.
delete from platform.parked_events;
alter table platform.parked_events drop column epoch, drop column tx, add primary key (reader, position);
alter table platform.event_readers drop column epoch, drop column tx;
update platform.event_readers set position = 0, tries = 0;

-- Within one database positions only rise, also over a restore. A cursor that was given out (the feed) may be ahead of
-- a database that was restored from an earlier time: what came after that time in its epoch is not there any more.
alter table platform.event_epochs add after_position bigint not null default 0;

-- Opens a new epoch when this cluster is not the one that the last epoch was opened in.
create or replace function platform.open_event_epoch() returns int language plpgsql as $$
declare
    last platform.event_epochs;
    here bigint := (select system_identifier from pg_control_system());
begin
    select * into strict last from platform.event_epochs order by epoch desc limit 1;
    if last.system_identifier = here then
        return last.epoch;
    end if;
    insert into platform.event_epochs (epoch, system_identifier, after_position)
    values (last.epoch + 1, here,
            coalesce((select position from audit.events order by position desc limit 1), 0));
    execute format('alter table audit.events alter column epoch set default %s', last.epoch + 1);
    return last.epoch + 1;
end $$;
