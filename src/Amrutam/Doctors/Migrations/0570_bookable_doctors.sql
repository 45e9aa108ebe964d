-- A doctor may practise while their account is an active doctor's. The account is a subquery, so that only a statement
-- that asks for the column pays the lookup, and no plan reads all accounts.
create or replace view doctors.practitioners as
select d.id, d.full_name, d.specialization, d.time_zone, d.fee_minor, d.currency,
       d.verified_at is not null as verified,
       coalesce((select p.active and p.role = 'doctor' from identity.people p where p.id = d.id), false)
           as may_practise
  from doctors.profiles d;

-- The doctors that are listed and booked. Every route of the directory and of the calendar selects from this one rule.
create function doctors.bookable_doctors(verified_only boolean) returns setof doctors.practitioners
language sql stable as $$
    select d.* from doctors.practitioners d where d.may_practise and (d.verified or not verified_only)
$$;
