//! Which files the package manager says are ours, and what it put there.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use md5::Md5;
use sha2::{Digest, Sha256};

use super::rpm;
use crate::distro::Format;
use crate::machine::root::Root;
use crate::paths::{self, installed as at};
use crate::plan::Plan;

/// dpkg's record of a desktop has some 6 MB.
const LARGEST: usize = 64 << 20;

/// The checksum that a package manager keeps of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sum {
    Md5(String),
    Sha256(String),
    /// A link's target, or nothing that could be compared.
    None,
}

/// What the package manager knows of our packages.
pub struct Owner {
    /// Whether the steps on record are this profile's: then what differs was changed since.
    applied: bool,
    files: BTreeMap<String, Sum>,
}

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Ours, and as it was installed.
    Ours,
    /// Ours, and changed since.
    Edited,
    /// Somebody else's.
    Foreign,
    /// Ours by what it says; nobody knows what was installed.
    Perhaps,
    /// The same, and the steps that were applied are this profile's.
    PerhapsEdited,
}

impl Owner {
    /// Asks the record of the plan's package manager about the plan's packages.
    pub fn read(root: &Root, plan: &Plan, applied: bool) -> Self {
        let mut files = BTreeMap::new();
        for package in &plan.packages {
            match plan.setup.distro.package.format {
                Format::Deb => dpkg(root, &package.name, &mut files),
                Format::Pacman => pacman(root, &package.name, &mut files),
                Format::Portage => portage(root, &package.name, &mut files),
                Format::Rpm => rpm(root, &package.name, &mut files),
                // Of these our files say themselves whose they are.
                Format::Xbps | Format::Apk => {}
            }
        }
        Self { applied, files }
    }

    /// Whose the file at `path` with these bytes is.
    pub fn whose(&self, path: &str, bytes: &[u8]) -> Whose {
        let hex = |sum: &[u8]| sum.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        match self.files.get(path) {
            Some(Sum::Md5(sum)) if *sum != hex(&Md5::digest(bytes)) => Whose::Edited,
            Some(Sum::Sha256(sum)) if *sum != hex(&Sha256::digest(bytes)) => Whose::Edited,
            Some(_) => Whose::Ours,
            // A setup that was copied by hand: our files say who made them.
            None if says_so(bytes) && self.applied => Whose::PerhapsEdited,
            None if says_so(bytes) => Whose::Perhaps,
            None => Whose::Foreign,
        }
    }

    /// Our installed files, without what a package brings along for itself.
    pub fn installed(&self) -> impl Iterator<Item = &str> {
        const OWN: [&str; 4] = [paths::DOC_DIR, paths::MAN_DIR, paths::LICENSE_DIR, paths::LINTIAN_DIR];
        let own = |path: &&str| OWN.iter().any(|folder| path.starts_with(folder));
        self.files.keys().map(String::as_str).filter(move |path| !own(path))
    }
}

/// Whether a file says that it is onegpu's: all of ours do, in a comment or by a path.
fn says_so(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"onegpu").is_some()
}

fn rpm(root: &Root, package: &str, files: &mut BTreeMap<String, Sum>) {
    files.extend(rpm::files(root, package).into_iter().map(|file| {
        let sum = match (file.digest.is_empty(), file.sha256) {
            (true, _) => Sum::None,
            (false, true) => Sum::Sha256(file.digest),
            (false, false) => Sum::Md5(file.digest),
        };
        (file.path, sum)
    }));
}

fn dpkg(root: &Root, package: &str, files: &mut BTreeMap<String, Sum>) {
    let text =
        |name: String| root.bytes(&name, LARGEST).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let Some(list) = text(format!("{}/{package}.list", at::DPKG_INFO)) else { return };
    let files_only = list.lines().filter(|path| !root.is_folder(path) || root.link(path).is_some());
    files.extend(files_only.map(|path| (path.to_owned(), Sum::None)));
    for line in text(format!("{}/{package}.md5sums", at::DPKG_INFO)).unwrap_or_default().lines() {
        if let Some((sum, path)) = line.split_once("  ") {
            files.insert(format!("/{path}"), Sum::Md5(sum.to_owned()));
        }
    }
    let status = text(at::DPKG_STATUS.to_owned()).unwrap_or_default();
    let head = format!("Package: {package}");
    let Some(about) = status.split("\n\n").find(|about| about.lines().next() == Some(&head)) else { return };
    for line in about.lines().skip_while(|line| *line != "Conffiles:").skip(1) {
        let Some((path, sum)) = line.strip_prefix(' ').and_then(|line| line.rsplit_once(' ')) else { break };
        files.insert(path.to_owned(), Sum::Md5(sum.to_owned()));
    }
}

/// The folder `NAME-VERSION…` of a package: what follows the name starts with a digit.
fn version_folder(root: &Root, folder: &str, package: &str) -> Option<String> {
    let is_it = |name: &String| {
        let rest = name.strip_prefix(package).and_then(|rest| rest.strip_prefix('-'));
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let name = root.names(folder)?.into_iter().find(is_it)?;
    Some(format!("{folder}/{name}"))
}

fn pacman(root: &Root, package: &str, files: &mut BTreeMap<String, Sum>) {
    let Some(folder) = version_folder(root, at::PACMAN_LOCAL, package) else { return };
    let Some(packed) = root.bytes(&format!("{folder}/mtree"), LARGEST) else { return };
    let mut bytes = Vec::new();
    if GzDecoder::new(&packed[..]).take(LARGEST as u64).read_to_end(&mut bytes).is_err() {
        return;
    }
    for line in String::from_utf8_lossy(&bytes).lines() {
        let mut words = line.split(' ');
        let Some(path) = words.next().and_then(|path| path.strip_prefix('.')) else { continue };
        let words: Vec<&str> = words.collect();
        if !path.starts_with('/') || path.starts_with("/.") || words.contains(&"type=dir") {
            continue;
        }
        let sum = words.iter().find_map(|word| word.strip_prefix("sha256digest="));
        files.insert(path.to_owned(), sum.map_or(Sum::None, |sum| Sum::Sha256(sum.to_owned())));
    }
}

fn portage(root: &Root, package: &str, files: &mut BTreeMap<String, Sum>) {
    let Some(folder) = version_folder(root, at::PORTAGE_CATEGORY, package) else { return };
    let Some(contents) = root.bytes(&format!("{folder}/CONTENTS"), LARGEST) else { return };
    for line in String::from_utf8_lossy(&contents).lines() {
        match line.split_once(' ') {
            // `obj PATH MD5 TIME`, `sym PATH -> TARGET TIME`; a path may have blanks.
            Some(("obj", rest)) => {
                let mut words = rest.rsplitn(3, ' ');
                let (_, sum, path) = (words.next(), words.next(), words.next());
                if let (Some(sum), Some(path)) = (sum, path) {
                    files.insert(path.to_owned(), Sum::Md5(sum.to_owned()));
                }
            }
            Some(("sym", rest)) => {
                let path = rest.split(" -> ").next().unwrap_or(rest);
                files.insert(path.to_owned(), Sum::None);
            }
            _ => {}
        }
    }
}
