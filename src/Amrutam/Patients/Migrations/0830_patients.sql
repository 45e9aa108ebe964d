create schema patients;
grant usage on schema patients to amrutam_app;
alter default privileges in schema patients grant select, insert, update, delete on tables to amrutam_app;

-- The people who come, apart from the accounts that book for them. The own record of a patient's account has the id of
-- the account; dependants and callers have ids of their own.
create table patients.patients (
    id uuid primary key,
    -- Null while the account has no name, and after erasure.
    full_name text,
    -- A date of birth, or an age in years with the day on which it was said.
    birth_date date,
    age_years int check (age_years between 0 and 130),
    age_said_on date,
    sex text check (sex in ('female', 'male', 'other', 'unknown')),
    -- E.164.
    phone text constraint phone_is_international check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    city text,
    language text,
    emergency_name text,
    emergency_phone text constraint emergency_phone_is_international check (emergency_phone ~ '^\+[1-9][0-9]{6,14}$'),
    -- The account that registered the record: a guardian or staff; null for an own record.
    registered_by uuid,
    -- The record that took this one's place, when an admin found that both are of one person.
    merged_into uuid references patients.patients,
    revision int not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint age_is_said_once check (birth_date is null or age_years is null),
    constraint age_has_its_day check ((age_years is null) = (age_said_on is null)),
    constraint nobody_is_merged_into_themself check (merged_into <> id)
);
create index patients_merged on patients.patients (merged_into) where merged_into is not null;

-- The dependants of an account. Two guardians may have one child.
create table patients.guardians (
    patient_id uuid not null references patients.patients,
    account_id uuid not null,
    -- The relation of the patient to the account's holder.
    relation text not null check (relation in ('child', 'parent', 'spouse', 'other')),
    -- When the patient, grown up, agreed that the account goes on to book for them.
    agreed_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (patient_id, account_id),
    constraint nobody_is_their_own_dependant check (patient_id <> account_id)
);
create index patients_of_an_account on patients.guardians (account_id, patient_id);

-- A guardian's consent for a patient under 18. It stays as long as the patient.
create table patients.consents (
    id uuid primary key,
    patient_id uuid not null references patients.patients,
    account_id uuid not null,
    -- The text that the guardian read.
    text_version text not null,
    -- How the guardian was known: by the session alone, or by a second factor too.
    verified_by text not null check (verified_by in ('session', 'second_factor')),
    accepted_at timestamptz not null default now()
);
create index consents_of_a_patient on patients.consents (patient_id);
create index consents_of_an_account on patients.consents (account_id);

-- The age in completed years by the date in UTC, from a date of birth or from an age that was said; null if neither is
-- known. Who was born on 29 February is a year older on 1 March.
create function patients.age(birth_date date, age_years int, age_said_on date) returns int
language sql stable parallel safe
    return greatest(0, extract(year from age((statement_timestamp() at time zone 'UTC')::date,
        coalesce(birth_date, age_said_on)))::int + coalesce(age_years, 0));

-- The data of a patient that other modules show to doctors, the desk and admins.
create view patients.people as
select id, full_name, birth_date, patients.age(birth_date, age_years, age_said_on) as age, sex, phone, city, language,
       registered_by
  from patients.patients;
grant select on patients.people to amrutam_app;

-- The links that other modules may know. The functions below read views, so that every module may call them.
create view patients.dependants as select patient_id, account_id, relation, agreed_at from patients.guardians;
grant select on patients.dependants to amrutam_app;

-- The patients whom an account has: its own record and its dependants.
create function patients.held_by(account uuid)
returns table (patient_id uuid, relation text, agreed_at timestamptz) language sql stable as $$
    select account, 'self', null::timestamptz
    union all
    select d.patient_id, d.relation, d.agreed_at from patients.dependants d where d.account_id = account
$$;

-- Whether an account has a patient: it may read, move and cancel the bookings of the patient. A caller writes
-- "account = patient or patients.holds(account, patient)", which reads no table for the account's own.
create function patients.holds(account uuid, patient uuid) returns boolean language sql stable as $$
    select account = patient or exists (select from patients.held_by(account) h where h.patient_id = patient)
$$;

-- The reason why an account may not book for a patient, or null: the patient is another account's, or a child who is
-- grown up and has not agreed yet. It reads no table for the account's own.
create function patients.refusal_to_book_for(account uuid, patient uuid) returns text language sql stable as $$
    select case when account = patient then null
                when not patients.holds(account, patient) then 'not_found'
                when exists (
                    select from patients.dependants d join patients.people p on p.id = d.patient_id
                     where d.account_id = account and d.patient_id = patient and d.relation = 'child'
                       and d.agreed_at is null and p.age >= 18) then 'patient_is_of_age' end
$$;

-- The own record comes with the account and takes its name. Triggers keep it, because accounts are made by several
-- ways, by the command line and by servers of the previous version too.
create function patients.keep_own_record() returns trigger language plpgsql as $$
begin
    insert into patients.patients (id, full_name) values (new.id, new.full_name)
    on conflict (id) do update
       set full_name = excluded.full_name, revision = patients.revision + 1, updated_at = now()
     where patients.full_name is distinct from excluded.full_name;
    return null;
end $$;
create trigger own_record_of_an_account after insert on identity.users
    for each row when (new.role = 'patient') execute function patients.keep_own_record();
create trigger own_record_of_a_changed_account after update of role, full_name on identity.users
    for each row when (new.role = 'patient' and (old.role, old.full_name) is distinct from (new.role, new.full_name))
    execute function patients.keep_own_record();

insert into patients.patients (id, full_name, created_at)
select id, full_name, created_at from identity.users where role = 'patient'
on conflict (id) do nothing;
