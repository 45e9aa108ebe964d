-- Whoever looks for "any doctor of this field" finds them here, whatever the case of the letters.
create index profiles_by_specialization on doctors.profiles (lower(specialization), id);
