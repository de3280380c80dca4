//! One dependency in a package format's own spelling, taken apart: which names
//! it would accept, and the USE flags it asks for.

use std::collections::BTreeMap;

use super::Format;

/// A package that satisfies a dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Atom<'a> {
    /// The name, as one types it after the install command.
    pub name: &'a str,
    /// USE flags it must have been built with (Gentoo); `-flag` means without.
    pub flags: Vec<&'a str>,
}

/// The packages of which any satisfies the dependency, the preferred one first.
///
/// Spellings: `a | b` in deb, `|| ( c/a c/b )` and `c/a[flag,-flag]` in portage,
/// a bare name everywhere else. Versions are not part of distro files: a setup
/// works with any that the distro still has.
///
/// # Errors
/// The name or flag that the format does not allow.
pub fn alternatives(format: Format, dependency: &str) -> Result<Vec<Atom<'_>>, String> {
    let words: Vec<&str> = match format {
        Format::Deb => dependency.split(" | ").collect(),
        Format::Portage => match dependency.strip_prefix("|| ( ").and_then(|rest| rest.strip_suffix(" )")) {
            Some(any) => any.split(' ').collect(),
            None => vec![dependency],
        },
        Format::Rpm | Format::Pacman | Format::Xbps | Format::Apk => vec![dependency],
    };
    words.into_iter().map(|word| atom(format, word)).collect()
}

/// The lines of `/etc/portage/package.use` that the dependencies ask for: each
/// name with all its flags. Nothing in other formats.
///
/// # Errors
/// As [`alternatives`].
pub fn package_use(format: Format, dependencies: &[String]) -> Result<Vec<String>, String> {
    let mut flags: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for dependency in dependencies {
        // Only the preferred one: whoever has another installed has chosen its flags.
        if let Some(first) = alternatives(format, dependency)?.into_iter().next()
            && !first.flags.is_empty()
        {
            let known = flags.entry(first.name).or_default();
            known.extend(first.flags);
            known.sort_unstable();
            known.dedup();
        }
    }
    Ok(flags.into_iter().map(|(name, flags)| format!("{name} {}", flags.join(" "))).collect())
}

fn atom(format: Format, word: &str) -> Result<Atom<'_>, String> {
    let (name, flags) = match (format, word.strip_suffix(']').and_then(|word| word.split_once('['))) {
        (Format::Portage, Some((name, flags))) => (name, flags.split(',').collect()),
        _ => (word, Vec::new()),
    };
    if !allowed(format, name) {
        return Err(format!("`{name}` is not a package name in the format {}", format.word()));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "_+@-".contains(c);
    match flags.iter().find(|flag| flag.trim_start_matches('-').is_empty() || !flag.chars().all(plain)) {
        Some(flag) => Err(format!("`{flag}` is not a USE flag")),
        None => Ok(Atom { name, flags }),
    }
}

/// Whether the format allows the name: Debian policy 5.6.1, rpm's own checks,
/// PKGBUILD(5), PMS 3.1, and the manuals of xbps-src and abuild.
fn allowed(format: Format, name: &str) -> bool {
    let of = |name: &str, first: fn(u8) -> bool, rest: &[u8]| {
        let mut bytes = name.bytes();
        bytes.next().is_some_and(first) && bytes.all(|b| b.is_ascii_alphanumeric() || rest.contains(&b))
    };
    let lower = |name: &str| !name.bytes().any(|b| b.is_ascii_uppercase());
    match format {
        Format::Deb => name.len() > 1 && lower(name) && of(name, |b| b.is_ascii_alphanumeric(), b"+-."),
        Format::Rpm | Format::Xbps | Format::Apk => of(name, |b| b.is_ascii_alphanumeric(), b"+-._"),
        Format::Pacman => {
            lower(name) && of(name, |b| b.is_ascii_alphanumeric() || b"@_+".contains(&b), b"@._+-")
        }
        Format::Portage => name.split_once('/').is_some_and(|(category, name)| {
            let first = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            of(category, first, b"+_.-") && of(name, first, b"+_-")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(format: Format, dependency: &str) -> Vec<&str> {
        alternatives(format, dependency).unwrap().into_iter().map(|atom| atom.name).collect()
    }

    #[test]
    fn alternatives_are_listed_the_preferred_one_first() {
        assert_eq!(names(Format::Deb, "iptables | nftables"), ["iptables", "nftables"]);
        assert_eq!(
            names(Format::Portage, "|| ( sys-firmware/edk2-bin sys-firmware/edk2 )"),
            ["sys-firmware/edk2-bin", "sys-firmware/edk2"]
        );
        assert_eq!(names(Format::Pacman, "qemu-desktop"), ["qemu-desktop"]);
    }

    #[test]
    fn use_flags_are_no_part_of_the_name() {
        let atoms = alternatives(Format::Portage, "app-emulation/qemu[usb,-static]").unwrap();
        assert_eq!(atoms, [Atom { name: "app-emulation/qemu", flags: vec!["usb", "-static"] }]);
        let wanted = |list: &[&str]| {
            package_use(Format::Portage, &list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).unwrap()
        };
        assert_eq!(
            wanted(&["a/qemu[usb,spice]", "a/b", "a/qemu[pipewire,usb]", "|| ( a/c[x] a/d[y] )"]),
            ["a/c x", "a/qemu pipewire spice usb"]
        );
    }

    #[test]
    fn what_a_format_cannot_spell_is_refused() {
        for (format, bad) in [
            (Format::Deb, "Qemu"),
            (Format::Deb, "a|b"),
            (Format::Deb, "qemu (>= 5)"),
            (Format::Deb, ""),
            (Format::Rpm, "qemu kvm"),
            (Format::Rpm, "$(id)"),
            (Format::Pacman, "-Syu"),
            (Format::Pacman, "qemu\nx"),
            (Format::Portage, "qemu"),
            (Format::Portage, "app-emulation/qemu["),
            (Format::Portage, "app-emulation/qemu[]"),
            (Format::Portage, "app-emulation/qemu[a b]"),
            (Format::Portage, "|| ( a/b"),
            (Format::Xbps, "a;b"),
        ] {
            assert!(alternatives(format, bad).is_err(), "{format:?} took {bad:?}");
        }
    }
}
