-- People who can be written to: the account is active, and its owner has proved that the address is theirs.
create view identity.reachable_people as
select id, email, full_name from identity.users
 where email_confirmed and suspended_at is null and deletion_due_at is null and erased_at is null;
grant select on identity.reachable_people to amrutam_app;
