# shellcheck shell=bash
# What a cloud has at 169.254.169.254: a service behind a router. Sourced in a machine.

REAL='the real service'

start_real_service() {
    ip netns add cloud
    ip link add eth-cloud type veth peer name inside netns cloud
    ip address add 192.0.2.1/24 dev eth-cloud
    ip link set eth-cloud up
    ip -n cloud address add 192.0.2.2/24 dev inside
    ip -n cloud address add 169.254.169.254/32 dev inside
    ip -n cloud link set inside up
    ip route add 169.254.169.254 via 192.0.2.2
    # Its output apart: the port to the host can be open once only.
    # shellcheck disable=SC2016 # Perl's variables
    ip netns exec cloud perl -MIO::Socket::INET -e '
        my $door = IO::Socket::INET->new(LocalAddr => "169.254.169.254:80", Listen => 9, ReuseAddr => 1) or die $@;
        while (my $client = $door->accept) {
            while (defined(my $line = <$client>)) { last unless $line =~ /\S/ }
            print $client "HTTP/1.0 200 OK\r\nContent-Length: " . length($ARGV[0]) . "\r\n\r\n$ARGV[0]";
            close $client;
        }' "$REAL" >/dev/null 2>&1 &
    poll 30 real_service_answers
}

whats_there() { curl -sS --max-time 5 http://169.254.169.254/latest/meta-data/instance-id; }

real_service_answers() { [ "$(whats_there)" = "$REAL" ]; }
