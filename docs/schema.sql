-- Made from the migrations by pg_dump; reviewed, not edited.

CREATE SCHEMA analytics;

CREATE SCHEMA audit;

CREATE SCHEMA doctors;

CREATE SCHEMA identity;

CREATE SCHEMA notifications;

CREATE SCHEMA patients;

CREATE SCHEMA platform;

CREATE SCHEMA scheduling;

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;

COMMENT ON EXTENSION btree_gist IS 'support for indexing common datatypes in GiST';

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';

CREATE FUNCTION audit.make_partitions(months_behind integer, months_ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog'
    AS $$
declare
    first_day date;
    made int := 0;
begin
    if months_behind not between 0 and 120 or months_ahead not between 0 and 120 then
        raise exception 'partitions are made at most 120 months away';
    end if;
    -- Two servers that start at once must not both find a month missing.
    perform pg_advisory_xact_lock(hashtext('audit.make_partitions'));
    for i in -months_behind .. months_ahead loop
        first_day := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => i))::date;
        if to_regclass(format('audit.events_%s', to_char(first_day, 'YYYY_MM'))) is null then
            execute format('create table audit.%I (like audit.events including defaults)',
                'events_' || to_char(first_day, 'YYYY_MM'));
            execute format('alter table audit.events attach partition audit.%I for values from (%L) to (%L)',
                'events_' || to_char(first_day, 'YYYY_MM'),
                first_day::timestamp at time zone 'UTC', (first_day + interval '1 month') at time zone 'UTC');
            made := made + 1;
        end if;
    end loop;
    return made;
end $$;

CREATE FUNCTION audit.retire_partition(older_than_months integer, trace text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog'
    SET lock_timeout TO '200ms'
    AS $_$
declare
    month text;
    first_day date;
    lower_bound timestamptz;
    upper_bound timestamptz;
    validated boolean;
    unsealed boolean;
begin
    -- So that a server that is taken over cannot hide what happened lately.
    if older_than_months not between 12 and 1200 then
        raise exception 'events stay in the log for 12 to 1200 months';
    end if;
    perform pg_advisory_xact_lock(hashtext('audit.make_partitions'));
    select c.relname into month from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'audit.events'::regclass and c.relname ~ '^events_\d{4}_\d{2}$'
     order by c.relname limit 1;
    first_day := to_date(substr(month, 8), 'YYYY_MM');
    if month is null or first_day + interval '1 month' + make_interval(months => older_than_months)
        > now() at time zone 'UTC' then
        return null;
    end if;
    lower_bound := first_day::timestamp at time zone 'UTC';
    upper_bound := (first_day + interval '1 month') at time zone 'UTC';
    select c.convalidated into validated from pg_constraint c
     where c.conrelid = format('audit.%I', month)::regclass and c.conname = 'of_this_month';
    -- With this check in place the month is attached elsewhere without being read again under the lock.
    if validated is null then
        execute format('alter table audit.%I add constraint of_this_month check (at >= %L and at < %L) not valid',
            month, lower_bound, upper_bound);
        return month || ' is being bounded';
    end if;
    if not validated then
        execute format('alter table audit.%I validate constraint of_this_month', month);
        return month || ' is bounded';
    end if;
    -- The sealer looks into the log alone, so nothing leaves it unsealed.
    execute format('select exists (select from audit.%I where position > $1)', month)
       into unsealed using coalesce((select position from audit.seals order by number desc limit 1), 0);
    if unsealed then
        return null;
    end if;
    execute format('alter table audit.events detach partition audit.%I', month);
    execute format('alter table audit.retired_events attach partition audit.%I for values from (%L) to (%L)',
        month, lower_bound, upper_bound);
    insert into audit.events (actor_role, action, entity, details, trace_id)
    values ('system', 'event_months.retired', 'event_month', jsonb_build_object('month', substr(month, 8)), trace);
    return month || ' is retired';
end $_$;

CREATE FUNCTION doctors.folded(words text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
begin
    words := lower(normalize(words, nfkd));
    words := regexp_replace(words, '[\u0300-\u036f\u00ad\u200b-\u200d\ufeff]', '', 'g');
    words := regexp_replace(words, '[\u093c\u09bc\u0a3c\u0abc\u0b3c\u0cbc]', '', 'g');
    words := translate(normalize(words, nfc), '.,;:!?/\|()[]{}<>@#$%^&*_+=~`"''-–—।॥', repeat(' ', 36));
    words := translate(words, 'łđðøħŧıŋ', 'lddohtin');
    words := replace(replace(replace(replace(words, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th');
    if words !~ '[\u0900-\u0d7f]' then
        return words;
    end if;
    words := translate(doctors.in_devanagari(words),
        'ईऊॠऎऒऩऱऴीूॄॆॊँ०१२३४५६७८९', 'इउऋएओनरलिुृेों0123456789');
    words := regexp_replace(words, 'ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])', 'ं', 'g');
    words := regexp_replace(words, 'म्(?![\u0900-\u097f])', 'ं', 'g');
    return regexp_replace(words, '्(?![\u0900-\u097f])', '', 'g');
end $_$;

CREATE TABLE doctors.profiles (
    id uuid NOT NULL,
    full_name text NOT NULL,
    specialization text NOT NULL,
    experience integer NOT NULL,
    bio text NOT NULL,
    languages text[] DEFAULT '{}'::text[] NOT NULL,
    language_names text DEFAULT ''::text NOT NULL,
    fee_minor integer,
    currency text DEFAULT 'INR'::text NOT NULL,
    registration_number text,
    time_zone text DEFAULT 'Asia/Kolkata'::text NOT NULL,
    verified_at timestamp with time zone,
    verification_note text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    search tsvector GENERATED ALWAYS AS ((((setweight(to_tsvector('simple'::regconfig, doctors.folded(full_name)), 'A'::"char") || setweight(to_tsvector('simple'::regconfig, doctors.folded(specialization)), 'B'::"char")) || setweight(to_tsvector('simple'::regconfig, doctors.folded(language_names)), 'C'::"char")) || setweight(to_tsvector('simple'::regconfig, doctors.folded(bio)), 'D'::"char"))) STORED NOT NULL,
    registration_council text,
    pending jsonb,
    pending_since timestamp with time zone,
    changes integer DEFAULT 0 NOT NULL,
    changes_since timestamp with time zone,
    registration_disputed boolean DEFAULT false NOT NULL,
    CONSTRAINT profiles_experience_check CHECK (((experience >= 0) AND (experience <= 80))),
    CONSTRAINT profiles_fee_minor_check CHECK (((fee_minor >= 0) AND (fee_minor <= 100000000)))
);

CREATE TABLE identity.users (
    id uuid NOT NULL,
    email text NOT NULL,
    normalized_email text NOT NULL,
    email_confirmed boolean DEFAULT false NOT NULL,
    full_name text,
    role text NOT NULL,
    password_hash text,
    security_stamp text NOT NULL,
    concurrency_stamp text NOT NULL,
    two_factor_enabled boolean DEFAULT false NOT NULL,
    suspended_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deletion_due_at timestamp with time zone,
    erased_at timestamp with time zone,
    CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['patient'::text, 'doctor'::text, 'staff'::text, 'admin'::text])))
);

CREATE VIEW identity.people AS
 SELECT users.id,
    users.full_name,
    users.role,
    users.suspended_at,
    ((users.deletion_due_at IS NOT NULL) OR (users.erased_at IS NOT NULL)) AS gone,
    ((users.suspended_at IS NULL) AND (users.deletion_due_at IS NULL) AND (users.erased_at IS NULL)) AS active
   FROM identity.users;

CREATE VIEW doctors.practitioners AS
 SELECT d.id,
    d.full_name,
    d.specialization,
    d.time_zone,
    d.fee_minor,
    d.currency,
    (d.verified_at IS NOT NULL) AS verified,
    COALESCE(( SELECT (p.active AND (p.role = 'doctor'::text))
           FROM identity.people p
          WHERE (p.id = d.id)), false) AS may_practise
   FROM doctors.profiles d;

CREATE FUNCTION doctors.bookable_doctors(verified_only boolean) RETURNS SETOF doctors.practitioners
    LANGUAGE sql STABLE
    AS $$
    select d.* from doctors.practitioners d where d.may_practise and (d.verified or not verified_only)
$$;

CREATE FUNCTION doctors.count_words() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    before text[] := '{}';
    was_verified int := 0;
begin
    if tg_op = 'UPDATE' then
        before := tsvector_to_array(old.search);
        was_verified := (old.verified_at is not null)::int;
    end if;
    insert into doctors.words as w (word, profiles, verified)
    select word, sum(profiles), sum(verified)
      from (select word, 1 as profiles, (new.verified_at is not null)::int as verified
              from unnest(tsvector_to_array(new.search)) word
            union all
            select word, -1, -was_verified from unnest(before) word) change
     group by word having sum(profiles) <> 0 or sum(verified) <> 0
     order by word collate "C"
    on conflict (word) do update
       set profiles = w.profiles + excluded.profiles, verified = w.verified + excluded.verified;
    delete from doctors.words where word = any (before) and profiles = 0;
    return null;
end $$;

CREATE FUNCTION doctors.in_devanagari(words text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN (words !~ '[\u0980-\u0d7f]'::text) THEN words ELSE (SELECT string_agg(CASE WHEN (((ascii(letter.letter) >= ('0000100110000000'::"bit")::integer) AND (ascii(letter.letter) <= ('0000110101111111'::"bit")::integer)) AND (((ascii(letter.letter) - ('0000100100000000'::"bit")::integer) % 128) < ('01110000'::"bit")::integer)) THEN chr((('0000100100000000'::"bit")::integer + ((ascii(letter.letter) - ('0000100100000000'::"bit")::integer) % 128))) ELSE letter.letter END, ''::text ORDER BY t.n) AS string_agg FROM string_to_table(replace(regexp_replace(translate(in_devanagari.words, 'ৰৱੰੜୟୱ'::text, 'रवंडयव'::text), '[ৎൺൻർൽൾൿ]'::text, '\&्'::text, 'g'::text), 'ੱ'::text, ''::text), NULL::text) WITH ORDINALITY t(before, n), LATERAL translate(t.before, 'ৎൺൻർൽൾൿൗ'::text, 'तणनरलळकौ'::text) letter(letter)) END;

CREATE FUNCTION doctors.latin(word text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
begin
    if word ~ '^[a-z]+$' then
        return translate(replace(word, 'ph', 'f'), 'wqz', 'vkj');
    end if;
    if word !~ '[\u0900-\u097f]' then
        return word;
    end if;
    word := replace(word, 'ज्ञ', 'ग्य');
    -- A consonant has an a unless a vowel sign or a virama follows; at a word's end it is not spoken.
    word := regexp_replace(word, '([क-ह])(?=[^\u093e-\u094d])', '\1a', 'g');
    word := regexp_replace(word, '[खघचछझठथढधभशष]', '\&h', 'g');
    word := replace(replace(replace(word, 'ऋ', 'ri'), 'ृ', 'ri'), 'ॉ', 'o');
    word := replace(replace(replace(replace(word, 'ऐ', 'ai'), 'ै', 'ai'), 'औ', 'au'), 'ौ', 'au');
    word := translate(word, 'कखगघङचछजझञटठडढणतथदधनपफबभमयरलळवशषसहअआइउएओािुेो्ःऽ',
        'kkggnccjjnttddnttddnpfbbmyrllvssshaaiueoaiueo');
    word := regexp_replace(word, 'ं(?=h)', 'ng', 'g');
    return translate(regexp_replace(word, 'ं(?=[pbm]|$)', 'm', 'g'), 'ं', 'n');
end $_$;

CREATE FUNCTION doctors.query_of(typed text, part text, verified_only boolean) RETURNS tsquery
    LANGUAGE sql STABLE
    AS $$
    with given as (
        select lexeme as text, doctors.latin(lexeme) as latin,
               lexeme = any ('{dr,doctor,prof,vaidya,vd,डॉ,डा}') as is_title
          from unnest(to_tsvector('simple', doctors.folded(typed)))
         order by is_title, positions[1]
         limit 8),
    meant as (
        select g.is_title, quote_literal(g.text) || ':*' || part || coalesce((
                   select string_agg(' | ' || quote_literal(near.word) || ':' || part, '')
                     from ((select w.word
                              from (select * from doctors.shown_words(verified_only) s
                                     where s.sound = doctors.sound(g.latin) order by s.uses desc limit 64) w
                             where public.similarity(w.latin, g.latin) >= 0.2
                             order by public.similarity(w.latin, g.latin) desc, w.word limit 8)
                           union
                           (select w.word
                              from (select * from doctors.shown_words(verified_only) s
                                     where s.latin operator(public.%) g.latin
                                       and not exists (
                                           select from doctors.shown_words(verified_only) longer
                                            where longer.word >= g.text collate "C"
                                              and longer.word < g.text || chr(1114111) collate "C")
                                     limit 64) w
                             where public.similarity(w.latin, g.latin) >= 0.35
                             order by public.similarity(w.latin, g.latin) desc, w.word limit 8)) near
                    where near.word <> g.text), '') as alternatives
          from given g)
    select string_agg('(' || alternatives || ')', ' & ')::tsquery
      from meant
     where not is_title or not exists (select from meant other where not other.is_title)
$$;

CREATE FUNCTION doctors.query_of(typed text, part text) RETURNS tsquery
    LANGUAGE sql STABLE
    RETURN doctors.query_of(typed, part, false);

CREATE FUNCTION doctors.registration_key(council text, number text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((upper(regexp_replace(NORMALIZE(COALESCE(council, ''::text), NFKC), '[^[:alnum:]]'::text, ''::text, 'g'::text)) || ' '::text) || upper(regexp_replace(NORMALIZE(number, NFKC), '[^[:alnum:]]'::text, ''::text, 'g'::text)));

CREATE FUNCTION doctors.shown_profiles(verified_only boolean) RETURNS SETOF doctors.profiles
    LANGUAGE sql STABLE
    AS $$
    select * from doctors.profiles where verified_only and verified_at is not null
    union all
    select * from doctors.profiles where not verified_only
$$;

CREATE FUNCTION doctors.shown_words(verified_only boolean) RETURNS TABLE(word text, latin text, sound text, uses integer)
    LANGUAGE sql STABLE
    AS $$
    select word, latin, sound, verified from doctors.words where verified_only and verified > 0
    union all
    select word, latin, sound, profiles from doctors.words where not verified_only
$$;

CREATE FUNCTION doctors.sound(word text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN (word ~ '^[a-z]{3,}$'::text) THEN regexp_replace(("left"(word, 1) || translate(replace(substr(word, 2), 'x'::text, 'ks'::text), 'aeiouyh'::text, ''::text)), '(.)\1+'::text, '\1'::text, 'g'::text) ELSE word END;

CREATE FUNCTION identity.tell_keys_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('identity', 'keys');
    return null;
end $$;

CREATE FUNCTION identity.tell_session_ended() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform pg_notify('identity', 'ended ' || new.id);
    return null;
end $$;

CREATE FUNCTION patients.age(birth_date date, age_years integer, age_said_on date) RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN GREATEST(0, ((EXTRACT(year FROM age((((statement_timestamp() AT TIME ZONE 'UTC'::text))::date)::timestamp with time zone, (COALESCE(birth_date, age_said_on))::timestamp with time zone)))::integer + COALESCE(age_years, 0)));

CREATE FUNCTION patients.held_alone_by(account uuid) RETURNS TABLE(patient_id uuid)
    LANGUAGE sql STABLE
    AS $$
    select h.patient_id from patients.held_by(account) h
     where not exists (
           select from patients.dependants d where d.patient_id = h.patient_id and d.account_id <> account)
$$;

CREATE FUNCTION patients.held_by(account uuid) RETURNS TABLE(patient_id uuid, relation text, agreed_at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    select account, 'self', null::timestamptz
    union all
    select d.patient_id, d.relation, d.agreed_at from patients.dependants d where d.account_id = account
$$;

CREATE FUNCTION patients.holds(account uuid, patient uuid) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    select account = patient or exists (select from patients.held_by(account) h where h.patient_id = patient)
$$;

CREATE FUNCTION patients.keep_own_record() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    insert into patients.patients (id, full_name) values (new.id, new.full_name)
    on conflict (id) do update
       set full_name = excluded.full_name, revision = patients.revision + 1, updated_at = now()
     where patients.full_name is distinct from excluded.full_name;
    return null;
end $$;

CREATE FUNCTION patients.refusal_to_book_for(account uuid, patient uuid) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    select case when account = patient then null
                when not patients.holds(account, patient) then 'patient_not_found'
                when exists (
                    select from patients.dependants d join patients.people p on p.id = d.patient_id
                     where d.account_id = account and d.patient_id = patient and d.relation = 'child'
                       and d.agreed_at is null and p.age >= 18) then 'patient_is_of_age' end
$$;

CREATE FUNCTION platform.open_event_epoch() RETURNS integer
    LANGUAGE plpgsql
    AS $$
declare
    last platform.event_epochs;
    here bigint := (select system_identifier from pg_control_system());
begin
    select * into strict last from platform.event_epochs order by epoch desc limit 1;
    if last.system_identifier = here then
        return last.epoch;
    end if;
    insert into platform.event_epochs (epoch, system_identifier, after_position)
    values (last.epoch + 1, here,
            coalesce((select position from audit.events order by position desc limit 1), 0));
    execute format('alter table audit.events alter column epoch set default %s', last.epoch + 1);
    return last.epoch + 1;
end $$;

CREATE FUNCTION platform.stored_response(of_user uuid, of_route text, of_key text, of_fingerprint bytea) RETURNS TABLE(address tid, verdict text, status integer, body text, location text)
    LANGUAGE sql STABLE
    AS $$
    select k.ctid, case when k.fingerprint = of_fingerprint then 'replayed' else 'idempotency_key_reused' end,
           k.status, k.body, k.location
      from platform.idempotency_keys k
     where k.user_id = of_user and k.route = of_route and k.key = of_key offset 0
$$;

CREATE FUNCTION scheduling.bookability(slot uuid, patient uuid, moved uuid, by_patient boolean, verified_only boolean, open_limit integer, open_limit_per_doctor integer, cancellation_limit integer) RETURNS TABLE(refusal text, doctor_id uuid, starts_at timestamp with time zone, ends_at timestamp with time zone, held_until timestamp with time zone, address tid)
    LANGUAGE sql STABLE
    AS $$
    select b.refusal, b.doctor_id, b.starts_at, b.ends_at, b.held_until, b.address
      from scheduling.bookability(slot, patient, patient, moved, by_patient, verified_only, open_limit,
               open_limit_per_doctor, cancellation_limit) b
$$;

CREATE FUNCTION scheduling.bookability(slot uuid, patient uuid, account uuid, moved uuid, by_patient boolean, verified_only boolean, open_limit integer, open_limit_per_doctor integer, cancellation_limit integer) RETURNS TABLE(refusal text, doctor_id uuid, starts_at timestamp with time zone, ends_at timestamp with time zone, held_until timestamp with time zone, address tid, visit_type_ids uuid[])
    LANGUAGE sql STABLE
    AS $$
    select case when by_patient and account <> patient and moved is null
                     and patients.refusal_to_book_for(account, patient) is not null
                    then patients.refusal_to_book_for(account, patient)
                when s.id is null then 'not_found'
                when s.doctor_id = patient then 'nobody_books_themself'
                when d.id is null then 'doctor_is_not_bookable'
                when scheduling.slot_state(s) = 'closed' then 'slot_is_closed'
                when s.starts_at <= statement_timestamp() then 'slot_has_started'
                when s.booking_id is not null and s.booking_id is distinct from moved
                    then 'one_active_booking_per_slot'
                when by_patient and s.bookable_until <= statement_timestamp()
                     and s.bookable_until > '-infinity' then 'minimum_notice'
                when scheduling.slot_state(s) = 'held' and s.held_by <> account then 'slot_is_held'
                when exists (
                    select from scheduling.bookings_of_patient_between(patient, s.starts_at, s.ends_at) o
                     where o.id is distinct from moved) then 'bookings_of_a_patient_do_not_overlap'
                when open_limit > 0 and open_limit <= open.all_doctors then 'too_many_open_bookings'
                when open_limit_per_doctor > 0 and open_limit_per_doctor <= open.this_doctor
                    then 'too_many_open_bookings_with_this_doctor'
                when by_patient and exists (
                    select from scheduling.cool_down_of_patient(account, cancellation_limit))
                    then 'cool_down_after_cancellations' end,
           s.doctor_id, s.starts_at, s.ends_at, s.held_until, s.ctid, s.visit_type_ids
      from (select slot as id) asked
      left join scheduling.slots s on s.id = asked.id
      left join doctors.bookable_doctors(verified_only) d on d.id = s.doctor_id
     cross join lateral (
        select count(*) as all_doctors, count(*) filter (where o.doctor_id = s.doctor_id) as this_doctor
          from (select o.doctor_id from scheduling.open_bookings_of_account(account) o
                 where by_patient and (open_limit > 0 or open_limit_per_doctor > 0) and o.id is distinct from moved
                 limit nullif(open_limit, 0)) o) open
$$;

CREATE FUNCTION scheduling.bookability_of_visit(slot uuid, patient uuid, account uuid, moved uuid, by_patient boolean, verified_only boolean, open_limit integer, open_limit_per_doctor integer, cancellation_limit integer, kind uuid, expected_fee integer) RETURNS TABLE(refusal text, visit_type_id uuid, visit jsonb, requires_confirmation boolean, cancellation_window interval, ends_at timestamp with time zone, more_slots uuid[])
    LANGUAGE sql STABLE
    AS $$
    select coalesce(s.refusal, j.refusal,
               case when not scheduling.serves(own.visit_type_ids, v.visit_type_id)
                    then 'slot_is_for_other_visits' end,
               case when v.takes_more and not t.fits then 'slot_too_short' end,
               case when v.takes_more and exists (
                   select from scheduling.bookings_of_patient_between(patient, s.starts_at, t.ends_at) o
                    where o.id is distinct from moved) then 'bookings_of_a_patient_do_not_overlap' end),
           v.visit_type_id, coalesce(j.visit, m.visit), j.requires_confirmation,
           coalesce(j.cancellation_window, m.cancellation_window), coalesce(t.ends_at, s.ends_at), t.more_slots
      from scheduling.bookability(slot, patient, account, moved, by_patient, verified_only, open_limit,
               open_limit_per_doctor, cancellation_limit) s
      left join scheduling.slots own on own.id = slot
      left join scheduling.bookings m on m.id = moved and m.doctor_id = s.doctor_id
      left join scheduling.visit_types k on k.id = m.visit_type_id
      left join lateral scheduling.judged_visit(slot, s.doctor_id, s.starts_at, patient, by_patient, kind,
          expected_fee) j on m.id is null and (moved is null or kind is not null)
     cross join lateral (
        select w.*, scheduling.takes_more_slots(s.starts_at, s.ends_at, w.minutes, w.buffer_before, w.buffer_after)
                   as takes_more
          from (select coalesce(j.visit_type_id, m.visit_type_id) as visit_type_id,
                       coalesce(j.minutes, (m.visit ->> 'minutes')::int) as minutes,
                       coalesce(j.buffer_before, k.buffer_before_minutes) as buffer_before,
                       coalesce(j.buffer_after, k.buffer_after_minutes) as buffer_after) w) v
      left join lateral scheduling.slots_of_visit(slot, s.doctor_id, s.starts_at, v.minutes, v.buffer_before,
          v.buffer_after, account, moved, v.visit_type_id) t on v.takes_more
$$;

CREATE FUNCTION scheduling.bookable_slots(verified_only boolean) RETURNS TABLE(id uuid, doctor_id uuid, starts_at timestamp with time zone, ends_at timestamp with time zone, specialization text, time_zone text, requires_confirmation boolean)
    LANGUAGE sql STABLE
    AS $$
    select s.id, s.doctor_id, s.starts_at, s.ends_at, d.specialization, d.time_zone,
           coalesce(p.requires_confirmation, false)
      from scheduling.open_slots s
      join doctors.bookable_doctors(verified_only) d on d.id = s.doctor_id
      left join scheduling.booking_policies p on p.doctor_id = s.doctor_id
     where s.starts_at > statement_timestamp()
$$;

CREATE TABLE scheduling.bookings (
    id uuid NOT NULL,
    slot_id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    status text DEFAULT 'confirmed'::text NOT NULL,
    expires_at timestamp with time zone,
    series_id uuid,
    reason text,
    cancellation_reason text,
    cancelled_minutes_ahead integer,
    cancelled_by text,
    no_show_party text,
    revision integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    booked_by uuid,
    visit_type_id uuid,
    visit jsonb,
    cancellation_window interval,
    more_slots uuid[],
    CONSTRAINT a_visit_is_of_a_kind CHECK (((visit_type_id IS NULL) = (visit IS NULL))),
    CONSTRAINT booking_is_at_most_12_hours CHECK (((ends_at - starts_at) <= '12:00:00'::interval)),
    CONSTRAINT booking_is_not_empty CHECK ((starts_at < ends_at)),
    CONSTRAINT bookings_no_show_party_check CHECK ((no_show_party = ANY (ARRAY['patient'::text, 'doctor'::text]))),
    CONSTRAINT bookings_status_check CHECK ((status = ANY (ARRAY['requested'::text, 'confirmed'::text, 'checked_in'::text, 'in_progress'::text, 'completed'::text, 'no_show'::text, 'cancelled'::text, 'declined'::text, 'expired'::text]))),
    CONSTRAINT only_a_visit_takes_more_slots CHECK (((more_slots IS NULL) OR (visit_type_id IS NOT NULL))),
    CONSTRAINT request_expires CHECK (((status <> 'requested'::text) OR (expires_at IS NOT NULL)))
)
WITH (fillfactor='90');

CREATE FUNCTION scheduling.bookings_of_patient_between(patient uuid, from_time timestamp with time zone, until_time timestamp with time zone) RETURNS SETOF scheduling.bookings
    LANGUAGE sql STABLE
    AS $$
    select b.* from scheduling.bookings b
     where b.patient_id = patient and b.starts_at > from_time - interval '12 hours' and b.starts_at < until_time
       and b.ends_at > from_time and scheduling.is_active(b.status)
       and not scheduling.has_expired(b.status, b.expires_at)
$$;

CREATE FUNCTION scheduling.can_move_earlier(booking scheduling.bookings, entry_doctor uuid, earliest timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (((booking).status = 'confirmed'::text) AND ((booking).doctor_id = entry_doctor) AND ((booking).starts_at > GREATEST(earliest, statement_timestamp())));

CREATE FUNCTION scheduling.cool_down_of_patient(patient uuid, cancellation_limit integer) RETURNS SETOF boolean
    LANGUAGE sql STABLE
    AS $$
    select true from (
        select count(*) as n from (
            select from scheduling.slots_given_up_by_patient(patient) limit cancellation_limit) o) given_up
     where cancellation_limit > 0 and cancellation_limit <= given_up.n
$$;

CREATE TABLE scheduling.doctor_visit_types (
    doctor_id uuid NOT NULL,
    visit_type_id uuid NOT NULL,
    "position" integer NOT NULL,
    minutes integer,
    fee_minor integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT own_fee_is_not_negative CHECK ((fee_minor >= 0)),
    CONSTRAINT own_length_is_5_minutes_to_12_hours CHECK (((minutes >= 5) AND (minutes <= 720)))
);

CREATE TABLE scheduling.visit_types (
    id uuid NOT NULL,
    name text NOT NULL,
    description text,
    minutes integer NOT NULL,
    mode text NOT NULL,
    address text,
    first boolean NOT NULL,
    follow_up_within_days integer,
    bookable_by text NOT NULL,
    fee_minor integer,
    currency text NOT NULL,
    buffer_before_minutes integer NOT NULL,
    buffer_after_minutes integer NOT NULL,
    minimum_notice_minutes integer,
    cancellation_window_minutes integer,
    requires_confirmation boolean,
    active boolean NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT buffer_is_not_negative CHECK (((buffer_before_minutes >= 0) AND (buffer_after_minutes >= 0))),
    CONSTRAINT fee_is_not_negative CHECK ((fee_minor >= 0)),
    CONSTRAINT only_a_follow_up_has_its_days CHECK ((first = (follow_up_within_days IS NULL))),
    CONSTRAINT only_a_visit_in_person_has_an_address CHECK (((address IS NULL) OR (mode = 'in_person'::text))),
    CONSTRAINT visit_takes_5_minutes_to_12_hours CHECK (((minutes >= 5) AND (((minutes + buffer_before_minutes) + buffer_after_minutes) <= 720))),
    CONSTRAINT visit_types_bookable_by_check CHECK ((bookable_by = ANY (ARRAY['patients'::text, 'staff'::text]))),
    CONSTRAINT visit_types_mode_check CHECK ((mode = ANY (ARRAY['video'::text, 'phone'::text, 'in_person'::text])))
);

CREATE VIEW scheduling.visit_types_of_doctors AS
 SELECT o.doctor_id,
    o."position",
    v.id,
    v.name,
    v.description,
    COALESCE(o.minutes, v.minutes) AS minutes,
    v.mode,
    v.address,
    v.first,
    v.follow_up_within_days,
    v.bookable_by,
    COALESCE(o.fee_minor, v.fee_minor) AS fee_minor,
    v.currency,
    v.buffer_before_minutes,
    v.buffer_after_minutes,
    v.minimum_notice_minutes,
    v.cancellation_window_minutes,
    v.requires_confirmation,
    v.active,
    v.revision
   FROM (scheduling.doctor_visit_types o
     JOIN scheduling.visit_types v ON ((v.id = o.visit_type_id)));

CREATE VIEW scheduling.offered_visit_types AS
 SELECT visit_types_of_doctors.doctor_id,
    visit_types_of_doctors."position",
    visit_types_of_doctors.id,
    visit_types_of_doctors.name,
    visit_types_of_doctors.description,
    visit_types_of_doctors.minutes,
    visit_types_of_doctors.mode,
    visit_types_of_doctors.address,
    visit_types_of_doctors.first,
    visit_types_of_doctors.follow_up_within_days,
    visit_types_of_doctors.bookable_by,
    visit_types_of_doctors.fee_minor,
    visit_types_of_doctors.currency,
    visit_types_of_doctors.buffer_before_minutes,
    visit_types_of_doctors.buffer_after_minutes,
    visit_types_of_doctors.minimum_notice_minutes,
    visit_types_of_doctors.cancellation_window_minutes,
    visit_types_of_doctors.requires_confirmation,
    visit_types_of_doctors.active,
    visit_types_of_doctors.revision
   FROM scheduling.visit_types_of_doctors
  WHERE visit_types_of_doctors.active;

CREATE FUNCTION scheduling.copy_of_visit_type(o scheduling.offered_visit_types) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN CASE WHEN ((o).id IS NOT NULL) THEN jsonb_build_object('id', (o).id, 'name', (o).name, 'minutes', (o).minutes, 'mode', (o).mode, 'address', (o).address, 'fee_minor', (o).fee_minor, 'currency', (o).currency) ELSE NULL::jsonb END;

CREATE FUNCTION scheduling.default_visit_type(doctor uuid) RETURNS SETOF scheduling.offered_visit_types
    LANGUAGE sql STABLE
    AS $$
    select * from scheduling.offered_visit_type(doctor, null)
$$;

CREATE FUNCTION scheduling.entry_suits_slot(entry uuid, patient uuid, moved uuid, slot uuid, doctor uuid, slot_starts_at timestamp with time zone, slot_ends_at timestamp with time zone, requires_confirmation boolean) RETURNS SETOF boolean
    LANGUAGE sql STABLE
    AS $$
    select * from scheduling.entry_suits_slot(entry, patient, moved, slot, doctor, slot_starts_at, slot_ends_at,
        requires_confirmation, 0)
$$;

CREATE FUNCTION scheduling.entry_suits_slot(entry uuid, patient uuid, moved uuid, slot uuid, doctor uuid, slot_starts_at timestamp with time zone, slot_ends_at timestamp with time zone, requires_confirmation boolean, cancellation_limit integer) RETURNS SETOF boolean
    LANGUAGE sql STABLE
    AS $$
    select true
      from identity.people p
      left join scheduling.bookings b on b.id = moved
     where p.id = patient and p.active and p.role = 'patient' and patient <> doctor
       and (moved is null or (b.status = 'confirmed' and slot_starts_at < b.starts_at and not requires_confirmation))
       and not exists (select from scheduling.waitlist_offers w where w.entry_id = entry and w.slot_id = slot)
       and not exists (
            select from scheduling.bookings_of_patient_between(patient, slot_starts_at, slot_ends_at) o
             where o.id is distinct from moved)
       and not exists (select from scheduling.cool_down_of_patient(patient, cancellation_limit))
$$;

CREATE FUNCTION scheduling.follow_booking() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    perform from scheduling.slots where id = any(old.more_slots) order by id for update;
    update scheduling.slots s set booking_id = null, held_by = null, held_until = null
     where s.id = any(old.more_slots) and s.booking_id = old.id
       and (not scheduling.is_active(new.status)
            or (s.id <> new.slot_id and s.id <> all(coalesce(new.more_slots, '{}'))));
    update scheduling.slots s set held_by = null, held_until = null
     where s.id = any(new.more_slots) and s.booking_id = new.id and s.held_by is not null
       and new.status <> 'requested';
    return null;
end $$;

CREATE FUNCTION scheduling.has_expired(status text, expires_at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ((status = 'requested'::text) AND (expires_at <= statement_timestamp()));

CREATE FUNCTION scheduling.is_active(status text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (status <> ALL (ARRAY['cancelled'::text, 'declined'::text, 'expired'::text]));

CREATE FUNCTION scheduling.is_open(status text, starts_at timestamp with time zone, series_id uuid, expires_at timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ((starts_at > statement_timestamp()) AND (series_id IS NULL) AND (status = ANY (ARRAY['requested'::text, 'confirmed'::text])) AND (NOT scheduling.has_expired(status, expires_at)));

CREATE FUNCTION scheduling.json_of(at timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(("left"((to_json((at AT TIME ZONE 'UTC'::text)))::text, '-1'::integer) || 'Z"'::text), 'null'::text);

CREATE FUNCTION scheduling.judged_visit(doctor uuid, slot_starts_at timestamp with time zone, patient uuid, by_patient boolean, kind uuid, expected_fee integer) RETURNS TABLE(refusal text, visit_type_id uuid, visit jsonb, requires_confirmation boolean, cancellation_window interval, minutes integer, buffer_before integer, buffer_after integer)
    LANGUAGE sql STABLE
    AS $$
    select j.refusal, j.visit_type_id, j.visit, j.requires_confirmation, j.cancellation_window, j.minutes,
           j.buffer_before, j.buffer_after
      from scheduling.judged_visit(null, doctor, slot_starts_at, patient, by_patient, kind, expected_fee) j
$$;

CREATE FUNCTION scheduling.judged_visit(slot uuid, doctor uuid, slot_starts_at timestamp with time zone, patient uuid, by_patient boolean, kind uuid, expected_fee integer) RETURNS TABLE(refusal text, visit_type_id uuid, visit jsonb, requires_confirmation boolean, cancellation_window interval, minutes integer, buffer_before integer, buffer_after integer, first boolean)
    LANGUAGE sql STABLE
    AS $$
    select j.*
      from (select slot as id) asked
      left join scheduling.slots s on s.id = asked.id
     cross join lateral scheduling.judged_visit_at(s.visit_type_ids, doctor, slot_starts_at, patient, by_patient, kind,
         expected_fee) j
$$;

CREATE FUNCTION scheduling.judged_visit_at(slot_kinds uuid[], doctor uuid, slot_starts_at timestamp with time zone, patient uuid, by_patient boolean, kind uuid, expected_fee integer) RETURNS TABLE(refusal text, visit_type_id uuid, visit jsonb, requires_confirmation boolean, cancellation_window interval, minutes integer, buffer_before integer, buffer_after integer, first boolean)
    LANGUAGE sql STABLE
    AS $$
    select case when o.id is null and kind is not null then 'visit_type_not_offered'
                when by_patient and o.bookable_by = 'staff' then 'visit_type_not_offered'
                when not scheduling.serves(slot_kinds, o.id) then 'slot_is_for_other_visits'
                when by_patient and slot_starts_at - make_interval(mins => o.minimum_notice_minutes)
                     <= statement_timestamp() then 'minimum_notice'
                when expected_fee is not null and expected_fee is distinct from
                     case when o.id is not null then o.fee_minor
                          else (select d.fee_minor from doctors.practitioners d where d.id = doctor) end
                    then 'price_has_changed'
                when not o.first and patient is not null and not exists (
                    select from scheduling.bookings b
                     where b.patient_id = patient and b.doctor_id = doctor and b.status = 'completed'
                       and b.starts_at > slot_starts_at - make_interval(days => o.follow_up_within_days)
                       and b.starts_at < slot_starts_at) then 'follow_up_needs_a_first_visit' end,
           o.id, scheduling.copy_of_visit_type(o), o.requires_confirmation,
           make_interval(mins => o.cancellation_window_minutes), o.minutes, o.buffer_before_minutes,
           o.buffer_after_minutes, o.first
      from (select doctor as id, slot_kinds as kinds) asked
      left join lateral scheduling.offered_visit_type(asked.id, kind, asked.kinds) o on true
$$;

CREATE FUNCTION scheduling.offered_visit_type(doctor uuid, kind uuid) RETURNS SETOF scheduling.offered_visit_types
    LANGUAGE sql STABLE
    AS $$
    select * from scheduling.offered_visit_type(doctor, kind, null)
$$;

CREATE FUNCTION scheduling.offered_visit_type(doctor uuid, kind uuid, slot_kinds uuid[]) RETURNS SETOF scheduling.offered_visit_types
    LANGUAGE sql STABLE
    AS $$
    select v.*
      from (select o.visit_type_id, o.position from scheduling.doctor_visit_types o
             where o.doctor_id = doctor
               and case when kind is null then scheduling.serves(slot_kinds, o.visit_type_id)
                        else o.visit_type_id = kind end offset 0) o
     cross join lateral (
        select v.* from scheduling.offered_visit_types v
         where v.doctor_id = doctor and v.id = o.visit_type_id offset 0) v
     where kind is not null or v.bookable_by = 'patients'
     order by o.position limit 1
$$;

CREATE FUNCTION scheduling.open_bookings_of_account(account uuid) RETURNS SETOF scheduling.bookings
    LANGUAGE sql STABLE
    AS $$
    select b.* from scheduling.bookings b
     where b.patient_id = account and scheduling.is_open(b.status, b.starts_at, b.series_id, b.expires_at)
    union all
    select b.* from scheduling.bookings b
     where b.booked_by = account and scheduling.is_open(b.status, b.starts_at, b.series_id, b.expires_at)
$$;

CREATE FUNCTION scheduling.open_bookings_of_patient(patient uuid) RETURNS SETOF scheduling.bookings
    LANGUAGE sql STABLE
    AS $$
    select * from scheduling.open_bookings_of_account(patient)
$$;

CREATE FUNCTION scheduling.patient_lock(patient uuid) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((('x'::text || encode(substr(uuid_send(patient), 9), 'hex'::text)))::bit(64))::bigint;

CREATE FUNCTION scheduling.queue_of(doctor uuid, on_day date) RETURNS TABLE(id uuid, patient_id uuid, place bigint)
    LANGUAGE sql STABLE
    AS $$
    select e.id, e.patient_id, row_number() over (
               order by case when not e.walked_in and e.arrived_at <= b.starts_at then b.starts_at end nulls last,
                     e.arrived_at, e.token)
      from scheduling.queue_entries e left join scheduling.bookings b on b.id = e.booking_id
     where e.doctor_id = doctor and e.day = on_day and e.called_at is null
       and (e.booking_id is null or (b.doctor_id = doctor
            and (b.status = 'checked_in' or (e.walked_in and b.status in ('requested', 'confirmed')))))
$$;

CREATE FUNCTION scheduling.recent_cancellations_of_account(account uuid) RETURNS SETOF scheduling.bookings
    LANGUAGE sql STABLE
    AS $$
    select distinct on (coalesce(b.series_id, b.id)) b.* from scheduling.bookings b
     where coalesce(b.booked_by, b.patient_id) = account and b.status = 'cancelled' and b.cancelled_by = 'patient'
       and b.updated_at > statement_timestamp() - interval '1 hour'
       and b.starts_at > statement_timestamp() - interval '1 hour'
     order by coalesce(b.series_id, b.id), b.updated_at
$$;

CREATE FUNCTION scheduling.recent_cancellations_of_patient(patient uuid) RETURNS SETOF scheduling.bookings
    LANGUAGE sql STABLE
    AS $$
    select * from scheduling.recent_cancellations_of_account(patient)
$$;

CREATE FUNCTION scheduling.refuse_overlap_of_a_patient() RETURNS trigger
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    AS $$
begin
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'bookings are written under read committed' using errcode = 'active_sql_transaction';
    end if;
    perform pg_advisory_xact_lock(patient) from (
        select distinct scheduling.patient_lock(patient_id) as patient from written
         where scheduling.is_active(status) order by patient) as patients;
    if exists (
        select from written w
         cross join lateral (
            select from scheduling.bookings_of_patient_between(w.patient_id, w.starts_at, w.ends_at) b
             where b.id <> w.id offset 0) b
         where scheduling.is_active(w.status) and not scheduling.has_expired(w.status, w.expires_at)) then
        raise exception 'a patient has two bookings at one time' using errcode = 'exclusion_violation',
            constraint = 'bookings_of_a_patient_do_not_overlap', schema = 'scheduling', table = 'bookings';
    end if;
    return null;
end $$;

CREATE FUNCTION scheduling.serves(slot_kinds uuid[], kind uuid) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((slot_kinds IS NULL) OR COALESCE((kind = ANY (slot_kinds)), false));

CREATE TABLE scheduling.slots (
    id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    booking_id uuid,
    held_by uuid,
    held_until timestamp with time zone,
    closed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    from_rules boolean DEFAULT false NOT NULL,
    bookable_until timestamp with time zone,
    closed_because text,
    visit_type_ids uuid[],
    CONSTRAINT closed_slot_is_not_booked CHECK (((closed_at IS NULL) OR (booking_id IS NULL))),
    CONSTRAINT hold_has_holder_and_end CHECK (((held_by IS NULL) = (held_until IS NULL))),
    CONSTRAINT open_slot_has_no_reason_to_be_closed CHECK (((closed_at IS NOT NULL) OR (closed_because IS NULL))),
    CONSTRAINT slot_is_at_most_12_hours CHECK (((ends_at - starts_at) <= '12:00:00'::interval)),
    CONSTRAINT slot_is_not_empty CHECK ((starts_at < ends_at)),
    CONSTRAINT slots_closed_because_check CHECK ((closed_because = ANY (ARRAY['rules'::text, 'time_off'::text])))
)
WITH (fillfactor='70');

CREATE FUNCTION scheduling.slot_state(slot scheduling.slots) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN ((slot).closed_at IS NOT NULL) THEN 'closed'::text WHEN ((slot).booking_id IS NOT NULL) THEN 'booked'::text WHEN ((slot).held_until > statement_timestamp()) THEN 'held'::text WHEN ((slot).bookable_until = '-infinity'::timestamp with time zone) THEN 'closed'::text ELSE 'open'::text END;

CREATE FUNCTION scheduling.slots_given_up_by_account(account uuid) RETURNS TABLE(at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    select b.updated_at from scheduling.recent_cancellations_of_account(account) b
    union all
    select h.ended_at from scheduling.recent_holds h
     where h.patient_id = account and h.ended_at <= statement_timestamp()
       and h.ended_at > statement_timestamp() - interval '1 hour'
       and not exists (select from scheduling.slots t where t.id = h.slot_id and t.booking_id is not null)
    union all
    select o.ended_at from scheduling.waitlist_entries e join scheduling.waitlist_offers o on o.entry_id = e.id
     where e.patient_id = account and o.outcome <> 'accepted'
       and o.ended_at > statement_timestamp() - interval '1 hour'
$$;

CREATE FUNCTION scheduling.slots_given_up_by_patient(patient uuid) RETURNS TABLE(at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
    select * from scheduling.slots_given_up_by_account(patient)
$$;

CREATE FUNCTION scheduling.slots_of_visit(slot uuid, doctor uuid, from_time timestamp with time zone, minutes integer, buffer_before integer, buffer_after integer, account uuid, moved uuid) RETURNS TABLE(fits boolean, ends_at timestamp with time zone, more_slots uuid[])
    LANGUAGE sql STABLE
    AS $$
    select * from scheduling.slots_of_visit(slot, doctor, from_time, minutes, buffer_before, buffer_after, account,
        moved, null)
$$;

CREATE FUNCTION scheduling.slots_of_visit(slot uuid, doctor uuid, from_time timestamp with time zone, minutes integer, buffer_before integer, buffer_after integer, account uuid, moved uuid, kind uuid) RETURNS TABLE(fits boolean, ends_at timestamp with time zone, more_slots uuid[])
    LANGUAGE sql STABLE
    AS $$
    select coalesce(t.free and t.length = t.ends_at - from_time
               and t.ends_at >= from_time + make_interval(mins => minutes)
               and t.length <= interval '12 hours', false),
           t.ends_at, t.more_slots
      from (select bool_and((s.id = slot or scheduling.slot_state(s) = 'open'
                       or coalesce(scheduling.slot_state(s) = 'held' and s.held_by = account
                           or s.booking_id = moved, false))
                       and (not v.of_visit or scheduling.serves(s.visit_type_ids, kind))) as free,
                   max(s.ends_at) filter (where v.of_visit) as ends_at,
                   sum(s.ends_at - s.starts_at) filter (where v.of_visit) as length,
                   array_agg(s.id order by s.starts_at) filter (where s.id <> slot) as more_slots
              from scheduling.slots s
             cross join lateral (
                select s.starts_at >= from_time and s.starts_at < from_time + make_interval(mins => minutes)
                           as of_visit) v
             where s.doctor_id = doctor and s.closed_at is null
               and s.starts_at >= from_time - case when buffer_before > 0
                   then make_interval(hours => 12, mins => buffer_before) else interval '0' end
               and s.starts_at < from_time + make_interval(mins => minutes + buffer_after)
               and s.ends_at > from_time - make_interval(mins => buffer_before)) t
$$;

CREATE FUNCTION scheduling.status_now(status text, expires_at timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN scheduling.has_expired(status, expires_at) THEN 'expired'::text ELSE status END;

CREATE FUNCTION scheduling.take_token(doctor uuid, on_day date) RETURNS integer
    LANGUAGE sql
    AS $$
    insert into scheduling.queues as q (doctor_id, day, last_token) values (doctor, on_day, 1)
    on conflict (doctor_id, day) do update set last_token = q.last_token + 1
    returning last_token
$$;

CREATE FUNCTION scheduling.takes_more_slots(slot_starts_at timestamp with time zone, slot_ends_at timestamp with time zone, minutes integer, buffer_before integer, buffer_after integer) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN COALESCE(((buffer_before > 0) OR ((slot_starts_at + make_interval(mins => (minutes + buffer_after))) > slot_ends_at)), false);

CREATE FUNCTION scheduling.visit_at_slot(slot uuid, doctor uuid, slot_starts_at timestamp with time zone, slot_ends_at timestamp with time zone, kind uuid, patient uuid, by_patient boolean) RETURNS TABLE(refusal text, visit jsonb, first boolean)
    LANGUAGE sql STABLE
    AS $$
    select coalesce(j.refusal,
               case when scheduling.takes_more_slots(slot_starts_at, slot_ends_at, j.minutes, j.buffer_before,
                        j.buffer_after)
                     and not (select t.fits from scheduling.slots_of_visit(slot, doctor, slot_starts_at, j.minutes,
                              j.buffer_before, j.buffer_after, null, null, j.visit_type_id) t)
                    then 'slot_too_short' end),
           j.visit, j.first
      from scheduling.judged_visit(slot, doctor, slot_starts_at, patient,
               coalesce(by_patient, not exists (
                   select from scheduling.visit_types k where k.id = kind and k.bookable_by = 'staff')),
               kind, null) j
$$;

CREATE FUNCTION scheduling.visit_that_fits(slot uuid, doctor uuid, slot_starts_at timestamp with time zone, slot_ends_at timestamp with time zone, kind uuid) RETURNS TABLE(visit jsonb)
    LANGUAGE sql STABLE
    AS $$
    select v.visit from scheduling.visit_that_fits(slot, doctor, slot_starts_at, slot_ends_at, kind, null, null) v
     where v.visit is not null
$$;

CREATE FUNCTION scheduling.visit_that_fits(slot uuid, doctor uuid, slot_starts_at timestamp with time zone, slot_ends_at timestamp with time zone, kind uuid, patient uuid, by_patient boolean) RETURNS TABLE(visit jsonb)
    LANGUAGE sql STABLE
    AS $$
    select v.visit
      from scheduling.visit_at_slot(slot, doctor, slot_starts_at, slot_ends_at, kind, patient, by_patient) v
     where v.refusal is null
$$;

CREATE FUNCTION scheduling.walk_ins_left(doctor uuid, on_day date) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
    select coalesce((select p.walk_ins_per_day from scheduling.booking_policies p where p.doctor_id = doctor), 10)
           - (select count(*) from scheduling.queue_entries e
               where e.doctor_id = doctor and e.day = on_day and e.walked_in)::int
$$;

CREATE TABLE analytics.attempts (
    day date NOT NULL,
    outcome text NOT NULL,
    n bigint NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE analytics.bookings (
    id uuid NOT NULL,
    booked_on date NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    lead text NOT NULL,
    specialization text NOT NULL,
    outcome text NOT NULL
)
WITH (fillfactor='90');

CREATE TABLE analytics.daily (
    measure text NOT NULL,
    key text NOT NULL,
    day date NOT NULL,
    n bigint NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE analytics.visit_days (
    day date NOT NULL,
    doctor_id uuid NOT NULL,
    outcome text NOT NULL,
    n bigint NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE analytics.visits (
    id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    day date NOT NULL,
    outcome text NOT NULL
)
WITH (fillfactor='90');

CREATE TABLE audit.events (
    "position" bigint NOT NULL,
    epoch integer DEFAULT 1 NOT NULL,
    tx xid8 DEFAULT pg_current_xact_id() NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor_id uuid,
    actor_role text,
    action text NOT NULL,
    entity text NOT NULL,
    entity_id uuid,
    details jsonb,
    trace_id text
)
PARTITION BY RANGE (at);

CREATE TABLE audit.retired_events (
    "position" bigint NOT NULL,
    epoch integer NOT NULL,
    tx xid8 NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_id uuid,
    actor_role text,
    action text NOT NULL,
    entity text NOT NULL,
    entity_id uuid,
    details jsonb,
    trace_id text
)
PARTITION BY RANGE (at);

CREATE VIEW audit.actions AS
 SELECT events."position",
    events.at,
    events.actor_id,
    events.action,
    events.entity,
    events.entity_id
   FROM audit.events
UNION ALL
 SELECT retired_events."position",
    retired_events.at,
    retired_events.actor_id,
    retired_events.action,
    retired_events.entity,
    retired_events.entity_id
   FROM audit.retired_events;

ALTER TABLE audit.events ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME audit.events_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW audit.every_event AS
 SELECT events.epoch,
    events.tx,
    events."position",
    events.at,
    events.actor_id,
    events.actor_role,
    events.action,
    events.entity,
    events.entity_id,
    events.details,
    events.trace_id
   FROM audit.events
UNION ALL
 SELECT retired_events.epoch,
    retired_events.tx,
    retired_events."position",
    retired_events.at,
    retired_events.actor_id,
    retired_events.actor_role,
    retired_events.action,
    retired_events.entity,
    retired_events.entity_id,
    retired_events.details,
    retired_events.trace_id
   FROM audit.retired_events;

CREATE TABLE audit.seal_keys (
    kid text NOT NULL,
    public_key bytea NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE audit.seals (
    number bigint NOT NULL,
    "position" bigint NOT NULL,
    events integer NOT NULL,
    events_before bigint NOT NULL,
    root bytea NOT NULL,
    previous bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    kid text NOT NULL,
    signature bytea NOT NULL,
    leaves bytea NOT NULL,
    positions bigint[] NOT NULL,
    CONSTRAINT seals_check CHECK ((octet_length(leaves) = (32 * events))),
    CONSTRAINT seals_check1 CHECK ((cardinality(positions) = events)),
    CONSTRAINT seals_events_check CHECK ((events > 0)),
    CONSTRAINT seals_number_check CHECK ((number > 0)),
    CONSTRAINT seals_previous_check CHECK ((octet_length(previous) = 32)),
    CONSTRAINT seals_root_check CHECK ((octet_length(root) = 32))
);
ALTER TABLE ONLY audit.seals ALTER COLUMN leaves SET STORAGE EXTERNAL;

CREATE TABLE audit.verification (
    only_one boolean DEFAULT true NOT NULL,
    began_at timestamp with time zone,
    through_seal bigint DEFAULT 0 NOT NULL,
    finished_at timestamp with time zone,
    finished_seals bigint DEFAULT 0 NOT NULL,
    broken_seal bigint,
    broken_position bigint,
    broken_because text,
    newest_checked_at timestamp with time zone,
    CONSTRAINT verification_only_one_check CHECK (only_one)
);

CREATE TABLE doctors.words (
    word text NOT NULL COLLATE pg_catalog."C",
    latin text GENERATED ALWAYS AS (doctors.latin(word)) STORED NOT NULL,
    sound text GENERATED ALWAYS AS (doctors.sound(doctors.latin(word))) STORED NOT NULL,
    profiles integer NOT NULL,
    verified integer NOT NULL
);

CREATE TABLE identity.attempts (
    what text NOT NULL,
    who bytea NOT NULL,
    count integer NOT NULL,
    since timestamp with time zone NOT NULL,
    blocked_until timestamp with time zone,
    refused boolean DEFAULT false NOT NULL
)
WITH (fillfactor='70');

CREATE TABLE identity.authenticators (
    user_id uuid NOT NULL,
    sealed bytea NOT NULL,
    confirmed_at timestamp with time zone,
    last_step bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE identity.data_protection_keys (
    name text NOT NULL,
    element text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE identity.invitations (
    id uuid NOT NULL,
    hash bytea NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    invited_by uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_at timestamp with time zone,
    withdrawn_at timestamp with time zone,
    CONSTRAINT invitations_role_check CHECK ((role = ANY (ARRAY['doctor'::text, 'staff'::text, 'admin'::text])))
);

CREATE TABLE identity.mailed_tokens (
    hash bytea NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    new_email text,
    security_stamp text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT mailed_tokens_purpose_check CHECK ((purpose = ANY (ARRAY['verify_email'::text, 'reset_password'::text, 'change_email'::text])))
);

CREATE VIEW identity.open_invitations AS
 SELECT i.id,
    i.hash,
    i.email,
    i.role,
    i.invited_by,
    i.expires_at
   FROM (identity.invitations i
     JOIN identity.users sender ON ((sender.id = i.invited_by)))
  WHERE ((i.accepted_at IS NULL) AND (i.withdrawn_at IS NULL) AND (i.expires_at > now()) AND (sender.role = 'admin'::text) AND (sender.suspended_at IS NULL) AND (sender.deletion_due_at IS NULL) AND (sender.erased_at IS NULL));

CREATE TABLE notifications.outgoing_mails (
    id uuid NOT NULL,
    sealed bytea NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    parked_because text,
    CONSTRAINT a_parked_mail_is_not_tried CHECK (((parked_because IS NULL) OR (next_attempt_at = 'infinity'::timestamp with time zone)))
);

CREATE VIEW identity.outgoing_mails AS
 SELECT outgoing_mails.id,
    outgoing_mails.sealed,
    outgoing_mails.attempts,
    outgoing_mails.next_attempt_at,
    outgoing_mails.created_at,
    outgoing_mails.parked_because
   FROM notifications.outgoing_mails;

CREATE TABLE identity.passkey_challenges (
    id uuid NOT NULL,
    state text NOT NULL,
    user_id uuid,
    expires_at timestamp with time zone NOT NULL,
    purpose text NOT NULL,
    CONSTRAINT passkey_challenges_purpose_check CHECK ((purpose = ANY (ARRAY['sign_up'::text, 'sign_in'::text, 'add'::text])))
);

CREATE TABLE identity.passkeys (
    credential_id bytea NOT NULL,
    user_id uuid NOT NULL,
    data jsonb NOT NULL
);

CREATE VIEW identity.reachable_people AS
 SELECT users.id,
    users.email,
    users.full_name
   FROM identity.users
  WHERE (users.email_confirmed AND (users.suspended_at IS NULL) AND (users.deletion_due_at IS NULL) AND (users.erased_at IS NULL));

CREATE TABLE identity.recovery_codes (
    user_id uuid NOT NULL,
    hash bytea NOT NULL,
    used_at timestamp with time zone
);

CREATE TABLE identity.refresh_tokens (
    hash bytea NOT NULL,
    session_id uuid NOT NULL,
    issued_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    successor_hash bytea,
    successor_sealed bytea
);

CREATE TABLE identity.sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text DEFAULT 'api'::text NOT NULL,
    device text,
    network text,
    second_factor boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_because text,
    CONSTRAINT sessions_kind_check CHECK ((kind = ANY (ARRAY['api'::text, 'portal'::text])))
);

CREATE TABLE identity.signing_keys (
    kid text NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    activates_at timestamp with time zone NOT NULL,
    retires_at timestamp with time zone,
    revoked_at timestamp with time zone
);

CREATE TABLE notifications.calendar_feeds (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    role text NOT NULL,
    token_hash bytea NOT NULL,
    detail text NOT NULL,
    name text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT calendar_feeds_detail_check CHECK ((detail = ANY (ARRAY['discreet'::text, 'full'::text]))),
    CONSTRAINT calendar_feeds_role_check CHECK ((role = ANY (ARRAY['patient'::text, 'doctor'::text]))),
    CONSTRAINT calendars_of_doctors_are_discreet CHECK (((role = 'patient'::text) OR (detail = 'discreet'::text)))
);

CREATE TABLE notifications.messages (
    id uuid NOT NULL,
    event_position bigint NOT NULL,
    account_id uuid NOT NULL,
    channel text NOT NULL,
    kind text NOT NULL,
    booking_id uuid NOT NULL,
    revision integer NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    state text DEFAULT 'due'::text NOT NULL,
    reason text,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamp with time zone NOT NULL,
    useless_after timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    first_due_at timestamp with time zone,
    CONSTRAINT message_that_is_not_due_has_ended CHECK (((state = 'due'::text) = (ended_at IS NULL))),
    CONSTRAINT message_that_was_not_sent_has_a_reason CHECK (((state = ANY (ARRAY['dropped'::text, 'failed'::text])) = (reason IS NOT NULL))),
    CONSTRAINT messages_channel_check CHECK ((channel = 'email'::text)),
    CONSTRAINT messages_kind_check CHECK ((kind = ANY (ARRAY['requested'::text, 'booked'::text, 'moved'::text, 'cancelled'::text, 'declined'::text, 'expired'::text, 'no_show'::text, 'reminder_day'::text, 'reminder_hour'::text]))),
    CONSTRAINT messages_state_check CHECK ((state = ANY (ARRAY['due'::text, 'sent'::text, 'dropped'::text, 'failed'::text])))
)
WITH (fillfactor='85');

CREATE TABLE notifications.preferences (
    account_id uuid NOT NULL,
    language text NOT NULL,
    time_zone text,
    quiet_from time without time zone NOT NULL,
    quiet_until time without time zone NOT NULL,
    reminders text[] NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT preferences_language_check CHECK ((language = ANY (ARRAY['en'::text, 'hi'::text]))),
    CONSTRAINT preferences_reminders_check CHECK ((reminders <@ ARRAY['email'::text]))
);

CREATE TABLE patients.consents (
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    account_id uuid NOT NULL,
    text_version text NOT NULL,
    verified_by text NOT NULL,
    accepted_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT consents_verified_by_check CHECK ((verified_by = ANY (ARRAY['session'::text, 'second_factor'::text])))
);

CREATE TABLE patients.guardians (
    patient_id uuid NOT NULL,
    account_id uuid NOT NULL,
    relation text NOT NULL,
    agreed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT guardians_relation_check CHECK ((relation = ANY (ARRAY['child'::text, 'parent'::text, 'spouse'::text, 'other'::text]))),
    CONSTRAINT nobody_is_their_own_dependant CHECK ((patient_id <> account_id))
);

CREATE VIEW patients.dependants AS
 SELECT guardians.patient_id,
    guardians.account_id,
    guardians.relation,
    guardians.agreed_at
   FROM patients.guardians;

CREATE TABLE patients.patients (
    id uuid NOT NULL,
    full_name text,
    birth_date date,
    age_years integer,
    age_said_on date,
    sex text,
    phone text,
    city text,
    language text,
    emergency_name text,
    emergency_phone text,
    registered_by uuid,
    merged_into uuid,
    revision integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT age_has_its_day CHECK (((age_years IS NULL) = (age_said_on IS NULL))),
    CONSTRAINT age_is_said_once CHECK (((birth_date IS NULL) OR (age_years IS NULL))),
    CONSTRAINT emergency_phone_is_international CHECK ((emergency_phone ~ '^\+[1-9][0-9]{6,14}$'::text)),
    CONSTRAINT nobody_is_merged_into_themself CHECK ((merged_into <> id)),
    CONSTRAINT patients_age_years_check CHECK (((age_years >= 0) AND (age_years <= 130))),
    CONSTRAINT patients_sex_check CHECK ((sex = ANY (ARRAY['female'::text, 'male'::text, 'other'::text, 'unknown'::text]))),
    CONSTRAINT phone_is_international CHECK ((phone ~ '^\+[1-9][0-9]{6,14}$'::text))
);

CREATE VIEW patients.people AS
 SELECT patients.id,
    patients.full_name,
    patients.birth_date,
    patients.age(patients.birth_date, patients.age_years, patients.age_said_on) AS age,
    patients.sex,
    patients.phone,
    patients.city,
    patients.language,
    patients.registered_by
   FROM patients.patients;

CREATE TABLE platform.event_readers (
    name text NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    moved_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='50');

CREATE VIEW platform.cursors AS
 SELECT event_readers.name AS reader,
    event_readers."position"
   FROM platform.event_readers;

CREATE TABLE platform.event_epochs (
    epoch integer NOT NULL,
    system_identifier bigint NOT NULL,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    after_position bigint DEFAULT 0 NOT NULL
);

CREATE VIEW platform.epochs AS
 SELECT event_epochs.epoch,
    event_epochs.after_position
   FROM platform.event_epochs;

CREATE TABLE platform.idempotency_keys (
    user_id uuid NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status integer NOT NULL,
    body text NOT NULL,
    location text,
    booking_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    replayed_at timestamp with time zone
)
WITH (fillfactor='90');

CREATE TABLE platform.imported_rows (
    file text NOT NULL,
    external_id text NOT NULL,
    row_id uuid NOT NULL,
    imported_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE platform.invariants (
    rule text NOT NULL,
    broken integer DEFAULT 0 NOT NULL,
    broken_in_full integer DEFAULT 0 NOT NULL,
    examples text[] DEFAULT '{}'::text[] NOT NULL,
    checked_at timestamp with time zone,
    fully_checked_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE platform.migrations (
    number integer NOT NULL,
    name text NOT NULL,
    hash bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE platform.page_key (
    only_one boolean DEFAULT true NOT NULL,
    key bytea NOT NULL,
    CONSTRAINT page_key_key_check CHECK ((length(key) = 32)),
    CONSTRAINT page_key_only_one_check CHECK (only_one)
);

CREATE TABLE platform.parked_events (
    reader text NOT NULL,
    "position" bigint NOT NULL,
    error text NOT NULL,
    parked_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE VIEW platform.passed_over AS
 SELECT parked_events.reader,
    parked_events."position"
   FROM platform.parked_events;

CREATE TABLE platform.schema_version (
    is_only boolean DEFAULT true NOT NULL,
    version text NOT NULL,
    serves_from text NOT NULL,
    migrated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT schema_version_is_only_check CHECK (is_only)
);

CREATE TABLE scheduling.availability (
    doctor_id uuid NOT NULL,
    rules jsonb DEFAULT '[]'::jsonb NOT NULL,
    minimum_notice_minutes integer DEFAULT 0 NOT NULL,
    horizon_days integer DEFAULT 60 NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    due_at timestamp with time zone DEFAULT now() NOT NULL,
    made_in_zone text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    rule_visit_types jsonb,
    rule_visit_types_revision bigint,
    CONSTRAINT availability_horizon_days_check CHECK (((horizon_days >= 1) AND (horizon_days <= 400))),
    CONSTRAINT availability_minimum_notice_minutes_check CHECK (((minimum_notice_minutes >= 0) AND (minimum_notice_minutes <= 43200))),
    CONSTRAINT availability_rules_check CHECK ((jsonb_typeof(rules) = 'array'::text))
);

CREATE TABLE scheduling.booking_policies (
    doctor_id uuid NOT NULL,
    cancellation_window interval DEFAULT '00:00:00'::interval NOT NULL,
    requires_confirmation boolean DEFAULT false NOT NULL,
    confirmation_time interval DEFAULT '1 day'::interval NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    walk_ins_per_day integer DEFAULT 10 NOT NULL,
    CONSTRAINT booking_policies_walk_ins_per_day_check CHECK (((walk_ins_per_day >= 0) AND (walk_ins_per_day <= 200))),
    CONSTRAINT confirmation_takes_time CHECK ((confirmation_time > '00:00:00'::interval)),
    CONSTRAINT window_is_not_negative CHECK ((cancellation_window >= '00:00:00'::interval))
);

CREATE VIEW scheduling.open_slots AS
 SELECT slots.id,
    slots.doctor_id,
    slots.starts_at,
    slots.ends_at,
    slots.bookable_until
   FROM scheduling.slots
  WHERE ((slots.closed_at IS NULL) AND (slots.booking_id IS NULL) AND ((slots.held_until IS NULL) OR (slots.held_until <= statement_timestamp())) AND ((slots.bookable_until IS NULL) OR (slots.bookable_until > statement_timestamp())));

CREATE VIEW scheduling.bookable_slots AS
 SELECT s.id,
    s.doctor_id,
    s.starts_at,
    s.ends_at,
    d.specialization,
    d.time_zone,
    d.verified,
    COALESCE(p.requires_confirmation, false) AS requires_confirmation
   FROM ((scheduling.open_slots s
     JOIN doctors.practitioners d ON ((d.id = s.doctor_id)))
     LEFT JOIN scheduling.booking_policies p ON ((p.doctor_id = s.doctor_id)))
  WHERE (s.starts_at > statement_timestamp());

CREATE TABLE scheduling.booking_steps (
    booking_id uuid NOT NULL,
    revision integer NOT NULL,
    action text NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    from_slot_id uuid,
    from_starts_at timestamp with time zone,
    actor_id uuid,
    actor_role text,
    reason text,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE scheduling.moved_bookings (
    booking_id uuid NOT NULL,
    revision integer NOT NULL,
    doctor_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    slot_id uuid NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    booked_at timestamp with time zone NOT NULL,
    moved_at timestamp with time zone DEFAULT now() NOT NULL,
    booked_by uuid
);

CREATE VIEW scheduling.bookings_moved_away AS
 SELECT m.booking_id AS id,
    m.slot_id,
    m.doctor_id,
    m.patient_id,
    m.starts_at,
    m.ends_at,
    'moved'::text AS status,
    NULL::timestamp with time zone AS expires_at,
    NULL::uuid AS series_id,
    NULL::text AS reason,
    NULL::text AS cancellation_reason,
    NULL::integer AS cancelled_minutes_ahead,
    NULL::text AS cancelled_by,
    NULL::text AS no_show_party,
    m.revision,
    m.booked_at AS created_at,
    m.booked_by,
    NULL::jsonb AS visit
   FROM scheduling.moved_bookings m;

CREATE VIEW scheduling.bookings_of_doctors AS
 SELECT b.id,
    b.slot_id,
    b.doctor_id,
    b.patient_id,
    b.starts_at,
    b.ends_at,
    b.status,
    b.expires_at,
    b.series_id,
    b.reason,
    b.cancellation_reason,
    b.cancelled_minutes_ahead,
    b.cancelled_by,
    b.no_show_party,
    b.revision,
    b.created_at,
    b.booked_by,
    b.visit
   FROM scheduling.bookings b
UNION ALL
 SELECT bookings_moved_away.id,
    bookings_moved_away.slot_id,
    bookings_moved_away.doctor_id,
    bookings_moved_away.patient_id,
    bookings_moved_away.starts_at,
    bookings_moved_away.ends_at,
    bookings_moved_away.status,
    bookings_moved_away.expires_at,
    bookings_moved_away.series_id,
    bookings_moved_away.reason,
    bookings_moved_away.cancellation_reason,
    bookings_moved_away.cancelled_minutes_ahead,
    bookings_moved_away.cancelled_by,
    bookings_moved_away.no_show_party,
    bookings_moved_away.revision,
    bookings_moved_away.created_at,
    bookings_moved_away.booked_by,
    bookings_moved_away.visit
   FROM scheduling.bookings_moved_away;

CREATE VIEW scheduling.given_up_slots AS
 SELECT s.doctor_id,
    s.starts_at
   FROM scheduling.slots s
  WHERE ((s.bookable_until = '-infinity'::timestamp with time zone) AND (s.closed_at IS NULL) AND (s.booking_id IS NULL) AND ((s.held_until IS NULL) OR (s.held_until <= statement_timestamp())) AND (s.starts_at > statement_timestamp()));

CREATE VIEW scheduling.due_calendars AS
 SELECT a.doctor_id,
    a.due_at
   FROM (scheduling.availability a
     JOIN doctors.practitioners d ON ((d.id = a.doctor_id)))
  WHERE ((a.due_at <= statement_timestamp()) OR (a.made_in_zone IS DISTINCT FROM d.time_zone) OR (a.doctor_id IN ( SELECT g.doctor_id
           FROM scheduling.given_up_slots g)))
UNION ALL
 SELECT g.doctor_id,
    min(g.starts_at) AS due_at
   FROM scheduling.given_up_slots g
  WHERE ((NOT (EXISTS ( SELECT
           FROM scheduling.availability a
          WHERE (a.doctor_id = g.doctor_id)))) AND (EXISTS ( SELECT
           FROM doctors.practitioners d
          WHERE (d.id = g.doctor_id))))
  GROUP BY g.doctor_id;

CREATE VIEW scheduling.idempotency_keys AS
 SELECT idempotency_keys.user_id,
    idempotency_keys.route,
    idempotency_keys.key,
    idempotency_keys.fingerprint,
    idempotency_keys.status,
    idempotency_keys.body,
    idempotency_keys.location,
    idempotency_keys.booking_id,
    idempotency_keys.created_at,
    idempotency_keys.replayed_at,
    idempotency_keys.ctid
   FROM platform.idempotency_keys;

CREATE TABLE scheduling.queue_entries (
    id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    day date NOT NULL,
    token integer NOT NULL,
    patient_id uuid NOT NULL,
    booking_id uuid,
    walked_in boolean NOT NULL,
    arrived_at timestamp with time zone DEFAULT now() NOT NULL,
    called_at timestamp with time zone,
    CONSTRAINT nobody_is_called_before_they_come CHECK ((called_at >= arrived_at)),
    CONSTRAINT queue_entries_token_check CHECK ((token > 0))
);

CREATE TABLE scheduling.queues (
    doctor_id uuid NOT NULL,
    day date NOT NULL,
    last_token integer NOT NULL,
    CONSTRAINT queues_last_token_check CHECK ((last_token > 0))
);

CREATE TABLE scheduling.recent_holds (
    patient_id uuid NOT NULL,
    slot_id uuid NOT NULL,
    ended_at timestamp with time zone NOT NULL
);

CREATE TABLE scheduling.time_off (
    id uuid NOT NULL,
    doctor_id uuid NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    leaving boolean DEFAULT false NOT NULL,
    reason text,
    CONSTRAINT time_off_is_not_empty CHECK ((starts_at < ends_at))
);

CREATE VIEW scheduling.visit_steps AS
 SELECT booking_steps.booking_id,
    booking_steps.revision,
    booking_steps.action,
    booking_steps.at
   FROM scheduling.booking_steps;

CREATE TABLE scheduling.visit_type_versions (
    visit_type_id uuid NOT NULL,
    revision integer NOT NULL,
    content jsonb NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE VIEW scheduling.visits AS
 SELECT b.id,
    b.patient_id,
    b.doctor_id,
    b.starts_at,
    b.ends_at,
    scheduling.status_now(b.status, b.expires_at) AS status,
    scheduling.is_active(scheduling.status_now(b.status, b.expires_at)) AS active,
    (b.revision + (scheduling.has_expired(b.status, b.expires_at))::integer) AS revision,
    b.created_at AS booked_at,
        CASE
            WHEN scheduling.has_expired(b.status, b.expires_at) THEN b.expires_at
            ELSE b.updated_at
        END AS changed_at,
    false AS moved_away,
    b.cancelled_by
   FROM scheduling.bookings b
UNION ALL
 SELECT m.booking_id AS id,
    m.patient_id,
    m.doctor_id,
    m.starts_at,
    m.ends_at,
    'moved'::text AS status,
    false AS active,
    m.revision,
    m.booked_at,
    m.moved_at AS changed_at,
    true AS moved_away,
    NULL::text AS cancelled_by
   FROM scheduling.moved_bookings m;

CREATE TABLE scheduling.waitlist_entries (
    id uuid NOT NULL,
    patient_id uuid NOT NULL,
    doctor_id uuid,
    specialization text,
    booking_id uuid,
    starts_from timestamp with time zone NOT NULL,
    starts_until timestamp with time zone NOT NULL,
    status text DEFAULT 'waiting'::text NOT NULL,
    passes integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    looked_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT waitlist_entries_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'offered'::text, 'accepted'::text, 'left'::text, 'lapsed'::text]))),
    CONSTRAINT waitlist_range_is_not_empty CHECK ((starts_from < starts_until)),
    CONSTRAINT waits_for_a_doctor_or_a_specialization CHECK ((num_nonnulls(doctor_id, specialization) = 1))
)
WITH (fillfactor='80');

CREATE TABLE scheduling.waitlist_offers (
    entry_id uuid NOT NULL,
    slot_id uuid NOT NULL,
    offered_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    outcome text,
    ended_at timestamp with time zone,
    CONSTRAINT waitlist_offers_outcome_check CHECK ((outcome = ANY (ARRAY['accepted'::text, 'passed'::text, 'withdrawn'::text])))
);

ALTER TABLE ONLY analytics.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (day, outcome);

ALTER TABLE ONLY analytics.bookings
    ADD CONSTRAINT bookings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY analytics.daily
    ADD CONSTRAINT daily_pkey PRIMARY KEY (measure, key, day);

ALTER TABLE ONLY analytics.visit_days
    ADD CONSTRAINT visit_days_pkey PRIMARY KEY (day, doctor_id, outcome);

ALTER TABLE ONLY analytics.visits
    ADD CONSTRAINT visits_pkey PRIMARY KEY (id);

ALTER TABLE ONLY audit.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (at, "position");

ALTER TABLE ONLY audit.retired_events
    ADD CONSTRAINT retired_events_pkey PRIMARY KEY (at, "position");

ALTER TABLE ONLY audit.seal_keys
    ADD CONSTRAINT seal_keys_pkey PRIMARY KEY (kid);

ALTER TABLE ONLY audit.seals
    ADD CONSTRAINT seals_pkey PRIMARY KEY (number);

ALTER TABLE ONLY audit.verification
    ADD CONSTRAINT verification_pkey PRIMARY KEY (only_one);

ALTER TABLE ONLY doctors.profiles
    ADD CONSTRAINT one_profile_per_doctor PRIMARY KEY (id);

ALTER TABLE ONLY doctors.words
    ADD CONSTRAINT words_pkey PRIMARY KEY (word);

ALTER TABLE ONLY identity.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (what, who);

ALTER TABLE ONLY identity.authenticators
    ADD CONSTRAINT authenticators_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY identity.data_protection_keys
    ADD CONSTRAINT data_protection_keys_pkey PRIMARY KEY (name);

ALTER TABLE ONLY identity.users
    ADD CONSTRAINT email_already_registered UNIQUE (normalized_email);

ALTER TABLE ONLY identity.invitations
    ADD CONSTRAINT invitations_hash_key UNIQUE (hash);

ALTER TABLE ONLY identity.invitations
    ADD CONSTRAINT invitations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.mailed_tokens
    ADD CONSTRAINT mailed_tokens_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY identity.passkey_challenges
    ADD CONSTRAINT passkey_challenges_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.passkeys
    ADD CONSTRAINT passkeys_pkey PRIMARY KEY (credential_id);

ALTER TABLE ONLY identity.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, hash);

ALTER TABLE ONLY identity.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY identity.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY identity.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (kid);

ALTER TABLE ONLY identity.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY notifications.calendar_feeds
    ADD CONSTRAINT calendar_feeds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY notifications.calendar_feeds
    ADD CONSTRAINT calendar_feeds_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY notifications.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY notifications.messages
    ADD CONSTRAINT one_message_per_event_and_receiver UNIQUE (event_position, account_id, channel, kind);

ALTER TABLE ONLY notifications.outgoing_mails
    ADD CONSTRAINT outgoing_mails_pkey PRIMARY KEY (id);

ALTER TABLE ONLY notifications.preferences
    ADD CONSTRAINT preferences_pkey PRIMARY KEY (account_id);

ALTER TABLE ONLY patients.consents
    ADD CONSTRAINT consents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY patients.guardians
    ADD CONSTRAINT guardians_pkey PRIMARY KEY (patient_id, account_id);

ALTER TABLE ONLY patients.patients
    ADD CONSTRAINT patients_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.event_epochs
    ADD CONSTRAINT event_epochs_pkey PRIMARY KEY (epoch);

ALTER TABLE ONLY platform.event_readers
    ADD CONSTRAINT event_readers_pkey PRIMARY KEY (name);

ALTER TABLE ONLY platform.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, route, key);

ALTER TABLE ONLY platform.imported_rows
    ADD CONSTRAINT imported_rows_pkey PRIMARY KEY (file, external_id);

ALTER TABLE ONLY platform.invariants
    ADD CONSTRAINT invariants_pkey PRIMARY KEY (rule);

ALTER TABLE ONLY platform.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (number);

ALTER TABLE ONLY platform.page_key
    ADD CONSTRAINT page_key_pkey PRIMARY KEY (only_one);

ALTER TABLE ONLY platform.parked_events
    ADD CONSTRAINT parked_events_pkey PRIMARY KEY (reader, "position");

ALTER TABLE ONLY platform.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (is_only);

ALTER TABLE ONLY scheduling.availability
    ADD CONSTRAINT availability_pkey PRIMARY KEY (doctor_id);

ALTER TABLE ONLY scheduling.booking_policies
    ADD CONSTRAINT booking_policies_pkey PRIMARY KEY (doctor_id);

ALTER TABLE ONLY scheduling.booking_steps
    ADD CONSTRAINT booking_steps_pkey PRIMARY KEY (booking_id, revision);

ALTER TABLE scheduling.bookings
    ADD CONSTRAINT bookings_cancelled_by_check CHECK ((cancelled_by = ANY (ARRAY['patient'::text, 'doctor'::text, 'staff'::text, 'admin'::text, 'system'::text]))) NOT VALID;

ALTER TABLE ONLY scheduling.bookings
    ADD CONSTRAINT bookings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY scheduling.doctor_visit_types
    ADD CONSTRAINT doctor_visit_types_pkey PRIMARY KEY (doctor_id, visit_type_id);

ALTER TABLE ONLY scheduling.moved_bookings
    ADD CONSTRAINT moved_bookings_pkey PRIMARY KEY (booking_id, revision);

ALTER TABLE ONLY scheduling.waitlist_offers
    ADD CONSTRAINT no_slot_is_offered_twice PRIMARY KEY (entry_id, slot_id);

ALTER TABLE scheduling.bookings
    ADD CONSTRAINT nobody_books_themself CHECK ((patient_id <> doctor_id)) NOT VALID;

ALTER TABLE ONLY scheduling.queue_entries
    ADD CONSTRAINT one_place_in_a_queue UNIQUE (booking_id);

ALTER TABLE scheduling.bookings
    ADD CONSTRAINT own_bookings_name_no_account CHECK ((booked_by <> patient_id)) NOT VALID;

ALTER TABLE ONLY scheduling.queue_entries
    ADD CONSTRAINT queue_entries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY scheduling.queues
    ADD CONSTRAINT queues_pkey PRIMARY KEY (doctor_id, day);

ALTER TABLE ONLY scheduling.recent_holds
    ADD CONSTRAINT recent_holds_pkey PRIMARY KEY (patient_id, slot_id);

ALTER TABLE ONLY scheduling.slots
    ADD CONSTRAINT slots_of_a_doctor_do_not_overlap EXCLUDE USING gist (doctor_id WITH =, tstzrange(starts_at, ends_at, '[)'::text) WITH &&) WHERE ((closed_at IS NULL));

ALTER TABLE ONLY scheduling.slots
    ADD CONSTRAINT slots_pkey PRIMARY KEY (id);

ALTER TABLE ONLY scheduling.time_off
    ADD CONSTRAINT time_off_pkey PRIMARY KEY (id);

ALTER TABLE ONLY scheduling.queue_entries
    ADD CONSTRAINT token_is_given_once UNIQUE (doctor_id, day, token);

ALTER TABLE ONLY scheduling.visit_type_versions
    ADD CONSTRAINT visit_type_versions_pkey PRIMARY KEY (visit_type_id, revision);

ALTER TABLE ONLY scheduling.visit_types
    ADD CONSTRAINT visit_types_pkey PRIMARY KEY (id);

ALTER TABLE ONLY scheduling.waitlist_entries
    ADD CONSTRAINT waitlist_entries_pkey PRIMARY KEY (id);

CREATE INDEX bookings_by_day ON analytics.bookings USING btree (booked_on);

CREATE INDEX visits_of_doctor ON analytics.visits USING btree (doctor_id);

CREATE INDEX events_by_position ON ONLY audit.events USING btree ("position");

CREATE INDEX events_of_a_kind ON ONLY audit.events USING btree (entity, at, "position") WHERE (entity <> 'booking'::text);

CREATE INDEX events_of_an_action ON ONLY audit.events USING btree (action, at, "position") WHERE (action <> ALL (ARRAY['bookings.booked'::text, 'bookings.requested'::text]));

CREATE INDEX events_of_an_actor ON ONLY audit.events USING btree (actor_id, at, "position") WHERE (actor_id IS NOT NULL);

CREATE INDEX events_of_an_entity ON ONLY audit.events USING btree (entity_id, at, "position") WHERE (entity_id IS NOT NULL);

CREATE INDEX retired_events_by_position ON ONLY audit.retired_events USING btree ("position");

CREATE UNIQUE INDEX seals_by_range ON audit.seals USING btree ("position");

CREATE UNIQUE INDEX one_doctor_per_registration ON doctors.profiles USING btree (doctors.registration_key(registration_council, registration_number)) WHERE ((registration_number IS NOT NULL) AND (NOT registration_disputed));

CREATE INDEX profiles_by_experience ON doctors.profiles USING btree (((- experience)), id);

CREATE INDEX profiles_by_fee ON doctors.profiles USING btree (COALESCE(fee_minor, 2147483647), id);

CREATE INDEX profiles_by_name ON doctors.profiles USING btree (lower(full_name), id);

CREATE INDEX profiles_by_specialization ON doctors.profiles USING btree (lower(specialization), id);

CREATE INDEX profiles_by_word ON doctors.profiles USING gin (search) WITH (fastupdate=off);

CREATE INDEX profiles_to_decide ON doctors.profiles USING btree (COALESCE(pending_since, created_at), id) WHERE ((verified_at IS NULL) OR (pending IS NOT NULL));

CREATE INDEX profiles_to_verify ON doctors.profiles USING btree (created_at, id) WHERE (verified_at IS NULL);

CREATE INDEX verified_profiles_by_word ON doctors.profiles USING gin (search) WITH (fastupdate=off) WHERE (verified_at IS NOT NULL);

CREATE INDEX verified_words ON doctors.words USING btree (word) WHERE (verified > 0);

CREATE INDEX verified_words_by_sound ON doctors.words USING btree (sound, verified DESC) WHERE (verified > 0);

CREATE INDEX verified_words_by_trigram ON doctors.words USING gin (latin public.gin_trgm_ops) WHERE (verified > 0);

CREATE INDEX words_by_sound ON doctors.words USING btree (sound, profiles DESC);

CREATE INDEX words_by_trigram ON doctors.words USING gin (latin public.gin_trgm_ops);

CREATE INDEX admins ON identity.users USING btree (id) WHERE ((role = 'admin'::text) AND (suspended_at IS NULL) AND (erased_at IS NULL));

CREATE INDEX attempts_by_age ON identity.attempts USING btree (since);

CREATE UNIQUE INDEX invitation_already_open ON identity.invitations USING btree (lower(email)) WHERE ((accepted_at IS NULL) AND (withdrawn_at IS NULL));

CREATE INDEX invitations_by_address ON identity.invitations USING btree (lower(email));

CREATE INDEX mailed_tokens_of_a_user ON identity.mailed_tokens USING btree (user_id);

CREATE INDEX passkeys_of_a_user ON identity.passkeys USING btree (user_id);

CREATE INDEX refresh_tokens_by_end ON identity.refresh_tokens USING btree (expires_at);

CREATE INDEX refresh_tokens_of_a_session ON identity.refresh_tokens USING btree (session_id);

CREATE INDEX sessions_lately_ended ON identity.sessions USING btree (ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX sessions_of_a_user ON identity.sessions USING btree (user_id);

CREATE INDEX users_by_address_or_name ON identity.users USING gin ((((normalized_email || ' '::text) || COALESCE(upper(full_name), ''::text))) public.gin_trgm_ops);

CREATE INDEX users_to_erase ON identity.users USING btree (deletion_due_at) WHERE (deletion_due_at IS NOT NULL);

CREATE INDEX calendar_feeds_of_an_account ON notifications.calendar_feeds USING btree (account_id);

CREATE INDEX due_messages ON notifications.messages USING btree (due_at) WHERE (state = 'due'::text);

CREATE INDEX ended_messages ON notifications.messages USING btree (ended_at) WHERE (ended_at IS NOT NULL);

CREATE INDEX messages_in_a_state ON notifications.messages USING btree (state, created_at, id);

CREATE INDEX messages_of_an_account ON notifications.messages USING btree (account_id, created_at, id);

CREATE INDEX outgoing_mails_next ON notifications.outgoing_mails USING btree (next_attempt_at);

CREATE INDEX outgoing_mails_parked ON notifications.outgoing_mails USING btree (parked_because) WHERE (parked_because IS NOT NULL);

CREATE INDEX consents_of_a_patient ON patients.consents USING btree (patient_id);

CREATE INDEX consents_of_an_account ON patients.consents USING btree (account_id);

CREATE INDEX patients_by_birth_date ON patients.patients USING btree (birth_date) WHERE (birth_date IS NOT NULL);

CREATE INDEX patients_by_name ON patients.patients USING gin (upper(full_name) public.gin_trgm_ops);

CREATE INDEX patients_by_phone ON patients.patients USING gin (phone public.gin_trgm_ops);

CREATE INDEX patients_merged ON patients.patients USING btree (merged_into) WHERE (merged_into IS NOT NULL);

CREATE INDEX patients_of_an_account ON patients.guardians USING btree (account_id, patient_id);

CREATE INDEX idempotency_keys_by_age ON platform.idempotency_keys USING btree (created_at);

CREATE INDEX idempotency_keys_of_refusals ON platform.idempotency_keys USING btree (user_id, created_at) WHERE (status >= 400);

CREATE INDEX availability_by_due ON scheduling.availability USING btree (due_at);

CREATE INDEX booking_steps_by_time ON scheduling.booking_steps USING btree (at);

CREATE INDEX bookings_made_for_others ON scheduling.bookings USING btree (booked_by, starts_at) WHERE (booked_by IS NOT NULL);

CREATE INDEX bookings_of_a_doctor ON scheduling.bookings USING btree (doctor_id, starts_at, id);

CREATE INDEX bookings_of_a_patient ON scheduling.bookings USING btree (patient_id, starts_at, id, ends_at) INCLUDE (status, doctor_id, series_id, expires_at);

CREATE INDEX bookings_of_a_series ON scheduling.bookings USING btree (series_id, starts_at) WHERE (series_id IS NOT NULL);

CREATE INDEX cancellations_of_an_account ON scheduling.bookings USING btree (COALESCE(booked_by, patient_id), updated_at) WHERE ((status = 'cancelled'::text) AND (cancelled_by = 'patient'::text));

CREATE INDEX doctors_of_a_visit_type ON scheduling.doctor_visit_types USING btree (visit_type_id, doctor_id);

CREATE INDEX moved_bookings_of_a_doctor ON scheduling.moved_bookings USING btree (doctor_id, starts_at, booking_id);

CREATE INDEX moved_bookings_of_a_patient ON scheduling.moved_bookings USING btree (patient_id);

CREATE UNIQUE INDEX one_active_booking_per_slot ON scheduling.bookings USING btree (slot_id) WHERE (status <> ALL (ARRAY['cancelled'::text, 'declined'::text, 'expired'::text]));

CREATE UNIQUE INDEX one_leave_per_doctor ON scheduling.time_off USING btree (doctor_id) WHERE leaving;

CREATE UNIQUE INDEX one_open_offer_per_entry ON scheduling.waitlist_offers USING btree (entry_id) WHERE (outcome IS NULL);

CREATE UNIQUE INDEX one_open_offer_per_slot ON scheduling.waitlist_offers USING btree (slot_id) WHERE (outcome IS NULL);

CREATE INDEX queue_entries_of_a_patient ON scheduling.queue_entries USING btree (patient_id);

CREATE INDEX requests_by_expiry ON scheduling.bookings USING btree (expires_at) WHERE (status = 'requested'::text);

CREATE INDEX slots_by_time ON scheduling.slots USING btree (starts_at, doctor_id) WHERE (closed_at IS NULL);

CREATE INDEX slots_given_up ON scheduling.slots USING btree (doctor_id, starts_at) WHERE ((bookable_until = '-infinity'::timestamp with time zone) AND (closed_at IS NULL));

CREATE INDEX slots_held ON scheduling.slots USING btree (doctor_id) WHERE (held_by IS NOT NULL);

CREATE INDEX slots_of_a_doctor_by_time ON scheduling.slots USING btree (doctor_id, starts_at, id);

CREATE INDEX slots_of_a_holder ON scheduling.slots USING btree (held_by) WHERE (held_by IS NOT NULL);

CREATE INDEX time_off_of_a_doctor ON scheduling.time_off USING btree (doctor_id, ends_at);

CREATE INDEX visit_types_by_name ON scheduling.visit_types USING btree (lower(name), id);

CREATE INDEX waitlist_of_a_booking ON scheduling.waitlist_entries USING btree (booking_id) WHERE ((booking_id IS NOT NULL) AND (status = ANY (ARRAY['waiting'::text, 'offered'::text])));

CREATE INDEX waitlist_of_a_doctor ON scheduling.waitlist_entries USING btree (doctor_id, created_at) WHERE (status = 'waiting'::text);

CREATE INDEX waitlist_of_a_patient ON scheduling.waitlist_entries USING btree (patient_id, created_at);

CREATE INDEX waitlist_of_a_specialization ON scheduling.waitlist_entries USING btree (lower(specialization), created_at) WHERE (status = 'waiting'::text);

CREATE INDEX waitlist_offered ON scheduling.waitlist_entries USING btree (id) WHERE (status = 'offered'::text);

CREATE INDEX waitlist_unseen ON scheduling.waitlist_entries USING btree (looked_at) WHERE (status = 'waiting'::text);

CREATE TRIGGER count_words AFTER INSERT OR UPDATE OF full_name, specialization, language_names, bio, verified_at ON doctors.profiles FOR EACH ROW EXECUTE FUNCTION doctors.count_words();

CREATE TRIGGER own_record_of_a_changed_account AFTER UPDATE OF role, full_name ON identity.users FOR EACH ROW WHEN (((new.role = 'patient'::text) AND ((old.role IS DISTINCT FROM new.role) OR (old.full_name IS DISTINCT FROM new.full_name)))) EXECUTE FUNCTION patients.keep_own_record();

CREATE TRIGGER own_record_of_an_account AFTER INSERT ON identity.users FOR EACH ROW WHEN ((new.role = 'patient'::text)) EXECUTE FUNCTION patients.keep_own_record();

CREATE TRIGGER tell_keys_changed AFTER INSERT OR DELETE OR UPDATE ON identity.signing_keys FOR EACH STATEMENT EXECUTE FUNCTION identity.tell_keys_changed();

CREATE TRIGGER tell_session_ended AFTER UPDATE OF ended_at ON identity.sessions FOR EACH ROW WHEN (((old.ended_at IS NULL) AND (new.ended_at IS NOT NULL))) EXECUTE FUNCTION identity.tell_session_ended();

CREATE TRIGGER bookings_of_a_patient_do_not_overlap AFTER INSERT ON scheduling.bookings REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION scheduling.refuse_overlap_of_a_patient();

CREATE TRIGGER changed_bookings_of_a_patient_do_not_overlap AFTER UPDATE ON scheduling.bookings REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION scheduling.refuse_overlap_of_a_patient();

CREATE TRIGGER more_slots_follow_their_booking AFTER UPDATE OF status, slot_id, more_slots ON scheduling.bookings FOR EACH ROW WHEN ((old.more_slots IS NOT NULL)) EXECUTE FUNCTION scheduling.follow_booking();

ALTER TABLE ONLY audit.seals
    ADD CONSTRAINT seals_kid_fkey FOREIGN KEY (kid) REFERENCES audit.seal_keys(kid);

ALTER TABLE ONLY identity.authenticators
    ADD CONSTRAINT authenticators_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.invitations
    ADD CONSTRAINT invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.mailed_tokens
    ADD CONSTRAINT mailed_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.passkey_challenges
    ADD CONSTRAINT passkey_challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.passkeys
    ADD CONSTRAINT passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.recovery_codes
    ADD CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY identity.refresh_tokens
    ADD CONSTRAINT refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES identity.sessions(id) ON DELETE CASCADE;

ALTER TABLE ONLY identity.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES identity.users(id);

ALTER TABLE ONLY patients.consents
    ADD CONSTRAINT consents_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES patients.patients(id);

ALTER TABLE ONLY patients.guardians
    ADD CONSTRAINT guardians_patient_id_fkey FOREIGN KEY (patient_id) REFERENCES patients.patients(id);

ALTER TABLE ONLY patients.patients
    ADD CONSTRAINT patients_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES patients.patients(id);

ALTER TABLE ONLY platform.parked_events
    ADD CONSTRAINT parked_events_reader_fkey FOREIGN KEY (reader) REFERENCES platform.event_readers(name);

ALTER TABLE ONLY scheduling.booking_steps
    ADD CONSTRAINT booking_steps_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES scheduling.bookings(id);

ALTER TABLE ONLY scheduling.bookings
    ADD CONSTRAINT bookings_slot_id_fkey FOREIGN KEY (slot_id) REFERENCES scheduling.slots(id);

ALTER TABLE ONLY scheduling.doctor_visit_types
    ADD CONSTRAINT doctor_visit_types_visit_type_id_fkey FOREIGN KEY (visit_type_id) REFERENCES scheduling.visit_types(id);

ALTER TABLE ONLY scheduling.moved_bookings
    ADD CONSTRAINT moved_bookings_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES scheduling.bookings(id);

ALTER TABLE ONLY scheduling.queue_entries
    ADD CONSTRAINT queue_entries_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES scheduling.bookings(id);

ALTER TABLE ONLY scheduling.visit_type_versions
    ADD CONSTRAINT visit_type_versions_visit_type_id_fkey FOREIGN KEY (visit_type_id) REFERENCES scheduling.visit_types(id);

ALTER TABLE ONLY scheduling.waitlist_entries
    ADD CONSTRAINT waitlist_entries_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES scheduling.bookings(id);

ALTER TABLE ONLY scheduling.waitlist_offers
    ADD CONSTRAINT waitlist_offers_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES scheduling.waitlist_entries(id);

GRANT USAGE ON SCHEMA analytics TO amrutam_app;

GRANT USAGE ON SCHEMA audit TO amrutam_app;

GRANT USAGE ON SCHEMA doctors TO amrutam_app;

GRANT USAGE ON SCHEMA identity TO amrutam_app;

GRANT USAGE ON SCHEMA notifications TO amrutam_app;

GRANT USAGE ON SCHEMA patients TO amrutam_app;

GRANT USAGE ON SCHEMA platform TO amrutam_app;

GRANT USAGE ON SCHEMA scheduling TO amrutam_app;

REVOKE ALL ON FUNCTION audit.make_partitions(months_behind integer, months_ahead integer) FROM PUBLIC;
GRANT ALL ON FUNCTION audit.make_partitions(months_behind integer, months_ahead integer) TO amrutam_app;

REVOKE ALL ON FUNCTION audit.retire_partition(older_than_months integer, trace text) FROM PUBLIC;
GRANT ALL ON FUNCTION audit.retire_partition(older_than_months integer, trace text) TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE doctors.profiles TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.users TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.people TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE doctors.practitioners TO amrutam_app;

REVOKE ALL ON FUNCTION platform.open_event_epoch() FROM PUBLIC;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.bookings TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.doctor_visit_types TO amrutam_app;

GRANT SELECT,INSERT,UPDATE ON TABLE scheduling.visit_types TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.visit_types_of_doctors TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.offered_visit_types TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.slots TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.attempts TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.bookings TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.daily TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.visit_days TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE analytics.visits TO amrutam_app;

GRANT SELECT ON TABLE audit.events TO amrutam_app;

GRANT INSERT(actor_id) ON TABLE audit.events TO amrutam_app;

GRANT INSERT(actor_role) ON TABLE audit.events TO amrutam_app;

GRANT INSERT(action) ON TABLE audit.events TO amrutam_app;

GRANT INSERT(entity) ON TABLE audit.events TO amrutam_app;

GRANT INSERT(entity_id) ON TABLE audit.events TO amrutam_app;

GRANT INSERT(details) ON TABLE audit.events TO amrutam_app;

GRANT INSERT(trace_id) ON TABLE audit.events TO amrutam_app;

GRANT SELECT ON TABLE audit.retired_events TO amrutam_app;

GRANT SELECT ON TABLE audit.actions TO amrutam_app;

GRANT SELECT ON TABLE audit.every_event TO amrutam_app;

GRANT SELECT,INSERT ON TABLE audit.seal_keys TO amrutam_app;

GRANT SELECT,INSERT ON TABLE audit.seals TO amrutam_app;

GRANT SELECT,UPDATE ON TABLE audit.verification TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE doctors.words TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.attempts TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.authenticators TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.data_protection_keys TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.invitations TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.mailed_tokens TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.open_invitations TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE notifications.outgoing_mails TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.outgoing_mails TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.passkey_challenges TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.passkeys TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.reachable_people TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.recovery_codes TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.refresh_tokens TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.sessions TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE identity.signing_keys TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE notifications.calendar_feeds TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE notifications.messages TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE notifications.preferences TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE patients.consents TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE patients.guardians TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE patients.dependants TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE patients.patients TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE patients.people TO amrutam_app;

GRANT SELECT,INSERT,UPDATE ON TABLE platform.event_readers TO amrutam_app;

GRANT SELECT ON TABLE platform.cursors TO amrutam_app;

GRANT SELECT ON TABLE platform.event_epochs TO amrutam_app;

GRANT SELECT ON TABLE platform.epochs TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.idempotency_keys TO amrutam_app;

GRANT SELECT,INSERT ON TABLE platform.imported_rows TO amrutam_app;

GRANT SELECT,INSERT,UPDATE ON TABLE platform.invariants TO amrutam_app;

GRANT SELECT ON TABLE platform.migrations TO amrutam_app;

GRANT SELECT ON TABLE platform.page_key TO amrutam_app;

GRANT SELECT,INSERT,DELETE ON TABLE platform.parked_events TO amrutam_app;

GRANT SELECT ON TABLE platform.passed_over TO amrutam_app;

GRANT SELECT ON TABLE platform.schema_version TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.availability TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.booking_policies TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.open_slots TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.bookable_slots TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.booking_steps TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.moved_bookings TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.bookings_moved_away TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.bookings_of_doctors TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.given_up_slots TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.due_calendars TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.idempotency_keys TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.queue_entries TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.queues TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.recent_holds TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.time_off TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.visit_steps TO amrutam_app;

GRANT SELECT,INSERT ON TABLE scheduling.visit_type_versions TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.visits TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.waitlist_entries TO amrutam_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE scheduling.waitlist_offers TO amrutam_app;

ALTER DEFAULT PRIVILEGES FOR ROLE amrutam_owner IN SCHEMA analytics GRANT SELECT,INSERT,DELETE,UPDATE ON TABLES  TO amrutam_app;

ALTER DEFAULT PRIVILEGES FOR ROLE amrutam_owner IN SCHEMA doctors GRANT SELECT,INSERT,DELETE,UPDATE ON TABLES  TO amrutam_app;

ALTER DEFAULT PRIVILEGES FOR ROLE amrutam_owner IN SCHEMA identity GRANT SELECT,INSERT,DELETE,UPDATE ON TABLES  TO amrutam_app;

ALTER DEFAULT PRIVILEGES FOR ROLE amrutam_owner IN SCHEMA notifications GRANT SELECT,INSERT,DELETE,UPDATE ON TABLES  TO amrutam_app;

ALTER DEFAULT PRIVILEGES FOR ROLE amrutam_owner IN SCHEMA patients GRANT SELECT,INSERT,DELETE,UPDATE ON TABLES  TO amrutam_app;

ALTER DEFAULT PRIVILEGES FOR ROLE amrutam_owner IN SCHEMA scheduling GRANT SELECT,INSERT,DELETE,UPDATE ON TABLES  TO amrutam_app;
