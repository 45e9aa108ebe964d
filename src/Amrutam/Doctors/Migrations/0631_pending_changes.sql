-- A verification vouches for the name, specialization, experience and registration as they are shown. New values for
-- these wait here until an administrator decides; those that were verified stay shown.
alter table doctors.profiles
    add registration_council text,
    add pending jsonb,
    add pending_since timestamptz,
    -- Changes of the profile within the hour that began then, for the limit.
    add changes int not null default 0,
    add changes_since timestamptz,
    -- True for a number that another doctor had already when the rule below came; a new number ends it.
    add registration_disputed boolean not null default false;

-- Punctuation, spaces and case do not make another number. No council is named: one for all who name none.
create function doctors.registration_key(council text, number text) returns text
language sql immutable parallel safe
return upper(regexp_replace(normalize(coalesce(council, ''), nfkc), '[^[:alnum:]]', '', 'g')) || ' '
    || upper(regexp_replace(normalize(number, nfkc), '[^[:alnum:]]', '', 'g'));

update doctors.profiles p set registration_disputed = true
  from (select id, row_number() over (
                   partition by doctors.registration_key(null, registration_number)
                   order by verified_at nulls last, created_at, id) as place
          from doctors.profiles where registration_number is not null) held
 where held.id = p.id and held.place > 1;
create unique index one_doctor_per_registration
    on doctors.profiles (doctors.registration_key(registration_council, registration_number))
 where registration_number is not null and not registration_disputed;

-- The profiles that wait for an administrator, longest first.
create index profiles_to_decide on doctors.profiles (coalesce(pending_since, created_at), id)
 where verified_at is null or pending is not null;
