-- Who waits to be verified, longest first: few at a time among all the doctors there are.
create index profiles_to_verify on doctors.profiles (created_at, id) where verified_at is null;
