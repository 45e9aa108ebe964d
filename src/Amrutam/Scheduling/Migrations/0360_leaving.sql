-- Time off that began because the doctor closed their account: withdrawn when they come back before it is erased.
alter table scheduling.time_off add leaving boolean not null default false;
create unique index one_leave_per_doctor on scheduling.time_off (doctor_id) where leaving;
