-- The patients whom no other account has: its own record and the dependants without another guardian. They leave with
-- the account.
create function patients.held_alone_by(account uuid) returns table (patient_id uuid) language sql stable as $$
    select h.patient_id from patients.held_by(account) h
     where not exists (
           select from patients.dependants d where d.patient_id = h.patient_id and d.account_id <> account)
$$;
