-- An account is active while it is neither suspended nor closed. Other modules ask this of one column.
create or replace view identity.people as
select id, full_name, role, suspended_at, deletion_due_at is not null or erased_at is not null as gone,
       suspended_at is null and deletion_due_at is null and erased_at is null as active
  from identity.users;
