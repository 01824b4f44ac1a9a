//! moto's server: as the other half of docs/pairing.md, and as a metadata service that `mock-imds conform` judges.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command};

use serde_json::Value;
use support::page::{Besides, Page};
use support::{Sandbox, eventually, finish, installed, sources};

/// Seconds that the page may take on a busy machine.
const LIMIT: &str = "180";

/// Killed when it is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_page_about_pairing_does_what_it_says() {
    let Some(server) = installed("moto/bin/moto_server") else { return };
    let sandbox = Sandbox::new();
    let bin = sandbox.path("bin");
    fs::create_dir(&bin).expect("the temporary directory is writable");
    symlink(support::program(), bin.join("mock-imds")).expect("as above");
    let page = Page::read("docs/pairing.md");
    let script = format!("exec 2>&1\nip link set lo up\n{}", page.script());
    let words = ["--signal", "KILL", LIMIT, "unshare", "--net", "--mount", "--pid", "--mount-proc", "--fork"];
    let mut command = sandbox.prepared(Path::new("timeout"), &words);
    command.args(["--kill-child=KILL", "bash", "-c", &script]);
    let (bin, made) = (bin.display(), server.parent().expect("it is in a folder").display());
    let path = std::env::var("PATH").unwrap_or_default();
    let found = finish(command.env("PATH", format!("{bin}:{made}:{path}")));
    if let Err(difference) = page.judge(&found.stdout, Besides::Nothing) {
        panic!("{difference}\n{}\nrerun: cargo test --test clients pairing", found.stderr);
    }
}

/// Starts moto's server; returns it, and its address.
fn start(sandbox: &Sandbox, program: &Path) -> (Server, String) {
    let log = sandbox.path("moto.log");
    let file =
        || File::options().create(true).append(true).open(&log).expect("the temporary directory is writable");
    let mut command: Command = sandbox.prepared(program, &["-H", "127.0.0.1", "-p", "0"]);
    // Keys are looked at once a test asks for it.
    command.env("INITIAL_NO_AUTH_ACTION_COUNT", "inf");
    let server = Server(command.stdout(file()).stderr(file()).spawn().expect("it starts"));
    let address = eventually("the line \"Running on http://127.0.0.1:…\" of moto's server", || {
        let said = fs::read_to_string(&log).unwrap_or_default();
        let (_, rest) = said.split_once("Running on http://")?;
        rest.split(|c: char| c.is_whitespace()).next().map(str::to_owned)
    });
    (server, address)
}

/// Makes instances, a role and a user who may describe them; prints what the API then says, and the user's keys. From then
/// on keys are looked at.
const ACCOUNT: &str = r#"
import json, sys, urllib.request
import boto3
url = "http://" + sys.argv[1]
given = dict(region_name="eu-west-1", endpoint_url=url, aws_access_key_id="nobody", aws_secret_access_key="nobody")
ec2, iam = boto3.client("ec2", **given), boto3.client("iam", **given)
policy = lambda action, **more: json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **more}]})
iam.create_role(RoleName="web", AssumeRolePolicyDocument=policy("sts:AssumeRole", Principal={"AWS": "*"}))
iam.create_instance_profile(InstanceProfileName="web")
iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="eu-west-1b")["Subnet"]["SubnetId"]
image = ec2.describe_images(Owners=["amazon"], MaxResults=1)["Images"][0]["ImageId"]
def run(name):
    return ec2.run_instances(
        ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1, IamInstanceProfile={"Name": "web"},
        MetadataOptions={"InstanceMetadataTags": "enabled", "HttpTokens": "optional", "HttpPutResponseHopLimit": 3},
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}],
        TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}, {"Key": "team", "Value": "a & b"}]}],
    )["Instances"][0]["InstanceId"]
first, second = run("web-1"), run("web-2")
reservation = ec2.describe_instances(InstanceIds=[second])["Reservations"][0]
iam.create_user(UserName="reader")
iam.put_user_policy(UserName="reader", PolicyName="reader", PolicyDocument=policy("ec2:Describe*", Resource="*"))
key = iam.create_access_key(UserName="reader")["AccessKey"]
reset = urllib.request.Request(url + "/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"})
urllib.request.urlopen(reset)
instance = reservation["Instances"][0]
interface = instance["NetworkInterfaces"][0]
mac = "network/interfaces/macs/" + interface["MacAddress"]
print(json.dumps({"id": second, "key": key["AccessKeyId"], "secret": key["SecretAccessKey"], "leaves": {
    "instance-id": second, "instance-type": instance["InstanceType"], "ami-id": instance["ImageId"],
    "reservation-id": reservation["ReservationId"], "placement/availability-zone": instance["Placement"]["AvailabilityZone"],
    "local-ipv4": instance["PrivateIpAddress"], "public-ipv4": instance["PublicIpAddress"],
    "local-hostname": instance["PrivateDnsName"], "public-hostname": instance["PublicDnsName"],
    "mac": interface["MacAddress"], mac + "/subnet-id": interface["SubnetId"], mac + "/vpc-id": interface["VpcId"],
    mac + "/interface-id": interface["NetworkInterfaceId"], mac + "/owner-id": reservation["OwnerId"],
    mac + "/security-group-ids": "\n".join(group["GroupId"] for group in interface["Groups"]),
    "tags/instance/Name": "web-2", "tags/instance/team": "a & b", "iam/security-credentials/": "web",
}}))
"#;

#[test]
fn an_instance_of_the_api_is_imported_and_agrees() {
    let Some(program) = installed("moto/bin/moto_server") else { return };
    let sandbox = Sandbox::new();
    let (_server, address) = start(&sandbox, &program);
    let python = program.with_file_name("python3");
    let made = finish(&mut sandbox.prepared(&python, &["-c", ACCOUNT, &address]));
    assert_eq!(made.code, Some(0), "{made:#?}");
    let account: Value = serde_json::from_str(&made.stdout).expect("it is JSON");
    let text = |key: &str| account[key].as_str().expect("it is a text").to_owned();
    let import = |id: &str, secret: &str, more: &[&str]| {
        let words = [&["import", "ec2", id, "--endpoint", &address], more].concat();
        let mut command = sandbox.prepared(support::program(), &words);
        command.env("AWS_ACCESS_KEY_ID", text("key")).env("AWS_SECRET_ACCESS_KEY", secret);
        finish(command.env("AWS_REGION", "eu-west-1"))
    };
    let found = import(&text("id"), &text("secret"), &["-o", "imported.toml"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    let shown = fs::read_to_string(sandbox.path("imported.toml")).expect("it was written");
    assert!(!format!("{found:?}{shown}").contains(&text("secret")), "{found:#?}");
    let checked = sandbox.run(&["check", "--strict", "imported.toml"]);
    assert_eq!(
        (checked.code, checked.stdout.as_str()),
        (Some(0), "imported.toml: ok\n"),
        "{checked:#?}\n{shown}"
    );
    let served = sandbox.serve(&["--scenario", "imported.toml"]);
    assert!(shown.contains("http-put-response-hop-limit = 3\n"), "{shown}");
    for (leaf, expected) in account["leaves"].as_object().expect("it is an object") {
        let answer = served.get(&format!("/latest/meta-data/{leaf}"));
        assert_eq!(
            Some(answer.body.as_str()),
            expected.as_str(),
            "{leaf}, of\n{shown}\nrerun: cargo test --test clients imported"
        );
    }
    // moto computes the signature anew.
    import(&text("id"), "wrong", &[]).ended(69, &["answers 40", "AuthFailure"]);
    import("i-0123456789abcdef0", &text("secret"), &[])
        .ended(69, &["answers 400: InvalidInstanceID.NotFound"]);
}

#[test]
fn moto_is_judged_as_the_page_says() {
    let Some(program) = installed("moto/bin/moto_server") else { return };
    let sandbox = Sandbox::new();
    let (server, address) = start(&sandbox, &program);
    let found = sandbox.run(&["conform", &address, "--json", "--rate", "1000"]);
    drop(server);
    assert_eq!(found.code, Some(1), "{found}");
    let report: Value = serde_json::from_str(&found.stdout).expect("it is JSON");
    let numbers = format!("| {} | {} | {} |", report["passed"], report["failed"], report["skipped"]);
    let page = fs::read_to_string(sources().join("docs/conformance.md")).expect("the page is there");
    let row = page.lines().find(|line| line.starts_with("| moto's server")).expect("it has a row");
    assert!(row.contains(&numbers), "expected {numbers} in the row of docs/conformance.md, found {row}");
    // At 20 requests a second their pauses come to the time that it takes at 1,000; this machine may be busy.
    let seconds: Vec<f64> =
        row.split('|').filter_map(|cell| cell.trim().strip_suffix(" s")?.parse().ok()).collect();
    let requests = u32::try_from(report["requests"].as_u64().expect("a number")).expect("few");
    let pauses = f64::from(requests - 1) / 20.0;
    assert_eq!(seconds.len(), 2, "expected two times in {row}");
    let range = pauses..=pauses + seconds[1] + 1.0;
    assert!(range.contains(&seconds[0]), "{requests} requests take {range:?} s at 20/s, found {row}");
}
