-- Declined and expired requests are no cancellations, and an erased account is nobody. The roll-up counts these apart
-- from now on; what it counted before is corrected here.
with latest as (
    select distinct on (entity_id) entity_id, action
      from audit.actions
     where action in ('bookings.cancelled', 'bookings.declined', 'bookings.expired')
     order by entity_id, position desc),
corrected as (
    update analytics.bookings b set outcome = substr(l.action, length('bookings.') + 1)
      from latest l
     where l.entity_id = b.id and b.outcome = 'cancelled' and l.action <> 'bookings.cancelled'
    returning b.booked_on, b.outcome),
moved as (
    select outcome as key, booked_on as day, count(*) as n from corrected group by 1, 2
    union all
    select 'cancelled', booked_on, -count(*) from corrected group by booked_on)
insert into analytics.daily as d (measure, key, day, n)
select 'bookings', key, day, n from moved
on conflict (measure, key, day) do update set n = d.n + excluded.n;

insert into analytics.daily as d (measure, key, day, n)
select 'accounts', p.role, (a.at at time zone 'Asia/Kolkata')::date, -count(*)
  from audit.actions a join identity.people p on p.id = a.entity_id
 where a.action = 'accounts.erased'
   and a.position <= (select r.position from platform.event_readers r where r.name = 'analytics')
 group by 2, 3
on conflict (measure, key, day) do update set n = d.n + excluded.n;
