-- The words of the directory's search: one spelling for each in any Indian script, counted, and gone with their text.
-- The signatures that an older server calls stay: folded(text) and query_of(text, text).
drop trigger keep_words on doctors.profiles;
drop function doctors.keep_words();
drop table doctors.words;
alter table doctors.profiles drop column search;

-- Unicode lays the scripts of India out alike: a letter has the same place in each block. So they become Devanagari,
-- and one set of rules serves all. The letters that have no counterpart at their place come first.
create function doctors.in_devanagari(words text) returns text language sql immutable strict parallel safe
return case when words !~ '[\u0980-\u0d7f]' then words else (
    select string_agg(case when ascii(letter) between x'0980'::int and x'0d7f'::int
                             and (ascii(letter) - x'0900'::int) % 128 < x'70'::int
                           then chr(x'0900'::int + (ascii(letter) - x'0900'::int) % 128) else letter end, '' order by n)
      from string_to_table(
               replace(regexp_replace(translate(words, 'ৰৱੰੜୟୱ', 'रवंडयव'), '[ৎൺൻർൽൾൿ]', '\&्', 'g'), 'ੱ', ''), null)
           with ordinality as t (before, n),
           translate(before, 'ৎൺൻർൽൾൿൗ', 'तणनरलळकौ') as letter) end;

-- One spelling for each word: no case, no punctuation, no Latin diacritics (Pañcakarma), letters of one width.
-- In an Indian script: no nukta (फ़ is फ), no joiners, short vowels for long ones, and anusvara for chandrabindu, for a
-- nasal before a stop of its class (चन्द्र is चंद्र) and for म् at a word's end, where other viramas are silent.
create or replace function doctors.folded(words text) returns text language plpgsql immutable strict parallel safe as $$
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
end $$;

-- A folded word in Latin letters, as Hindi is written in them: शर्मा is sharma. Letters that names vary in become one:
-- v for w, k for q, j for z, f for ph.
create function doctors.latin(word text) returns text language plpgsql immutable strict parallel safe as $$
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
end $$;

-- The consonants of a word that latin has written, with its first letter, without h and y, without doubled letters, and
-- with ks for x. Sharma, Sarma and Shrama sound alike; so do Laxmi and Lakshmi, Iyer and Iyar. A word with digits is an
-- identifier and sounds like itself only.
create or replace function doctors.sound(word text) returns text language sql immutable strict parallel safe
return case when word ~ '^[a-z]{3,}$'
    then regexp_replace(
        left(word, 1) || translate(replace(substr(word, 2), 'x', 'ks'), 'aeiouyh', ''), '(.)\1+', '\1', 'g')
    else word end;

-- Weights: A name, B specialization, C languages, D what the doctor says of their work.
alter table doctors.profiles add search tsvector not null generated always as (
    setweight(to_tsvector('simple', doctors.folded(full_name)), 'A')
    || setweight(to_tsvector('simple', doctors.folded(specialization)), 'B')
    || setweight(to_tsvector('simple', doctors.folded(language_names)), 'C')
    || setweight(to_tsvector('simple', doctors.folded(bio)), 'D')) stored;
create index profiles_by_word on doctors.profiles using gin (search) with (fastupdate = off);
-- Where only verified doctors are shown, the words of others cost a search nothing.
create index verified_profiles_by_word on doctors.profiles using gin (search) with (fastupdate = off)
 where verified_at is not null;

-- The profiles that are shown. Inlined, so that each half is read by its own indexes.
create function doctors.shown_profiles(verified_only boolean) returns setof doctors.profiles language sql stable as $$
    select * from doctors.profiles where verified_only and verified_at is not null
    union all
    select * from doctors.profiles where not verified_only
$$;

-- Every word of the directory once, with the number of profiles that have it, and of verified ones among them. A
-- misspelt word is compared with these few thousand and not with every text; the words found are then looked up in the
-- index above.
create table doctors.words (
    word text collate "C" primary key,
    latin text not null generated always as (doctors.latin(word)) stored,
    sound text not null generated always as (doctors.sound(doctors.latin(word))) stored,
    profiles int not null,
    verified int not null
);
create index words_by_trigram on doctors.words using gin (latin public.gin_trgm_ops);
create index words_by_sound on doctors.words (sound, profiles desc);
create index verified_words on doctors.words (word) where verified > 0;
create index verified_words_by_trigram on doctors.words using gin (latin public.gin_trgm_ops) where verified > 0;
create index verified_words_by_sound on doctors.words (sound, verified desc) where verified > 0;

-- In order, so that two doctors who bring the same words at once do not wait for each other in a circle.
create function doctors.count_words() returns trigger language plpgsql as $$
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
insert into doctors.words (word, profiles, verified)
select word, count(*), count(verified_at) from doctors.profiles, unnest(tsvector_to_array(search)) word group by word;
create trigger count_words
    after insert or update of full_name, specialization, language_names, bio, verified_at on doctors.profiles
    for each row execute function doctors.count_words();

-- The words of the profiles that are shown. Inlined, so that each half is read by its own indexes.
create function doctors.shown_words(verified_only boolean)
returns table (word text, latin text, sound text, uses int) language sql stable as $$
    select word, latin, sound, verified from doctors.words where verified_only and verified > 0
    union all
    select word, latin, sound, profiles from doctors.words where not verified_only
$$;

-- What to look for when somebody typed this: every word must be found, as it is or as the beginning of a longer one; or
-- a word that sounds the same; or, when no profile has a word that begins so, the nearest spellings. part narrows it to
-- parts of the profile ('B' is the specialization); nothing means all of it. Titles are left out unless they are all
-- there is: half the doctors write one and everybody types one.
-- The cost has a bound, whatever profiles say: eight words, and for each of them 64 candidates by sound, 64 by
-- spelling, and 16 alternatives.
create function doctors.query_of(typed text, part text, verified_only boolean) returns tsquery
language sql stable as $$
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

-- For servers of the version before, which do not say which doctors they show.
create or replace function doctors.query_of(typed text, part text) returns tsquery language sql stable
return doctors.query_of(typed, part, false);
