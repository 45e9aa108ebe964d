#!/usr/bin/env bash
# Copies the primary at the first start, and then runs PostgreSQL as its standby. After a failover it is the primary:
# the file standby.signal is gone, and a later start leaves the data as they are.
set -euo pipefail
data=/var/lib/postgresql/data
if [[ ! -s $data/PG_VERSION ]]; then
    chown postgres: "$data"
    chmod 0700 "$data"
    # An interrupted copy is no database, so it starts again from nothing.
    find "$data" -mindepth 1 -delete
    gosu postgres pg_basebackup -D "$data" -R -X stream -c fast -d "host=primary user=replicator password=$REPLICATION_PASSWORD"
fi
exec docker-entrypoint.sh "$@"
