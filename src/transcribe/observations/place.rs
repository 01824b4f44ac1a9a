//! The place that somebody asked for an instance of, where the answer has none.

use super::Observations;
use crate::model::{AvailabilityZone, Instance, Region};

const ZONE: &str = "meta-data/placement/availability-zone";
const REGION: &str = "meta-data/placement/region";

impl Observations {
    /// Adds the region that was asked, unless a zone that can be one answered.
    pub(crate) fn add_region_asked_for(&mut self, region: &str) {
        let has_zone = self.text(ZONE).is_some_and(|zone| zone.parse::<AvailabilityZone>().is_ok());
        if has_zone || self.has(REGION) {
            return;
        }
        if region.parse::<Region>().is_err() {
            let zone = Instance::default().availability_zone;
            self.add_note(format!(
                "the zone, which the answer does not have: {region:?}, which was asked for, is no region of EC2, and \
                 {zone} is in its place"
            ));
            return;
        }
        self.add_value(REGION, region.into());
        self.add_note(format!(
            "the zone, which the answer does not have: {region}a is in its place, of the region that was asked for"
        ));
    }
}
