-- A thing outlives its events' months in the searched log; whoever checks that the two agree must still find them.
create or replace view audit.actions as
    select position, at, actor_id, action, entity, entity_id from audit.events
    union all
    select position, at, actor_id, action, entity, entity_id from audit.retired_events;
