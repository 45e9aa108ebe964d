-- An admin filters the log by action or kind a few times a day; each booking paid two index entries for it. New
-- bookings are the most frequent events. A page of them is read in the order of the log itself and passes few others.
create index events_of_an_action_but_booked on audit.events (action, at, position)
    where action not in ('bookings.booked', 'bookings.requested');
drop index audit.events_of_an_action;
alter index audit.events_of_an_action_but_booked rename to events_of_an_action;

create index events_of_a_kind_but_booking on audit.events (entity, at, position) where entity <> 'booking';
drop index audit.events_of_a_kind;
alter index audit.events_of_a_kind_but_booking rename to events_of_a_kind;
