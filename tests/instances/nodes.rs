//! Nodes of a cluster: one file, a server for each node, and an instance of its own for each.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use support::{Sandbox, ServerProcess, exchange};

const NODES: [(&str, &str); 3] =
    [("worker-1", "10.1.0.11"), ("worker-2", "10.1.0.12"), ("ip-10-1-0-13.ec2.internal", "10.1.0.13")];

/// The second node is interrupted after a minute; the third one has an identity of its own in the file.
const CLUSTER: &str = r#"
[instance]
instance-type = "m5.large"
life-cycle = "spot"
[metadata-options]
http-tokens = "required"
[instances.interrupted]
nodes = ["worker-2"]
[instances.gpu]
nodes = ["ip-10-1-0-13.ec2.internal", "worker-9"]
instance-id = "i-00000000000000013"
instance-type = "g5.xlarge"
[[event]]
instance = "interrupted"
at = "1m"
rebalance-recommendation = {}
spot-interruption = { action = "terminate", notice = "2m" }
maintenance = { code = "instance-stop", not-before = "1h" }
target-lifecycle-state = "Terminated"
"#;

/// The state of a node: a server, and the control socket by which its clock is moved.
struct Node {
    sandbox: Sandbox,
    server: ServerProcess,
}

impl Node {
    fn start(text: &str, name: &str, addresses: &str) -> Self {
        let sandbox = Sandbox::new();
        sandbox.write("s.toml", text);
        let server = sandbox.serve_with(&["--scenario", "s.toml"], |command| {
            command.env("MOCK_IMDS_NODE", name);
            if !addresses.is_empty() {
                command.env("MOCK_IMDS_NODE_ADDRESSES", addresses);
            }
        });
        Self { sandbox, server }
    }

    fn value(&self, leaf: &str) -> Option<String> {
        value(self.server.address, leaf)
    }

    /// Everything of an identity that should be the node's own.
    fn identity(&self) -> Vec<Option<String>> {
        let mac = self.value("mac").expect("every instance has a MAC address");
        let interface = format!("network/interfaces/macs/{mac}/interface-id");
        ["instance-id", "mac", "local-ipv4", "local-hostname", &interface]
            .map(|leaf| self.value(leaf))
            .to_vec()
    }

    /// The notices that aws-node-termination-handler polls for in its IMDS mode, those of them that answer with one.
    fn notices(&self) -> Vec<&'static str> {
        let tells = |leaf: &&str| match *leaf {
            "events/maintenance/scheduled" => self.value(leaf).is_some_and(|text| text != "[]"),
            "autoscaling/target-lifecycle-state" => {
                self.value(leaf).is_some_and(|state| state == "Terminated")
            }
            leaf => self.value(leaf).is_some(),
        };
        POLLED.into_iter().filter(tells).collect()
    }

    fn seek(&self, to: &str) {
        let moved = self.sandbox.control(&["clock", "seek", to]);
        assert_eq!(moved.code, Some(0), "{moved:#?}");
    }
}

const POLLED: [&str; 4] = [
    "spot/instance-action",
    "events/maintenance/scheduled",
    "events/recommendations/rebalance",
    "autoscaling/target-lifecycle-state",
];

/// A value, as a client of IMDSv2 gets it: a token first, for six hours.
fn value(server: SocketAddr, leaf: &str) -> Option<String> {
    let ask = |request: String| exchange(server, request);
    let token = ask(
        "PUT /latest/api/token HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token-ttl-seconds: 21600\r\n\r\n"
            .into(),
    );
    assert_eq!(token.status, 200, "a token");
    let reply = ask(format!(
        "GET /latest/meta-data/{leaf} HTTP/1.1\r\nHost: x\r\nX-aws-ec2-metadata-token: {}\r\n\r\n",
        token.body
    ));
    (reply.status == 200).then_some(reply.body)
}

fn cluster(text: &str) -> Vec<Node> {
    NODES.iter().map(|(name, address)| Node::start(text, name, address)).collect()
}

#[test]
fn only_the_interrupted_node_sees_the_notices() {
    let nodes = cluster(CLUSTER);
    for (node, (name, _)) in nodes.iter().zip(NODES) {
        assert_eq!(node.notices(), [""; 0], "what the handler of {name} finds before the event");
        node.seek("1m");
    }
    let found: Vec<_> = nodes.iter().map(Node::notices).collect();
    assert_eq!(found, [vec![], POLLED.to_vec(), vec![]], "what the handlers of {NODES:?} find");
    // So does an order for the instance, wherever it is given.
    for node in &nodes {
        let ordered = node.sandbox.control(&["lifecycle", "Terminated", "--instance", "gpu"]);
        assert_eq!(ordered.code, Some(0), "{ordered:#?}");
    }
    let state = |node: &Node| node.value("autoscaling/target-lifecycle-state");
    assert_eq!(state(&nodes[0]), None, "an order for another node's instance");
    assert_eq!(state(&nodes[2]).as_deref(), Some("Terminated"), "an order for this node's instance");
}

#[test]
fn each_node_is_an_instance_of_its_own_and_stays_the_same() {
    let nodes = cluster(CLUSTER);
    let identities: Vec<_> = nodes.iter().map(Node::identity).collect();
    for part in 0..identities[0].len() {
        let distinct: BTreeSet<_> = identities.iter().map(|identity| &identity[part]).collect();
        assert!(!distinct.contains(&None), "part {part} is missing somewhere: {identities:?}");
        assert_eq!(distinct.len(), NODES.len(), "part {part} of {identities:?}");
    }
    for (node, (name, address)) in nodes.iter().zip(NODES) {
        assert_eq!(node.value("local-ipv4").as_deref(), Some(address), "the address of {name}");
    }
    assert_eq!(nodes[0].value("instance-type").as_deref(), Some("m5.large"));
    assert_eq!(nodes[2].value("instance-type").as_deref(), Some("g5.xlarge"));
    assert_eq!(nodes[2].value("instance-id").as_deref(), Some("i-00000000000000013"), "set in the file");
    // A reload, another process, and a file that differs elsewhere.
    assert_eq!(nodes[1].sandbox.control(&["reload"]).code, Some(0));
    assert_eq!(nodes[1].identity(), identities[1], "after a reload");
    drop(nodes);
    let again = cluster(&format!("{CLUSTER}\n[instances.other]\nnodes = [\"other\"]\n"));
    assert_eq!(again.iter().map(Node::identity).collect::<Vec<_>>(), identities, "after a restart");
}

#[test]
fn a_node_without_an_address_and_one_with_two() {
    let [alone, other] = ["a", "b"].map(|name| Node::start("", name, ""));
    let address = |node: &Node| node.value("local-ipv4").expect("an address");
    assert!(address(&alone).starts_with("10.") && address(&alone) != address(&other), "{}", address(&alone));
    let both = Node::start("", "a", "10.1.0.11,fd00::11");
    assert_eq!(both.value("local-ipv4").as_deref(), Some("10.1.0.11"));
    assert_eq!(both.value("ipv6").as_deref(), Some("fd00::11"));
    assert_eq!(both.value("instance-id"), alone.value("instance-id"), "it follows from the name alone");
}

#[test]
fn security_groups_of_its_own_leave_a_node_its_address() {
    let (name, address) = NODES[0];
    let plain = Node::start("", name, address);
    let text = format!(
        "[instance]\nsecurity-groups = [\"all\"]\n[instances.web]\nnodes = [\"{name}\"]\n\
         security-groups = [\"web\"]\nsecurity-group-ids = [\"sg-00000000000000017\"]\n"
    );
    let web = Node::start(&text, name, address);
    assert_eq!(web.identity(), plain.identity(), "of {name}");
    let mac = web.value("mac").expect("a MAC address");
    let of_interface = |leaf: &str| web.value(&format!("network/interfaces/macs/{mac}/{leaf}"));
    for (leaf, expected) in [("security-groups", "web"), ("security-group-ids", "sg-00000000000000017")] {
        assert_eq!(of_interface(leaf).as_deref(), Some(expected), "{leaf} of the interface");
    }
}

#[test]
fn clients_of_another_instance_meet_that_one_on_every_node() {
    let text = format!("{CLUSTER}\n[instances.pods]\nclients = [\"127.0.0.0/8\"]\nderive = true\n");
    let nodes = cluster(&text);
    let ids: BTreeSet<_> = nodes.iter().map(|node| node.value("instance-id")).collect();
    assert_eq!(ids.len(), 1, "the client's address decides, not the node: {ids:?}");
}

#[test]
fn the_status_names_the_node_and_its_instance() {
    let node = Node::start(CLUSTER, NODES[1].0, NODES[1].1);
    let id = node.value("instance-id").expect("an id");
    let status = node.sandbox.control(&["status"]).stdout;
    for line in [format!("instance    {id}, "), "node        worker-2\n".to_owned()] {
        assert!(status.contains(&line), "expected {line:?} in:\n{status}");
    }
    assert!(status.contains("for node worker-2"), "the nodes of an instance in:\n{status}");
}

#[test]
fn mistakes_are_named() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "s.toml",
        "[instances.a]\nnodes = [\"Worker\"]\n[instances.b]\nnodes = [\"n\"]\n[instances.c]\nnodes = [\"n\"]\n",
    );
    let report = sandbox.run(&["check", "s.toml"]);
    for sentence in ["instances.a.nodes[1] is \"Worker\"", "the node n belongs to both b and c"] {
        assert!(report.stderr.contains(sentence), "expected {sentence:?}, found: {report:#?}");
    }
    let wrong = sandbox.run(&["serve", "--node", "Worker_1"]);
    assert_eq!(wrong.code, Some(64), "{wrong:#?}");
    assert!(wrong.stderr.contains("such as \"worker-1\""), "{wrong:#?}");
    let alone = sandbox.run(&["serve", "--node-address", "10.0.0.1"]);
    assert_eq!(alone.code, Some(64), "{alone:#?}");
}
