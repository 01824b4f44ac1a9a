//! How far tokens go: a host, a container on its bridge, and one more behind a router on that bridge, as with
//! containers in containers.

use support::Outcome;
use support::host::{Host, Peer, SERVICE};

const TOKEN: &str =
    "-X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token";
const DATA: &str = "http://169.254.169.254/latest/meta-data/instance-id";
const ID: &str = "i-1234567890abcdef0";

/// curl's exit code for "nothing came in time".
const TIMED_OUT: i32 = 28;

/// A router on the host's bridge that is a host for a client of its own.
fn nested(host: &Host) -> (Peer, Peer) {
    host.run(
        "ip link add br-test type bridge; ip addr add 172.30.0.1/24 dev br-test; ip link set br-test up",
    );
    let router = Peer::new(host, "veth1");
    host.run("ip link set veth1 master br-test");
    router.run(host, "ip addr add 172.30.0.2/24 dev eth0; ip route add default via 172.30.0.1");
    let client = Peer::new(host, "inner");
    host.run(&format!("ip link set inner netns {}", router.pid()));
    router.run(
        host,
        "ip addr add 10.99.0.1/24 dev inner; ip link set inner up; echo 1 > /proc/sys/net/ipv4/ip_forward
         nft 'table ip nat { chain post { type nat hook postrouting priority 100; oifname \"eth0\" masquerade; }; }'",
    );
    client.run(host, "ip addr add 10.99.0.2/24 dev eth0; ip route add default via 10.99.0.1");
    (router, client)
}

fn curl(arguments: &str) -> String {
    format!("curl -sS --noproxy '*' --max-time 1 {arguments}")
}

/// Whether it got a token: one of 56 characters, or nothing until it gave up.
fn token(done: &Outcome, who: &str) -> bool {
    let got = (done.code, done.stdout.len());
    assert!(
        got == (Some(0), 56) || got == (Some(TIMED_OUT), 0),
        "{who}: a token or a time-out, but {done:?}"
    );
    got == (Some(0), 56)
}

#[test]
fn a_token_goes_as_far_as_the_hop_limit() {
    let Some(host) = Host::new() else { return };
    let _guardian = host.hold();
    let (router, client) = nested(&host);
    // The limit, and whether the host, a container and a container in a container get a token.
    for (limit, expected) in [(1, [true, false, false]), (2, [true, true, false]), (3, [true, true, true])] {
        let scenario = format!("[metadata-options]\nhttp-put-response-hop-limit = {limit}\n");
        host.write("scenario.toml", &scenario);
        let _server = host.serve_with(SERVICE, "--scenario scenario.toml --control control.sock");
        let tokens = [
            token(&host.attempt(&curl(TOKEN)), "the host"),
            token(&router.attempt(&host, &curl(TOKEN)), "the container"),
            token(&client.attempt(&host, &curl(TOKEN)), "the container in it"),
        ];
        assert_eq!(tokens, expected, "who gets a token with a hop limit of {limit}");
        // Data goes everywhere, with any limit.
        assert_eq!(host.run(&curl(DATA)), ID);
        for (who, peer) in [("the container", &router), ("the container in it", &client)] {
            assert_eq!(peer.run(&host, &curl(DATA)), ID, "{who} with a hop limit of {limit}");
        }
    }
}
