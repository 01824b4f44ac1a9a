//! The examples at the end of each help text. `tests/cli/help.rs` parses every line that starts with `mock-imds`.

pub(super) const ROOT: &str = "\
Examples:
  mock-imds serve --scenario scenario.toml --watch
  mock-imds serve --fallback last-good
  mock-imds spot --in 30s     # issue a spot interruption notice in 30 seconds
  mock-imds wait 'meta-data/spot/*' --within 1m    # until a program polls it
  mock-imds clear             # take back everything that was ordered
  mock-imds doctor            # find out why programs don't reach the service";

pub(super) const SERVE: &str = "\
Examples:
  mock-imds serve
  mock-imds serve scenario.toml --watch
  mock-imds serve --listen 8080
  mock-imds serve --listen 127.0.0.1:8080 --listen '[::1]:8080'
  mock-imds serve --node worker-1 --node-address 10.0.0.11  # as that node
  mock-imds serve --listen 127.0.0.1:0 --ready-json --until-stdin-closes";

pub(super) const CHECK: &str = "\
Examples:
  mock-imds check /etc/mock-imds/scenario.toml
  mock-imds check --strict --sarif *.toml >problems.sarif
  mock-imds check --json --stdin-name scenario.toml - <scenario.toml";

pub(super) const SCHEMA: &str = "\
Examples:
  mock-imds schema
  mock-imds schema host";

pub(super) const INIT: &str = "\
Examples:
  mock-imds init                 # /etc/mock-imds/scenario.toml
  mock-imds init --host          # /etc/mock-imds/host.toml
  mock-imds init ./mine.toml --http-tokens required";

pub(super) const RELOAD: &str = "\
Examples:
  mock-imds reload
  mock-imds reload --keep    # keep the clock and what was changed";

pub(super) const STATUS: &str = "\
Examples:
  mock-imds status
  mock-imds status --json
  mock-imds status --follow    # on a terminal, redrawn in place";

pub(super) const METRICS: &str = "\
Examples:
  mock-imds metrics
  mock-imds metrics --server system    # of the packaged service";

pub(super) const VIEW: &str = "\
Examples:
  mock-imds view           # prints the address to open
  mock-imds view --url     # prints it again, of a view that runs
  mock-imds view --server system --listen 8080
  mock-imds view --listen 0.0.0.0:1339 --allowed-host host.docker.internal";

pub(super) const SHOW: &str = "\
Examples:
  mock-imds show meta-data/instance-id
  mock-imds show dynamic/instance-identity/document
  mock-imds show meta-data/mac --client 172.17.0.2  # as this container
  mock-imds show ecs/v4/app/task                    # Amazon ECS
  mock-imds show pod-identity/v1/credentials        # EKS Pod Identity
  mock-imds show --scenario spot-idle
  mock-imds show identity-certificate";

pub(super) const IDENTITY_CERTIFICATE: &str = "\
Examples:
  mock-imds show identity-certificate
  mock-imds show identity-certificate pkcs7
  mock-imds show identity-certificate --json";

pub(super) const ENV: &str = "\
Examples:
  mock-imds env ecs
  mock-imds env ecs --container app    # for docker run, from a file
  mock-imds env pod-identity --format kubernetes
  mock-imds env imds --format json
  mock-imds env ecs --format export    # for eval in a shell";

pub(super) const USE: &str = "\
Examples:
  mock-imds use --list
  mock-imds use spot-interruption    # a scenario of the library
  mock-imds use ./mine.toml          # a file: its content is sent";

pub(super) const SPOT: &str = "\
Examples:
  mock-imds spot                 # the notice now, termination in 2 minutes
  mock-imds spot --in 30s        # the notice in 30 seconds
  mock-imds spot --action stop --notice 5m
  mock-imds spot --client 172.18.0.3  # for the instance of this container
  mock-imds spot --then vanish   # afterwards, every connection is reset";

pub(super) const REBALANCE: &str = "\
Examples:
  mock-imds rebalance
  mock-imds rebalance --in 1m --instance web";

pub(super) const MAINTENANCE: &str = "\
Examples:
  mock-imds maintenance --code system-reboot --not-before 2h
  mock-imds maintenance --code instance-stop --in 10s";

pub(super) const LIFECYCLE: &str = "\
Examples:
  mock-imds lifecycle Terminated
  mock-imds lifecycle InService --in 10s";

pub(super) const FAULT: &str = "\
Examples:
  mock-imds fault --status 503 --path 'meta-data/iam/**' --for 30s
  mock-imds fault --latency 100ms..2s --client 172.17.0.0/16
  mock-imds fault --tokens-lost --count 1
  mock-imds fault --throttle 5 --then drop
  mock-imds fault --clear
  mock-imds fault --name slow-keys --latency 2s --path 'meta-data/iam/**'
  mock-imds fault list";

pub(super) const FAULT_LIST: &str = "\
Examples:
  mock-imds fault list
  mock-imds fault list --json";

pub(super) const FAULT_SET: &str = "\
Examples:
  mock-imds fault set slow-keys --probability 0.5
  mock-imds fault set fault-1 --for 30s    # from now";

pub(super) const FAULT_REMOVE: &str = "\
Examples:
  mock-imds fault remove slow-keys
  mock-imds fault remove --all";

pub(super) const CLEAR: &str = "\
Examples:
  mock-imds clear
  mock-imds clear faults pending
  mock-imds clear spot-interruption maintenance
  mock-imds clear --in 5m";

pub(super) const ROTATE: &str = "\
Examples:
  mock-imds rotate
  mock-imds rotate --in 5m";

pub(super) const INTERFACE: &str = "\
Examples:
  mock-imds interface attach --private-ipv4 172.16.34.44
  mock-imds interface assign 0e:49:61:0f:c3:12 --ipv6 2001:db8::7
  mock-imds interface detach 0e:49:61:0f:c3:12 --propagation 84s";

pub(super) const INTERFACE_ATTACH: &str = "\
Examples:
  mock-imds interface attach
  mock-imds interface attach --private-ipv4 172.16.34.60 --propagation 6s
  mock-imds interface attach --propagation listed=1s,ipv6s=6s --in 10s
  mock-imds interface attach --network-card 1 --efa-only";

pub(super) const INTERFACE_DETACH: &str = "\
Examples:
  mock-imds interface detach 0e:49:61:0f:c3:12
  mock-imds interface detach 0e:49:61:0f:c3:13 --propagation never";

pub(super) const INTERFACE_ASSIGN: &str = "\
Examples:
  mock-imds interface assign 0e:49:61:0f:c3:11 --private-ipv4 172.16.34.50
  mock-imds interface assign eni-00e49610fc3110000 --ipv6 2001:db8::7";

pub(super) const INTERFACE_UNASSIGN: &str = "\
Examples:
  mock-imds interface unassign 0e:49:61:0f:c3:11 --ipv6 2001:db8::7";

pub(super) const INTERFACE_MODIFY: &str = "\
Examples:
  mock-imds interface modify 0e:49:61:0f:c3:11 --security-group web,ssh";

pub(super) const INTERFACE_HIDE: &str = "\
Examples:
  mock-imds interface hide 0e:49:61:0f:c3:14 --for 90s";

pub(super) const INTERFACE_SETTLE: &str = "\
Examples:
  mock-imds interface settle
  mock-imds interface settle --in 10m";

pub(super) const PROFILE: &str = "\
Examples:
  mock-imds profile other-role --propagation keys=4s
  mock-imds profile other-role --in-profile    # at the next refresh
  mock-imds profile none";

pub(super) const STOP_START: &str = "\
Examples:
  mock-imds stop-start --down 10s
  mock-imds stop-start --instance-type m5.2xlarge --public-ipv4 192.0.2.9";

pub(super) const SET: &str = "\
Examples:
  mock-imds set meta-data/public-ipv4 192.0.2.7
  mock-imds set user-data --file user-data.yaml
  mock-imds set meta-data/public-ipv4 --remove   # answer 404
  mock-imds set meta-data/public-ipv4 --unset    # as in the scenario";

pub(super) const CLOCK: &str = "\
Examples:
  mock-imds clock seek +1m
  mock-imds clock pause
  mock-imds clock resume";

pub(super) const CLOCK_SEEK: &str = "\
Examples:
  mock-imds clock seek 1m30s    # to 1m30s after the load of the scenario
  mock-imds clock seek +30s     # forward by 30 seconds
  mock-imds clock seek -30s     # back by 30 seconds";

pub(super) const CLOCK_PAUSE: &str = "\
Examples:
  mock-imds clock pause";

pub(super) const CLOCK_RESUME: &str = "\
Examples:
  mock-imds clock resume";

pub(super) const REQUESTS: &str = "\
Examples:
  mock-imds requests --limit 20
  mock-imds requests --follow --client 172.17.0.0/16 --status 4xx,5xx
  mock-imds requests --v1 --json    # what still uses IMDSv1
  mock-imds requests --format '{time} {client} {path} {status}'";

pub(super) const AUDIT: &str = "\
Examples:
  mock-imds audit
  mock-imds audit --client 172.17.0.0/16
  mock-imds audit --require-v2    # in CI: fail if something needs IMDSv1";

pub(super) const WAIT: &str = "\
Examples:
  mock-imds wait meta-data/spot/instance-action --within 1m
  mock-imds wait 'meta-data/iam/**' --status 200 --since start
  mock-imds wait '**' --v1 --never --within 5m  # fail if anything uses v1";

pub(super) const RECORD: &str = "\
Examples:
  mock-imds record -o mine.toml    # on an EC2 instance
  mock-imds record http://127.0.0.1:1338 --rate 1000
  mock-imds record --with-user-data -o mine.toml --force";

pub(super) const CONFORM: &str = "\
Examples:
  mock-imds conform http://127.0.0.1:1338
  mock-imds conform 127.0.0.1:1338 --profile aemm --junit report.xml
  mock-imds conform 127.0.0.1:1338 --only tokens --only 'leaf-*' --verbose
  mock-imds conform --list";

pub(super) const IMPORT: &str = "\
Examples:
  mock-imds import /run/cloud-init/instance-data.json -o mine.toml
  mock-imds import ./metadata -o mine.toml
  mock-imds import instances.json --instance i-0fedcba0987654321
  mock-imds import aemm-config.json -o mine.toml";

pub(super) const IMPORT_AEMM: &str = "\
Examples:
  mock-imds import aemm aemm-config.json
  mock-imds import aemm aemm-config.json --mode spot -o mine.toml
  mock-imds import aemm aemm-config.json --exact";

pub(super) const IMPORT_DUMP: &str = "\
Examples:
  mock-imds import dump ./metadata -o mine.toml
  mock-imds import dump /run/cloud-init/instance-data.json -o mine.toml";

pub(super) const IMPORT_EC2: &str = "\
Examples:
  mock-imds import ec2 i-0fedcba0987654321 --endpoint 127.0.0.1:5000
  mock-imds import ec2 i-1 --endpoint localhost:4566 --no-sign-request";

pub(super) const NET: &str = "\
Examples:
  mock-imds net status
  mock-imds net up      # without systemd, as root
  mock-imds net down";

pub(super) const NET_HOLD: &str = "\
Examples:
  mock-imds net hold --config /etc/mock-imds/host.toml";

pub(super) const NET_UP: &str = "\
Examples:
  mock-imds net up
  mock-imds net up --config host.toml
  mock-imds net up --allow-takeover    # in a namespace on a cloud machine";

pub(super) const NET_DOWN: &str = "\
Examples:
  mock-imds net down";

pub(super) const NET_STATUS: &str = "\
Examples:
  mock-imds net status
  mock-imds net status --json";

pub(super) const DOCTOR: &str = "\
Examples:
  mock-imds doctor
  mock-imds doctor --json";

pub(super) const AEMM: &str = "\
Examples:
  mock-imds aemm spot --action stop
  mock-imds aemm --config-file aemm-config.json
  mock-imds aemm --help";

pub(super) const VERSION: &str = "\
Examples:
  mock-imds version
  mock-imds version --json";
