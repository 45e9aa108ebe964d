-- Who closed their account is gone for others at once, whether or not their data is erased yet.
create or replace view identity.people as
select id, full_name, role, suspended_at, deletion_due_at is not null or erased_at is not null as gone
  from identity.users;
create index invitations_by_address on identity.invitations (lower(email));
