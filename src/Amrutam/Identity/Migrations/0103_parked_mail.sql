-- Why a letter cannot be sent. It then waits for an operator, and others are sent meanwhile. A server of the version
-- before this one looks at next_attempt_at alone, so that is when it would be tried: never.
alter table identity.outgoing_mails
    add column parked_because text,
    add constraint a_parked_mail_is_not_tried check (parked_because is null or next_attempt_at = 'infinity');
create index outgoing_mails_parked on identity.outgoing_mails (parked_because) where parked_because is not null;
