-- The orders that the directory is read in. Each ends in the id, so that a page can continue after any doctor.
-- Without a fee: after every fee there is.
create index profiles_by_name on doctors.profiles (lower(full_name), id);
create index profiles_by_fee on doctors.profiles (coalesce(fee_minor, 2147483647), id);
create index profiles_by_experience on doctors.profiles ((-experience), id);

-- One spelling for each word: no case, no Latin diacritics (Pañcakarma), no punctuation. The marks of Indian scripts
-- stay.
create function doctors.folded(words text) returns text language sql immutable strict parallel safe
return translate(normalize(regexp_replace(lower(normalize(words, nfd)), '[\u0300-\u036f]', '', 'g'), nfc),
    '.,;:!?/\|()[]{}<>@#$%^&*_+=~`"''-–—', repeat(' ', 34));

-- What is left of a Latin word when the spellings that Indian names vary in are made one: h after a consonant, vowels
-- within,
-- w for v, x for ks, doubled letters. Sharma, Sarma and Shrama sound alike; so do Laxmi and Lakshmi, Iyer and Iyar.
-- A word with digits is an identifier and sounds like itself only.
create function doctors.sound(word text) returns text language sql immutable strict parallel safe
return case when word ~ '^[a-z]{3,}$'
    then regexp_replace(
        left(translate(word, 'wqz', 'vkj'), 1)
            || translate(replace(translate(substr(word, 2), 'wqz', 'vkj'), 'x', 'ks'), 'aeiouyh', ''),
        '(.)\1+', '\1', 'g')
    else word end;

-- Weights: A name, B specialization, C languages, D what the doctor says of their work.
alter table doctors.profiles add search tsvector not null generated always as (
    setweight(to_tsvector('simple', doctors.folded(full_name)), 'A')
    || setweight(to_tsvector('simple', doctors.folded(specialization)), 'B')
    || setweight(to_tsvector('simple', doctors.folded(language_names)), 'C')
    || setweight(to_tsvector('simple', doctors.folded(bio)), 'D')) stored;
create index profiles_by_word on doctors.profiles using gin (search) with (fastupdate = off);

-- Every word of the directory, once. A misspelt word is compared with these few thousand and not with every text; the
-- words
-- found are then looked up in the index above. A word that nobody uses any more costs a line and finds nobody.
create table doctors.words (
    word text primary key,
    sound text not null generated always as (doctors.sound(word)) stored
);
create index words_by_trigram on doctors.words using gin (word public.gin_trgm_ops);
create index words_by_sound on doctors.words (sound);

-- In order, so that two doctors who bring the same new words at once do not wait for each other in a circle.
create function doctors.keep_words() returns trigger language plpgsql as $$
begin
    insert into doctors.words (word) select lexeme from unnest(new.search) order by lexeme on conflict do nothing;
    return null;
end $$;
create trigger keep_words after insert or update of full_name, specialization, language_names, bio on doctors.profiles
    for each row execute function doctors.keep_words();

-- What to look for when somebody typed this: every word must be found, as it is or as the beginning of a longer one; or
-- a word
-- that sounds the same; or, when nobody's profile has a word that begins so, the nearest spellings.
-- part narrows it to parts of the profile ('B' is the specialization); nothing means all of it.
-- Titles are left out unless they are all there is: half the doctors write one and everybody types one.
create function doctors.query_of(typed text, part text) returns tsquery language sql stable as $$
    with word as (
        select lexeme as text, (quote_literal(lexeme) || ':*' || part)::tsquery as itself
          from unnest(to_tsvector('simple', doctors.folded(typed)))
         order by lexeme = any ('{dr,doctor,prof,vaidya,vd,डॉ,डा}'), positions[1]
         limit 8),
    meant as (
        select word.text, word.text = any ('{dr,doctor,prof,vaidya,vd,डॉ,डा}') as is_title,
               word.itself::text || coalesce((
                   select string_agg(' | ' || quote_literal(near.word) || ':' || part, '')
                     from (select w.word from doctors.words w
                            where w.sound = doctors.sound(word.text) and w.word <> word.text
                              and public.similarity(w.word, word.text) >= 0.2
                           union
                          (select w.word from doctors.words w
                            where w.word operator(public.%) word.text and public.similarity(w.word, word.text) >= 0.35
                              and not exists (select from doctors.profiles p where p.search @@ word.itself)
                            order by public.similarity(w.word, word.text) desc, w.word limit 8)) near), '')
                   as alternatives
          from word)
    select string_agg('(' || alternatives || ')', ' & ')::tsquery
      from meant
     where not is_title or not exists (select from meant other where not other.is_title)
$$;
