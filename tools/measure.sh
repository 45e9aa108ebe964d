# Runs the program of bench/: measurements, and faults. x reads this file and tools/needs.sh.
# shellcheck shell=bash

readonly BENCH_PACKAGES=(wrk) BALANCER_PACKAGES=(haproxy)
readonly BACKUP_PACKAGES=(pgbackrest curl)
readonly PATRONI_PACKAGES=(patroni etcd-server haproxy python3-etcd curl)

# The measured program is the shipped one: published for this platform, compiled ahead.
publish_for_bench() {
    say "publishing src/Amrutam for $(platform)"
    dotnet publish src/Amrutam -c Release -r "$(platform)" -o .data/bench-server -p:UseAppHost=false -v quiet >&2
    export BENCH_SERVER=$PWD/.data/bench-server/Amrutam.dll
}

run_bench() {
    publish_for_bench
    set_memory
    exec dotnet run -c Release --project bench/Amrutam.Bench -- "$@"
}

bench() {
    need_dotnet
    need_postgres
    need_packages "${BENCH_PACKAGES[@]}"
    run_bench "$@"
}

faults() {
    need_dotnet
    need_postgres
    case " $* " in
        *" --patroni "*) need_packages "${PATRONI_PACKAGES[@]}" ;;
        *" --rolling "*) need_packages "${BALANCER_PACKAGES[@]}" ;;
    esac
    run_bench faults "$@"
}

drill() {
    need_dotnet
    need_postgres
    need_packages "${BACKUP_PACKAGES[@]}"
    publish_for_bench
    set_memory
    exec deploy/backup/drill "$BENCH_SERVER"
}
