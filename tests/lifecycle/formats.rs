//! A setup meets records that a newer onegpu has written.

use super::setups::Variant;
use super::{ALL, Family, applied, difference, text};

/// The older packages refuse and touch nothing; the newer ones, put in again, can go.
pub fn newer_records_are_left_alone<F: Family>() {
    let family = F::new();
    let before = family.changes();
    family.ok(family.install(&Variant::Newer.packages(F::DISTRO, ALL)));
    applied(&family.status(), "newer", ALL);
    let grub = family.layer().read("/boot/grub/grub.cfg");
    let records = || {
        let all = family.changes().into_iter();
        all.filter(|(path, _)| path.starts_with("var/lib/onegpu")).collect::<Vec<_>>()
    };
    let recorded = records();

    let said = text(&family.run(family.install(&Variant::First.packages(F::DISTRO, ALL))));
    assert!(
        said.contains("are of a newer onegpu") && said.contains("install that onegpu's packages again"),
        "{said}"
    );
    assert!(family.status().contains("are of a newer onegpu"));
    // Nor can they be removed as if nothing had been.
    let names = Variant::First.names(F::DISTRO, ALL);
    let said = text(&family.run(family.remove(&names)));
    assert!(said.contains("are of a newer onegpu"), "{said}");
    assert_eq!(recorded, records(), "{}", F::DISTRO);
    assert_eq!(grub, family.layer().read("/boot/grub/grub.cfg"), "{}", F::DISTRO);

    family.ok(family.install(&Variant::Newer.packages(F::DISTRO, ALL)));
    applied(&family.status(), "newer again", ALL);
    family.ok(family.remove(&names));
    assert_eq!(difference(&before, &family.changes()), "", "{}", F::DISTRO);
}
