#!/usr/bin/env bash
# The image runs this once, when it has made the primary's data. It lets the standby connect, and makes commits wait for
# it from the next start on, which follows at once. Before that nothing could be committed.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v password="$REPLICATION_PASSWORD" <<'SQL'
create role replicator replication login password :'password';
alter system set synchronous_standby_names = 'standby';
SQL
echo "host replication replicator all scram-sha-256" >>"$PGDATA/pg_hba.conf"
