#!/usr/bin/env bash
# In a booted Debian without Rust: the package from the release's apt repository, served on loopback, by the lines of INSTALL.md.
# Beside it: web/, what scripts/repositories made for http://127.0.0.1:8000.
# shellcheck disable=SC2317 # called by their names
set -uo pipefail
cd "$(dirname "$0")" || exit
# shellcheck source=../lib/verdict.sh
. ./verdict.sh
# shellcheck source=service.sh
. ./service.sh
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin

# A web server of what every Debian has.
serve_repository() {
    (cd ./web && exec perl -MIO::Socket::INET -e '
        my $door = IO::Socket::INET->new(LocalAddr => "127.0.0.1:8000", Listen => 9, ReuseAddr => 1) or die $@;
        $SIG{CHLD} = "IGNORE";
        while (my $client = $door->accept) {
            next if fork;
            my ($path) = (<$client> // "") =~ m{^GET /([\w./+~-]+) };
            while (defined(my $line = <$client>)) { last unless $line =~ /\S/ }
            my ($status, $body) = ("404 Not Found", "");
            if (defined $path && $path !~ /\.\./ && open(my $file, "<:raw", $path)) {
                local $/;
                ($status, $body) = ("200 OK", <$file>);
            }
            print $client "HTTP/1.0 $status\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
            exit;
        }') >/dev/null 2>&1 &
    poll 60 curl -s -o /dev/null --fail http://127.0.0.1:8000/INSTALL.md
}

# The commands of the first block of the page: apt's.
# shellcheck disable=SC2016 # no command: what a page has around commands
lines() { sed -n '/^```console/,/^```/{s/^\$ //p}' ./web/INSTALL.md | sed '/^sudo dnf/,$d' | sed '/yum\.repos\.d/d'; }

# The machine has no sudo, and one user.
sudo() { "$@"; }

poll 120 booted
expect 'Rust' none "$(command -v cargo rustc || echo none)"
# What the machine has came from elsewhere; nothing comes from there now.
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
expect_success 'the repository is served' serve_repository
expect 'the lines of the page for apt' 3 "$(lines | wc -l)"
while IFS= read -r line; do
    expect_success "$line" eval "$line"
done < <(lines)
expect 'where it came from' 1 "$(apt-cache policy mock-imds | grep -c 'http://127.0.0.1:8000/apt stable/main')"
expect 'the architecture of what was installed' "$(dpkg --print-architecture)" "$(dpkg-query --show --showformat '${Architecture}' mock-imds)"
service_works
service_stops
expect_success 'the package is purged' apt-get --yes --quiet purge mock-imds
exit $((failures > 0))
