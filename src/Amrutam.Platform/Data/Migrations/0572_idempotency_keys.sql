-- Every module stores responses under idempotency keys, so the table is Platform's.
alter table scheduling.idempotency_keys set schema platform;
grant select, insert, update, delete on platform.idempotency_keys to amrutam_app;

-- The previous version of the server runs beside this one during an upgrade. It inserts, updates, locks and deletes by
-- row address (ctid) through this view.
create view scheduling.idempotency_keys as
select user_id, route, key, fingerprint, status, body, location, booking_id, created_at, replayed_at, ctid
  from platform.idempotency_keys;
grant select, insert, update, delete on scheduling.idempotency_keys to amrutam_app;

-- The response that a key stands for, and whether the request may have it: null refusal means a new key.
-- offset 0 keeps one lookup by the whole primary key for each request, also in a plan that was made on an empty table.
create function platform.stored_response(of_user uuid, of_route text, of_key text, of_fingerprint bytea)
returns table (address tid, verdict text, status int, body text, location text) language sql stable as $$
    select k.ctid, case when k.fingerprint = of_fingerprint then 'replayed' else 'idempotency_key_reused' end,
           k.status, k.body, k.location
      from platform.idempotency_keys k
     where k.user_id = of_user and k.route = of_route and k.key = of_key offset 0
$$;
