//! Scenarios with faults of connections: a server beside no guardian rejects them.

use super::fleets::loaded_scenario;
use crate::daemon::connection_faults::ConnectionFaultPlace;
use crate::model::endpoint::SERVICE_PORT;

#[test]
fn a_scenario_whose_faults_nobody_would_carry_out_is_rejected() {
    let scenario = loaded_scenario("[[fault]]\nname = \"f\"\nconnection = \"lost\"\n");
    let usual = loaded_scenario("[[fault]]\nhang = true\n");
    let alone = ConnectionFaultPlace::default();
    let report = alone.check(&scenario).expect_err("nobody would lose them").to_string();
    let found = "f has connection, and this server cannot refuse or lose connections";
    assert!(report.starts_with(&format!("/test.toml: error: {found}")), "{report}");
    assert!(alone.check(&usual).is_ok());
    let path = Some("/run/x/connection-faults.json".into());
    let beside_guardian = ConnectionFaultPlace::new(path, [SERVICE_PORT].into_iter());
    assert!(beside_guardian.check(&scenario).is_ok());
}
