-- The desk finds patients by a part of the name or the phone, or by the date of birth.
create index patients_by_name on patients.patients using gin (upper(full_name) gin_trgm_ops);
create index patients_by_phone on patients.patients using gin (phone gin_trgm_ops);
create index patients_by_birth_date on patients.patients (birth_date) where birth_date is not null;
