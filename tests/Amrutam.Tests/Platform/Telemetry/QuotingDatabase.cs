using Amrutam.Platform.Data;
using Npgsql;

namespace Amrutam.Tests.Platform.Telemetry;

/// <summary>A database in which every write fails with an error that quotes the whole row.</summary>
static class QuotingDatabase
{
    public static Task<int> Make(NpgsqlDataSource owner) => owner.Statement(QuoteRows).Execute();

    const string QuoteRows = """
        do $do$
        declare
            kept record;
        begin
            create function public.quote_row() returns trigger language plpgsql as $$
            begin
                raise exception 'cannot keep %', new::text using detail = new::text, hint = new::text;
            end $$;
            for kept in select oid::regclass as name from pg_class
                 where relkind in ('r', 'p') and not relispartition
                   and relnamespace::regnamespace::text !~ '^(pg_|information_schema|public$|platform$)' loop
                execute format('create trigger quote_row before insert or update on %s for each row
                    execute function public.quote_row()', kept.name);
            end loop;
        end $do$
        """;
}
