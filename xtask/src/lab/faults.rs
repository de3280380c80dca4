//! What can go wrong, done to the PC on purpose. Most are one script of `xtask/lab/vm`, whose
//! first lines say what it does; each ends with everything at home again.

use onegpu::diag::Result;

use super::bench::Bench;

/// The plug is pulled while the guest has the card: afterwards nothing remembers it, and
/// the guest starts again. (libvirt's folder of a guest that had no end goes with its next one.)
pub fn plug(bench: &mut Bench) -> Result<()> {
    bench.step("virsh start, as the user", 15, "start", &[])?;
    bench.pull_the_plug()?;
    bench.step("is everything at home", 10, "home", &[])?;
    bench.step("there and back once more", 25, "fault-destroy", &[]).map(drop)
}
