//! A topic by what a person calls it.

use super::plan::{ANY_GUEST, ANY_NUMBER, last};
use super::{Kind, Topic};
use crate::profile::GuestName;

/// How many names are offered instead of one that is not known.
const OFFERED: usize = 3;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// One topic, or all that go by this name.
    Topics(Vec<&'a Topic>),
    /// None; the nearest names.
    Nearest(Vec<&'a str>),
}

/// The topics of this name: the full name first; then any other, a file's or a key's last part, a path
/// of a guest of whatever name. `step:disk` looks among the steps only.
pub fn find<'a>(topics: &'a [Topic], what: &str) -> Found<'a> {
    let (kind, name) = of_kind(what);
    let topics: Vec<&Topic> =
        topics.iter().filter(|topic| kind.is_none_or(|kind| topic.kind == kind)).collect();
    let name = name.trim();
    let name = if name.len() > 1 { name.trim_end_matches('/') } else { name };
    for fits in [is_name, is_other_name, is_like] {
        let found: Vec<&Topic> = topics.iter().copied().filter(|topic| fits(topic, name)).collect();
        if !found.is_empty() {
            return Found::Topics(found);
        }
    }
    Found::Nearest(nearest(&topics, name))
}

fn of_kind(what: &str) -> (Option<Kind>, &str) {
    let parts = what.split_once(':');
    let kind =
        parts.and_then(|(word, name)| Some((Kind::ALL.into_iter().find(|kind| kind.word() == word)?, name)));
    kind.map_or((None, what), |(kind, name)| (Some(kind), name))
}

fn is_name(topic: &Topic, name: &str) -> bool {
    topic.name == name
}

fn names(topic: &Topic) -> impl Iterator<Item = &str> {
    topic.aliases.iter().map(String::as_str).chain([topic.name.as_str()])
}

fn is_other_name(topic: &Topic, name: &str) -> bool {
    names(topic).any(|own| own == name || is_path(own) && last(own) == name)
}

/// As the two before, in any case of letters and of a guest of any name.
fn is_like(topic: &Topic, name: &str) -> bool {
    names(topic).any(|own| {
        if !is_path(own) {
            return own.eq_ignore_ascii_case(name);
        }
        let (own, name): (Vec<&str>, Vec<&str>) = (own.split('/').collect(), name.split('/').collect());
        // What is no whole path is its end.
        (name.len() == own.len() || name.first() != Some(&""))
            && name.len() <= own.len()
            && own.iter().rev().zip(name.iter().rev()).all(|(own, name)| part_fits(own, name))
    })
}

fn is_path(name: &str) -> bool {
    name.starts_with('/')
}

/// `NAME-setup.xml` is the pattern of `win11-setup.xml`, `NN-disk` that of `10-disk`.
fn part_fits(own: &str, name: &str) -> bool {
    if let Some(step) = own.strip_prefix(ANY_NUMBER) {
        let (number, rest) = name.split_at_checked(3).unwrap_or_default();
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        return digits == 2 && number.ends_with('-') && rest.eq_ignore_ascii_case(step);
    }
    match own.split_once(ANY_GUEST) {
        None => own.eq_ignore_ascii_case(name),
        Some((before, after)) => name
            .strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            // Only the twin has that ending.
            .is_some_and(|guest| guest.parse::<GuestName>().is_ok() && !guest.ends_with("-setup")),
    }
}

fn nearest<'a>(topics: &[&'a Topic], name: &str) -> Vec<&'a str> {
    // A name that nobody typed is near to nothing, and takes long to compare.
    let name: String = name.chars().take(200).collect::<String>().to_lowercase();
    let near = |topic: &&'a Topic| {
        let own = last(&topic.name);
        let whole = strsim::jaro_winkler(last(&name), &own.to_lowercase());
        // `iommu` for `iommu-off-in-firmware`: a word of the name, or of the title.
        let words = own.split(['-', '.', '/']).any(|word| word.len() > 2 && word.eq_ignore_ascii_case(&name));
        (if words { whole.max(0.9) } else { whole }, topic.name.as_str())
    };
    let mut all: Vec<(f64, &str)> = topics.iter().map(near).filter(|(score, _)| *score > 0.8).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0));
    all.into_iter().take(OFFERED).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataDirs;

    fn names_of(what: &str) -> Vec<String> {
        match find(&crate::explain::all(&DataDirs::embedded(), None).unwrap(), what) {
            Found::Topics(topics) => topics.iter().map(|topic| topic.name.clone()).collect(),
            Found::Nearest(names) => names.iter().map(|name| format!("?{name}")).collect(),
        }
    }

    #[test]
    fn files_go_by_path_by_name_and_by_a_guests_own_path() {
        let start = "/etc/libvirt/hooks/qemu.d/NAME/prepare/begin/start.sh";
        for what in [start, "start.sh", "begin/start.sh", &start.replace("NAME", "my.win+1"), "file:start.sh"]
        {
            assert_eq!(names_of(what), [start], "{what}");
        }
        let links = ["qemu.d", "daemon.d"].map(|folder| format!("/etc/libvirt/hooks/{folder}/50-onegpu"));
        assert_eq!(names_of("50-onegpu"), links);
        assert!(names_of("gaming-setup.xml")[0].ends_with("/guests/NAME/NAME-setup.xml"));
        assert_eq!(names_of("/etc/start.sh"), names_of("/etc/start.sh"));
        assert!(names_of("/etc/start.sh")[0].starts_with('?'), "another path is another file");
        assert!(names_of("/usr/lib/onegpu/apply")[0].ends_with("/onegpu/apply"), "where Arch has it");
    }

    #[test]
    fn steps_go_by_id_and_by_file() {
        for what in ["disk", "step:disk", "DISK", "10-disk", "/usr/libexec/onegpu/steps/guests/win11/10-disk"]
        {
            assert!(names_of(what).contains(&"disk".to_owned()), "{what}: {:?}", names_of(what));
        }
    }

    #[test]
    fn a_part_of_a_name_means_all_that_have_it() {
        assert_eq!(names_of("guest.name"), ["guest.name"]);
        assert_eq!(names_of("name"), ["host.user.name", "guest.name"]);
        assert_eq!(names_of("[[guest]]"), ["guest"]);
        assert_eq!(names_of("key:disk"), ["guest.disk"]);
        assert_eq!(names_of("Code-43"), ["code-43"]);
    }

    #[test]
    fn a_miss_offers_what_is_near() {
        assert_eq!(names_of("kernel-parameter")[0], "?kernel-parameters");
        assert_eq!(names_of("guest.memry")[0], "?guest.memory");
        assert!(names_of("failure:iommu").contains(&"?amd-iommu-on".to_owned()));
        assert!(names_of("qqqqqqqq").is_empty() && names_of(&"x".repeat(1 << 20)).is_empty());
        assert!(names_of("").is_empty());
    }
}
