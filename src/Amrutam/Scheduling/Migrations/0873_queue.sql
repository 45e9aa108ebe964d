-- The people who are at the clinic, by their doctor and the date in the doctor's time zone. The row of a day gives the
-- tokens: it is locked until the end of the transaction, so no token is given twice.
create table scheduling.queues (
    doctor_id uuid not null,
    day date not null,
    last_token int not null check (last_token > 0),
    primary key (doctor_id, day)
);

create table scheduling.queue_entries (
    id uuid primary key,
    doctor_id uuid not null,
    day date not null,
    token int not null check (token > 0),
    patient_id uuid not null,
    -- The visit; null for a walk-in without a slot.
    booking_id uuid references scheduling.bookings constraint one_place_in_a_queue unique,
    -- True for a patient who came without a booking.
    walked_in boolean not null,
    arrived_at timestamptz not null default now(),
    called_at timestamptz,
    constraint token_is_given_once unique (doctor_id, day, token),
    constraint nobody_is_called_before_they_come check (called_at >= arrived_at)
);
grant select, insert, update, delete on scheduling.queues, scheduling.queue_entries to amrutam_app;
create index queue_entries_of_a_patient on scheduling.queue_entries (patient_id);

-- Takes the next token of a doctor's day, and keeps the day locked.
create function scheduling.take_token(doctor uuid, on_day date) returns int language sql volatile as $$
    insert into scheduling.queues as q (doctor_id, day, last_token) values (doctor, on_day, 1)
    on conflict (doctor_id, day) do update set last_token = q.last_token + 1
    returning last_token
$$;

-- The patients who wait for a doctor, in the order in which they are called: those with a booking who came by its
-- start, by that start; then all others by their arrival. Nobody waits for a visit that is moved, cancelled or started.
create function scheduling.queue_of(doctor uuid, on_day date) returns table (id uuid, patient_id uuid, place bigint)
language sql stable as $$
    select e.id, e.patient_id, row_number() over (
               order by case when not e.walked_in and e.arrived_at <= b.starts_at then b.starts_at end nulls last,
                     e.arrived_at, e.token)
      from scheduling.queue_entries e left join scheduling.bookings b on b.id = e.booking_id
     where e.doctor_id = doctor and e.day = on_day and e.called_at is null
       and (e.booking_id is null or (b.doctor_id = doctor
            and (b.status = 'checked_in' or (e.walked_in and b.status in ('requested', 'confirmed')))))
$$;

-- How many patients a doctor sees a day who come without a booking; 0 for none.
alter table scheduling.booking_policies add column walk_ins_per_day int not null default 10
    check (walk_ins_per_day between 0 and 200);

create function scheduling.walk_ins_left(doctor uuid, on_day date) returns int language sql stable as $$
    select coalesce((select p.walk_ins_per_day from scheduling.booking_policies p where p.doctor_id = doctor), 10)
           - (select count(*) from scheduling.queue_entries e
               where e.doctor_id = doctor and e.day = on_day and e.walked_in)::int
$$;
