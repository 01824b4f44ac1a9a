//! The rows about interfaces and addresses, in the order of the page.

use super::Row;
use super::clients::{Client, Debian};

const NET_UTILS_OLD: Client = Client::NetUtils(Debian::Twelve);
const NET_UTILS: Client = Client::NetUtils(Debian::Thirteen);
const CLOUD_INIT_OLD: Client = Client::CloudInit(Debian::Twelve);
const CLOUD_INIT: Client = Client::CloudInit(Debian::Thirteen);

played! {
    hotplug_of_cloud_init_22: Row {
        scenario: "eni-hotplug",
        client: CLOUD_INIT_OLD,
        runs: "hot-plug hook at 11 s",
        words: &["hook", "add", "11s"],
        found: r#"{"applied": [[0.0, {"dhcp6": false, "addresses": []}]], "ended": 0.0}"#,
        did: "wrong: one crawl, `dhcp6: false` and no secondary address for ever",
    },
    hotplug_of_cloud_init_25: Row {
        scenario: "eni-hotplug",
        client: CLOUD_INIT,
        runs: "the same",
        words: &["hook", "add", "11s"],
        found: r#"{
            "applied": [
                [0.0, {"dhcp6": false, "addresses": []}],
                [5.0, {"dhcp6": true, "addresses": []}],
                [10.0, {"dhcp6": true, "addresses": ["172.16.34.45/20"]}],
                [15.0, {"dhcp6": true, "addresses": ["172.16.34.45/20"]}],
                [20.0, {"dhcp6": true, "addresses": ["172.16.34.45/20"]}],
                [25.0, {"dhcp6": true, "addresses": ["172.16.34.45/20"]}]
            ],
            "ended": 30.0
        }"#,
        did: "right: reads again every five seconds for 30 s; IPv6 from the second time on, the secondary address from the third",
    },
    device_number_of_net_utils_23: Row {
        scenario: "eni-device-number-zero",
        client: NET_UTILS_OLD,
        runs: "`get_iface_imds` at 11 s, which its `setup_interface` believes",
        words: &["11s", "get_iface_imds", "0e:49:61:0f:c3:12", "device-number"],
        found: "0\n",
        did: "wrong: takes 0 for the device number",
    },
    device_number_of_net_utils_24: Row {
        scenario: "eni-device-number-zero",
        client: NET_UTILS,
        runs: "`_get_device_number` at 11 s",
        words: &["11s", "_get_device_number", "nic1", "0e:49:61:0f:c3:12"],
        found: "1\n",
        did: "right: asks until it is not 0",
    },
    late_card_of_cloud_init_22: Row {
        scenario: "eni-late-network-card",
        client: CLOUD_INIT_OLD,
        runs: "a crawl at 15 s",
        words: &["crawl", "15s"],
        found: r#"{
            "macs": ["0e:49:61:0f:c3:11", "0e:49:61:0f:c3:12", "0e:49:61:0f:c3:13"],
            "order": ["nic0", "nic1", "nic2"],
            "ended": 0.0
        }"#,
        did: "does not read the card",
    },
    late_card_of_cloud_init_25: Row {
        scenario: "eni-late-network-card",
        client: CLOUD_INIT,
        runs: "the same",
        words: &["crawl", "15s"],
        found: r#"{
            "macs": ["0e:49:61:0f:c3:11", "0e:49:61:0f:c3:12", "0e:49:61:0f:c3:13"],
            "order": ["nic0", "nic1", "nic2"],
            "ended": 0.0
        }"#,
        did: "right: whoever has no card comes last, not first",
    },
    late_subnet_of_cloud_init_22_at_12: Row {
        scenario: "eni-late-subnet",
        client: CLOUD_INIT_OLD,
        runs: "hot-plug hook at 12 s",
        words: &["hook", "add", "12s"],
        found: r#"{"applied": [[6.0, {"dhcp6": false, "addresses": []}]], "ended": 6.0}"#,
        did: "the first crawl is lost (`KeyError: 'instance-id'`); applied after 6 s, when the leaf answers",
    },
    late_subnet_of_cloud_init_22_at_16: Row {
        scenario: "eni-late-subnet",
        client: CLOUD_INIT_OLD,
        runs: "at 16 s",
        words: &["hook", "add", "16s"],
        found: r#"{"applied": [[2.0, {"dhcp6": false, "addresses": []}]], "ended": 2.0}"#,
        did: "right: tries the leaf again each second; applied after 2 s",
    },
    late_subnet_of_cloud_init_25: Row {
        scenario: "eni-late-subnet",
        client: CLOUD_INIT,
        runs: "hot-plug hook at 12 s",
        words: &["hook", "add", "12s"],
        found: r#"{
            "applied": [
                [6.0, {"dhcp6": false, "addresses": []}],
                [11.0, {"dhcp6": false, "addresses": []}],
                [16.0, {"dhcp6": false, "addresses": []}],
                [21.0, {"dhcp6": false, "addresses": []}],
                [26.0, {"dhcp6": false, "addresses": []}]
            ],
            "ended": 31.0
        }"#,
        did: "as before, and it reads again for 30 s",
    },
    late_subnet_of_net_utils_24: Row {
        scenario: "eni-late-subnet",
        client: NET_UTILS,
        runs: "`subnet_prefixroutes` at 12 s",
        words: &["12s", "subnet_prefixroutes", "0e:49:61:0f:c3:12"],
        found: "exit 1\n",
        did: "wrong: ten tries without a pause, then nothing and exit status 1",
    },
    detached_of_cloud_init_22: Row {
        scenario: "eni-detached-listed",
        client: CLOUD_INIT_OLD,
        runs: "a crawl at 31 s",
        words: &["crawl", "31s"],
        found: r#"{"error": "KeyError: 'instance-id'", "ended": 5.0}"#,
        did: "wrong: the entry that answers 404 costs the whole crawl, after 5 s",
    },
    detached_of_cloud_init_25: Row {
        scenario: "eni-detached-listed",
        client: CLOUD_INIT,
        runs: "the same",
        words: &["crawl", "31s"],
        found: r#"{"error": "KeyError: 'instance-id'", "ended": 5.0}"#,
        did: "wrong, too",
    },
    phantom_of_cloud_init_22: Row {
        scenario: "eni-phantom",
        client: CLOUD_INIT_OLD,
        runs: "hot-plug hook for the removal, at 31 s",
        words: &["hook", "remove", "31s"],
        found: r#"{
            "applied": [],
            "error": "RuntimeError: Failed to detect 0e:49:61:0f:c3:12 in updated metadata",
            "ended": 49.0
        }"#,
        did: "wrong: gives up after 49 s, and the interface stays configured",
    },
    phantom_of_cloud_init_25: Row {
        scenario: "eni-phantom",
        client: CLOUD_INIT,
        runs: "the same",
        words: &["hook", "remove", "31s"],
        found: r#"{
            "applied": [],
            "error": "RuntimeError: Failed to detect 0e:49:61:0f:c3:12 in updated metadata",
            "ended": 49.0
        }"#,
        did: "wrong, too",
    },
    settled_phantom_of_cloud_init_25: Row {
        scenario: "eni-phantom",
        client: CLOUD_INIT,
        runs: "at 10 min 30 s",
        words: &["hook", "remove", "630s"],
        found: r#"{
            "applied": [[0.0, null], [5.0, null], [10.0, null], [15.0, null], [20.0, null], [25.0, null]],
            "ended": 30.0
        }"#,
        did: "right: removed",
    },
    vanished_of_cloud_init_22: Row {
        scenario: "eni-vanishes",
        client: CLOUD_INIT_OLD,
        runs: "a crawl at 31 s",
        words: &["crawl", "31s"],
        found: r#"{"macs": ["0e:49:61:0f:c3:11"], "order": ["nic0"], "ended": 0.0}"#,
        did: "as it is told: the interface is gone",
    },
    vanished_of_cloud_init_25: Row {
        scenario: "eni-vanishes",
        client: CLOUD_INIT,
        runs: "the same",
        words: &["crawl", "31s"],
        found: r#"{"macs": ["0e:49:61:0f:c3:11"], "order": ["nic0"], "ended": 0.0}"#,
        did: "as it is told",
    },
    same_length_of_net_utils_23: Row {
        scenario: "ip-stale-same-length",
        client: NET_UTILS_OLD,
        runs: "`create_ipv4_aliases` at 29 s, 31 s and 5 min 31 s",
        words: &["29s", "aliases", "29s", "31s", "5m31s"],
        found: "29s changed 1: 172.16.34.44/32 \n31s changed 0: 172.16.34.44/32 \n5m31s changed 1: 172.16.34.45/32 \n",
        did: "as it is told: the old address until the metadata has the new one; it compares contents, not lengths",
    },
    same_length_of_net_utils_24: Row {
        scenario: "ip-stale-same-length",
        client: NET_UTILS,
        runs: "the same",
        words: &["29s", "aliases", "29s", "31s", "5m31s"],
        found: "29s changed 1: 172.16.34.44/32 \n31s changed 0: 172.16.34.44/32 \n5m31s changed 1: 172.16.34.45/32 \n",
        did: "the same",
    },
    efa_only_of_cloud_init_22: Row {
        scenario: "eni-efa-only",
        client: CLOUD_INIT_OLD,
        runs: "a crawl at 11 s",
        words: &["crawl", "11s"],
        found: r#"{
            "macs": ["0e:49:61:0f:c3:11", "0e:49:61:0f:c3:12", "0e:49:61:0f:c3:13", "0e:49:61:0f:c3:14"],
            "order": ["nic0", "nic2", "nic1", "nic3"],
            "ended": 0.0
        }"#,
        did: "crawls all four; prefers one of the second card, as it does not read the card",
    },
    efa_only_of_cloud_init_25: Row {
        scenario: "eni-efa-only",
        client: CLOUD_INIT,
        runs: "the same",
        words: &["crawl", "11s"],
        found: r#"{
            "macs": ["0e:49:61:0f:c3:11", "0e:49:61:0f:c3:12", "0e:49:61:0f:c3:13", "0e:49:61:0f:c3:14"],
            "order": ["nic0", "nic1", "nic3", "nic2"],
            "ended": 0.0
        }"#,
        did: "right: those of card 0 come first",
    },
    sixty_of_net_utils_23: Row {
        scenario: "eni-sixty",
        client: NET_UTILS_OLD,
        runs: "three leaves of all interfaces at once",
        words: &["40s", "crowd"],
        found: "60 interfaces\nat most a tenth of the values is empty\n",
        did: "no fault seen here: a tenth of the values is empty at most",
    },
    sixty_of_net_utils_24: Row {
        scenario: "eni-sixty",
        client: NET_UTILS,
        runs: "the same",
        words: &["40s", "crowd"],
        found: "60 interfaces\nat most a tenth of the values is empty\n",
        did: "the same",
    },
    failing_refresh_of_net_utils_23: Row {
        scenario: "ipv4s-fail-mid-refresh",
        client: NET_UTILS_OLD,
        runs: "`create_ipv4_aliases` at 59 s and 61 s",
        words: &["59s", "aliases", "59s", "61s"],
        found: "59s changed 1: 172.16.34.44/32 \n61s changed 1: \n",
        did: "wrong: the file of aliases becomes empty, which takes the secondary address off the host",
    },
    failing_refresh_of_net_utils_24: Row {
        scenario: "ipv4s-fail-mid-refresh",
        client: NET_UTILS,
        runs: "the same",
        words: &["59s", "aliases", "59s", "61s"],
        found: "59s changed 1: 172.16.34.44/32 \n61s changed 1: \n",
        did: "wrong, too",
    },
}
