-- The epoch that new events get; whatever older epochs hold is settled.
create view platform.current_epoch as select max(epoch) as epoch from platform.event_epochs;
grant select on platform.current_epoch to amrutam_app;
