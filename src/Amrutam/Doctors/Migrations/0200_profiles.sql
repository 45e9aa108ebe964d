create schema doctors;
grant usage on schema doctors to amrutam_app;
alter default privileges in schema doctors grant select, insert, update, delete on tables to amrutam_app;

-- A doctor's profile has the id of the doctor's account: one account, one profile, one id to carry.
create table doctors.profiles (
    id uuid constraint one_profile_per_doctor primary key,
    full_name text not null,
    specialization text not null,
    experience int not null check (experience between 0 and 80),
    bio text not null,
    -- Codes, as hi; language_names has what they are called, so that a search for "Hindi" finds them.
    languages text[] not null default '{}',
    language_names text not null default '',
    fee_minor int check (fee_minor between 0 and 100000000),
    currency text not null default 'INR',
    registration_number text,
    -- The server's list of zones and PostgreSQL's may differ by a release. A zone that only the server knew would break
    -- every later query that asks for the doctor's date, so it is refused here.
    time_zone text not null default 'Asia/Kolkata' constraint time_zone_is_known
        check (timestamptz 'epoch' at time zone time_zone is not null),
    verified_at timestamptz,
    -- What the administrator told the doctor with the last decision; nobody else reads it.
    verification_note text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- What other modules may know of a doctor.
create view doctors.practitioners as
select id, full_name, specialization, time_zone, fee_minor, currency, verified_at is not null as verified
     from doctors.profiles;
grant select on doctors.practitioners to amrutam_app;
