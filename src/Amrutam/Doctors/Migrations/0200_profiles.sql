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
    languages text[] not null default '{}',
    fee_minor int check (fee_minor >= 0),
    currency text not null default 'INR',
    registration_number text,
    time_zone text not null default 'Asia/Kolkata',
    verified_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- What other modules may know of a doctor.
create view doctors.practitioners as
select id, full_name, specialization, time_zone, fee_minor, currency, verified_at is not null as verified
     from doctors.profiles;
grant select on doctors.practitioners to amrutam_app;
