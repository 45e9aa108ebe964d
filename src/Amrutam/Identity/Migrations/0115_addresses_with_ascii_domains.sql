-- Addresses are compared with their domain in ASCII. The functions are RFC 3492, and live as long as this session.
create function pg_temp.encoded(label text) returns text language plpgsql as $$
declare
    points int[] := array(select ascii(c) from regexp_split_to_table(label, '') c);
    basic text := coalesce((select string_agg(chr(p), '' order by i)
                              from unnest(points) with ordinality u (p, i) where p < 128), '');
    output text := case when basic = '' then '' else basic || '-' end;
    handled int := length(basic);
    n int := 128; delta bigint := 0; bias int := 72; least_next int; q bigint; k int; t int; digit int; point int;
begin
    if handled = cardinality(points) then return label; end if;
    while handled < cardinality(points) loop
        select min(p) into least_next from unnest(points) p where p >= n;
        delta := delta + (least_next - n)::bigint * (handled + 1);
        n := least_next;
        foreach point in array points loop
            if point < n then delta := delta + 1; end if;
            if point = n then
                q := delta; k := 36;
                loop
                    t := greatest(1, least(26, k - bias));
                    exit when q < t;
                    digit := t + (q - t) % (36 - t);
                    output := output || chr(case when digit < 26 then digit + 97 else digit + 22 end);
                    q := (q - t) / (36 - t); k := k + 36;
                end loop;
                output := output || chr((case when q < 26 then q + 97 else q + 22 end)::int);
                q := case when handled = length(basic) then delta / 700 else delta / 2 end;
                q := q + q / (handled + 1); k := 0;
                while q > 455 loop q := q / 35; k := k + 36; end loop;
                bias := (k + 36 * q / (q + 38))::int;
                delta := 0; handled := handled + 1;
            end if;
        end loop;
        delta := delta + 1; n := n + 1;
    end loop;
    return 'xn--' || output;
end $$;

create function pg_temp.with_ascii_domain(address text) returns text language sql as $$
    select upper(regexp_replace(address, '@[^@]*$', '@') || string_agg(pg_temp.encoded(lower(label)), '.' order by i))
      from unnest(string_to_array(substring(address from '[^@]*$'), '.')) with ordinality as labels (label, i)
$$;

-- If both forms have an account, each keeps what it has: the one in ASCII is found.
with changed as (
    select id, pg_temp.with_ascii_domain(normalized_email) as address from identity.users
     where substring(normalized_email from '[^@]*$') ~ '[^\x01-\x7f]')
update identity.users u set normalized_email = c.address
  from changed c
 where c.id = u.id and not exists (select from identity.users other where other.normalized_email = c.address)
   and not exists (select from changed earlier where earlier.address = c.address and earlier.id < c.id);
