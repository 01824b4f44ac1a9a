# shellcheck shell=bash
# What the scripts need of the system, and how to come by it. Sourced by lib.sh.
#
# A need is called by the name of the Debian package that provides it. Whether it is met is judged by what is there: a
# command, a library, a trial compile. Only what is missing is asked of a package manager, by that system's own name.

# One need a line: Debian's name, the check that finds it, and what dnf, zypper, pacman and apk call it ("-": nothing
# known). Needs that are not listed are packages that only Debian has: there dpkg knows whether they are installed.
needs='
gcc               compiler                 gcc                 gcc                 gcc           gcc
libc6-dev         headers                  glibc-devel         glibc-devel         glibc         musl-dev
g++               command:c++              gcc-c++             gcc-c++             gcc           g++
pkgconf           command:pkg-config       pkgconf-pkg-config  pkgconf-pkg-config  pkgconf       pkgconf
libmnl-dev        library:libmnl>=1.0.0    libmnl-devel        libmnl-devel        libmnl        libmnl-dev
libnftnl-dev      library:libnftnl>=1.2.0  libnftnl-devel      libnftnl-devel      libnftnl      libnftnl-dev
binutils          command:readelf,strip    binutils            binutils            binutils      binutils
busybox           command:busybox          busybox             busybox             busybox       busybox
bzip2             command:bzip2            bzip2               bzip2               bzip2         bzip2
chromium          command:chromium         chromium            chromium            chromium      chromium
chromium-driver   command:chromedriver     chromedriver        chromedriver        -             chromium-chromedriver
createrepo-c      command:createrepo_c     createrepo_c        createrepo_c        -             -
curl              command:curl             curl                curl                curl          curl
debootstrap       command:debootstrap      debootstrap         debootstrap         debootstrap   debootstrap
default-jdk-headless command:javac,javadoc,jar java-devel        java-devel          jdk-openjdk   openjdk17-jdk
dpkg              command:dpkg-deb         dpkg                dpkg                dpkg          dpkg
e2fsprogs         command:mke2fs           e2fsprogs           e2fsprogs           e2fsprogs     e2fsprogs
faketime          command:faketime         libfaketime         libfaketime         libfaketime   libfaketime
file              command:file             file                file                file          file
fish              command:fish             fish                fish                fish          fish
git               command:git              git                 git                 git           git
gpg               command:gpg              gnupg2              gpg2                gnupg         gnupg
gpg-agent         command:gpg-agent        gnupg2              gpg2                gnupg         gnupg
gzip              command:gzip             gzip                gzip                gzip          gzip
iproute2          command:ip,ss            iproute             iproute2            iproute2      iproute2
iptables          command:iptables-nft     iptables-nft        iptables            iptables      iptables
jq                command:jq               jq                  jq                  jq            jq
kubernetes-client command:kubectl          kubernetes-client   kubernetes-client   kubectl       kubectl
make              command:make             make                make                make          make
man-db            command:man              man-db              man                 man-db        man-db
mmdebstrap        command:mmdebstrap       -                   -                   -             -
nftables          command:nft              nftables            nftables            nftables      nftables
nginx-light       command:nginx            nginx               nginx               nginx         nginx
nodejs            command:node             nodejs              nodejs              nodejs        nodejs
npm               command:npm              npm                 npm                 npm           npm
openssl           command:openssl          openssl             openssl             openssl       openssl
php-cli           command:php              php-cli             php8-cli            php           -
procps            command:ps               procps-ng           procps              procps-ng     procps-ng
python3           command:python3          python3             python3             python        python3
python3-venv      python:ensurepip,venv    python3             python3             python        python3
qemu-system-x86   command:qemu-system-x86_64 qemu-system-x86     qemu-x86            qemu-system-x86 qemu-system-x86_64
rpm               command:rpmbuild         rpm-build           rpm-build           rpm-tools     rpm
rpmlint           command:rpmlint          rpmlint             rpmlint             -             -
rsync             command:rsync            rsync               rsync               rsync         rsync
ruby              command:ruby             ruby                ruby                ruby          ruby
shellcheck        command:shellcheck       ShellCheck          ShellCheck          shellcheck    shellcheck
systemd           command:systemd-analyze  systemd             systemd             systemd       -
systemd-container command:systemd-nspawn   systemd-container   systemd-container   systemd       -
tar               command:tar              tar                 tar                 tar           tar
valgrind          command:valgrind         valgrind            valgrind            valgrind      valgrind
wget              command:wget             wget                wget                wget          wget
wrk               command:wrk              wrk                 wrk                 wrk           wrk
xz-utils          command:xz               xz                  xz                  xz            xz
zsh               command:zsh              zsh                 zsh                 zsh           zsh
'

# The columns of a need's line, or nothing.
need_line() { awk -v name="$1" '$1 == name' <<<"$needs"; }

# A program of one line, compiled and linked with the flags given.
compiles() {
    local source=$1
    shift
    printf '%s\n' "$source" | cc -x c - -o /dev/null "$@" 2>/dev/null
}

has_commands() {
    local name
    for name in ${1//,/ }; do
        command -v "$name" >/dev/null || return
    done
}

# What pkg-config promises must link, too: the files of another architecture do not.
has_library() {
    local flags
    flags=$("${PKG_CONFIG:-pkg-config}" --cflags --libs "$1" 2>/dev/null) || return
    # shellcheck disable=SC2086 # flags are words
    compiles 'int main(void) { return 0; }' $flags
}

# Whether a need is met.
is_met() {
    local check
    check=$(need_line "$1" | awk '{print $2}')
    case $check in
    compiler) printf 'int f;\n' | cc -c -x c - -o /dev/null 2>/dev/null ;;
    headers) compiles '#include <stdio.h>'$'\n''int main(void) { return puts("") < 0; }' ;;
    command:*) has_commands "${check#*:}" ;;
    library:*) has_library "$(sed -E 's/([<>=]+)/ \1 /' <<<"${check#*:}")" ;;
    python:*) python3 -c "import ${check#*:}" 2>/dev/null ;;
    *) [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ] ;;
    esac
}

# The package manager of this system, or nothing. A stray apt on a system of another family is not it.
package_manager() {
    local name
    for name in apt-get dnf zypper pacman apk; do
        if command -v "$name" >/dev/null && { [ "$name" != apt-get ] || command -v dpkg-query >/dev/null; }; then
            say "$name"
            return
        fi
    done
}

# What a package manager calls a need.
package_name() {
    local manager=$1 need=$2 column found
    case $manager in
    dnf) column=3 ;;
    zypper) column=4 ;;
    pacman) column=5 ;;
    apk) column=6 ;;
    *)
        say "$need"
        return
        ;;
    esac
    found=$(need_line "$need" | awk -v column="$column" '{print $column}')
    [ -z "$found" ] || [ "$found" = - ] || say "$found"
}

# The words that install packages without asking.
install_command() {
    case $1 in
    apt-get) say 'apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install' ;;
    dnf) say 'dnf -y install' ;;
    zypper) say 'zypper --non-interactive install' ;;
    pacman) say 'pacman -S --needed --noconfirm' ;;
    apk) say 'apk add' ;;
    esac
}

# Runs the package manager; its words are shown if it fails.
install_packages() {
    local manager=$1 log failed=
    shift
    log=$(mktemp)
    {
        [ "$manager" != apt-get ] || as_root apt-get -q -o DPkg::Lock::Timeout=300 update || failed=yes
        # shellcheck disable=SC2046 # the command is words
        [ -n "$failed" ] || as_root env DEBIAN_FRONTEND=noninteractive $(install_command "$manager") "$@" || failed=yes
    } >"$log" 2>&1 </dev/null
    [ -z "$failed" ] || cat "$log" >&2
    rm -f "$log"
    [ -z "$failed" ] || fail 69 "could not install $*; the words of $manager are above"
}

# Meets the named needs: installs what is missing, where there is a package manager and a way to be root.
need() {
    local name missing=() packages=() unknown=() manager
    for name in "$@"; do
        [[ " ${missing[*]} " = *" $name "* ]] || is_met "$name" || missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] && return
    manager=$(package_manager)
    [ -n "$manager" ] ||
        fail 69 "missing: ${missing[*]} (the names of Debian's packages). No package manager known here was found (apt-get, dnf, zypper, pacman, apk). Install them your system's way, then run this again"
    for name in "${missing[@]}"; do
        mapfile -t -O ${#packages[@]} packages < <(package_name "$manager" "$name")
        [ -n "$(package_name "$manager" "$name")" ] || unknown+=("$name")
    done
    [ ${#unknown[@]} = 0 ] ||
        fail 69 "missing: ${unknown[*]} (the names of Debian's packages), for which no package of $manager is known. Install them your system's way, then run this again"
    # Here, not in as_root: its words would go into the log.
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        fail 77 "these packages are missing: ${packages[*]}. Install them as root with $manager, or install sudo, then run this again"
    say "installing ${packages[*]}"
    install_packages "$manager" "${packages[@]}"
    for name in "${missing[@]}"; do
        is_met "$name" || fail 69 "$manager installed ${packages[*]}, yet $name is not found: expected $(expectation "$name")"
    done
}

# What the check of a need looks for, in words.
expectation() {
    local check
    check=$(need_line "$1" | awk '{print $2}')
    case $check in
    compiler) say "'cc' that compiles" ;;
    headers) say "a C library that 'cc' links" ;;
    command:*) say "in PATH: ${check#*:}" ;;
    library:*) say "${check#*:} by pkg-config, and that 'cc' links it" ;;
    python:*) say "python3 with ${check#*:}" ;;
    *) say 'a package of that name' ;;
    esac
}
