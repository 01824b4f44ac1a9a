# shellcheck shell=bash
# What a machine with the service is asked. Sourced in the machine, after verdict.sh.

BUILT_IN_ID=i-1234567890abcdef0
imds=http://169.254.169.254/latest

instance_id() { curl -sS --max-time 5 "$imds/meta-data/instance-id"; }

token_length() {
    local token
    token=$(curl -sS --max-time 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds/api/token")
    printf '%s\n' "${#token}"
}

# What is left on the host of address and tables: nothing is the right answer.
left_on_the_network() {
    ip -o address show | grep -F 169.254.169.254 || true
    nft list tables | grep -F mock-imds || true
}

booted() { [[ $(systemctl is-system-running) = @(running|degraded) ]]; }

# service_works: the service is asked, flushed and killed; it is there again each time.
service_works() {
    eventually 'the instance id at the real address' "$BUILT_IN_ID" instance_id
    expect 'the length of a token' 56 "$(token_length)"
    expect_success 'doctor finds nothing to mend' mock-imds doctor
    nft flush ruleset
    eventually 'the answer after nft flush ruleset' "$BUILT_IN_ID" instance_id
    kill -KILL "$(systemctl show --value --property MainPID mock-imds-net)"
    eventually 'the answer after kill -9 of the guardian' "$BUILT_IN_ID" instance_id
    kill -KILL "$(systemctl show --value --property MainPID mock-imds)"
    eventually 'the answer after kill -9 of the server' "$BUILT_IN_ID" instance_id
}

service_stops() {
    systemctl stop mock-imds 2>/dev/null
    eventually 'what systemctl stop leaves on the network' '' left_on_the_network
}
