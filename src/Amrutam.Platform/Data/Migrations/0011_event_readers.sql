-- How far each reader of the event log has come. The row's lock is the reader's turn: of two replicas one reads.
create table platform.event_readers (
    name text primary key,
    epoch int not null default 0,
    tx xid8 not null default '0',
    position bigint not null default 0,
    -- How often the event after the cursor has failed; counted apart, because the failure rolls its own transaction
    -- back.
    tries int not null default 0,
    moved_at timestamptz not null default now()
) with (fillfactor = 50);

-- Events that a reader could not apply and has gone past.
create table platform.parked_events (
    reader text not null references platform.event_readers,
    epoch int not null,
    tx xid8 not null,
    position bigint not null,
    error text not null,
    parked_at timestamptz not null default now(),
    primary key (reader, epoch, position)
);

-- A logical restore brings the rows of one cluster into another, whose transaction counter is behind them. Within an
-- epoch the counter is one cluster's own; what older epochs hold was settled before it was copied.
create table platform.event_epochs (
    epoch int primary key,
    system_identifier bigint not null,
    opened_at timestamptz not null default now()
);
insert into platform.event_epochs (epoch, system_identifier) select 1, system_identifier from pg_control_system();

-- Opens a new epoch when this cluster is not the one that the last epoch was opened in.
create function platform.open_event_epoch() returns int language plpgsql as $$
declare
    last platform.event_epochs;
    here bigint := (select system_identifier from pg_control_system());
begin
    select * into strict last from platform.event_epochs order by epoch desc limit 1;
    if last.system_identifier = here then
        return last.epoch;
    end if;
    insert into platform.event_epochs (epoch, system_identifier) values (last.epoch + 1, here);
    execute format('alter table audit.events alter column epoch set default %s', last.epoch + 1);
    return last.epoch + 1;
end $$;
revoke all on function platform.open_event_epoch() from public;

grant select, insert, update on platform.event_readers to amrutam_app;
grant select, insert, delete on platform.parked_events to amrutam_app;
grant select on platform.event_epochs to amrutam_app;
