-- A challenge has one purpose: the answer to a sign-up cannot serve as a sign-in. Challenges live for five minutes.
delete from identity.passkey_challenges;
alter table identity.passkey_challenges
    add column purpose text not null check (purpose in ('sign_up', 'sign_in', 'add'));

alter table identity.invitations add column withdrawn_at timestamptz;

-- Until now an address could have several; the newest one stays open.
update identity.invitations i set withdrawn_at = now()
 where i.accepted_at is null and exists (
       select from identity.invitations newer
        where lower(newer.email) = lower(i.email) and newer.id > i.id and newer.accepted_at is null);
create unique index invitation_already_open on identity.invitations (lower(email))
 where accepted_at is null and withdrawn_at is null;

-- An invitation ends with its sender's right to invite.
create view identity.open_invitations as
select i.id, i.hash, i.email, i.role, i.invited_by, i.expires_at
  from identity.invitations i join identity.users sender on sender.id = i.invited_by
 where i.accepted_at is null and i.withdrawn_at is null and i.expires_at > now()
   and sender.role = 'admin' and sender.suspended_at is null and sender.deletion_due_at is null
   and sender.erased_at is null;
grant select on identity.open_invitations to amrutam_app;
