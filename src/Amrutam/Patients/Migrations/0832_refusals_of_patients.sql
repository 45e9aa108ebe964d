-- The reason has a code of its own: 'not_found' is about a slot, and answers every request for the slot.
create or replace function patients.refusal_to_book_for(account uuid, patient uuid) returns text
language sql stable as $$
    select case when account = patient then null
                when not patients.holds(account, patient) then 'patient_not_found'
                when exists (
                    select from patients.dependants d join patients.people p on p.id = d.patient_id
                     where d.account_id = account and d.patient_id = patient and d.relation = 'child'
                       and d.agreed_at is null and p.age >= 18) then 'patient_is_of_age' end
$$;
