//! What libvirt's own log of a guest, with QEMU's messages, says about one start.

use jiff::{SignedDuration, Timestamp};

use crate::machine::plain::plain;

/// The hook's clock has whole seconds, libvirt's thousandths.
const SLACK: SignedDuration = SignedDuration::from_secs(2);
/// A start writes some dozens of lines; QEMU may write more for days.
const MOST_LINES: usize = 2000;
/// QEMU's command line is one word a line, or one long line.
const LONGEST: usize = 500;

/// The lines since a time.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// Tame, in order.
    pub lines: Vec<String>,
    /// Why the guest ended, in libvirt's word: `shutdown`, `destroyed`, `failed`, `crashed`, …
    pub ended: Option<String>,
}

impl Section {
    /// Whether the guest did not come up, or ended otherwise than by anybody's wish.
    pub fn is_failure(&self) -> bool {
        matches!(self.ended.as_deref(), Some("failed" | "crashed"))
    }

    /// The last lines that are messages, and not words of QEMU's command line.
    pub fn messages(&self, most: usize) -> Vec<&str> {
        let message = |line: &&String| {
            let continued =
                line.ends_with('\\') || line.starts_with('-') || line.contains("starting up libvirt");
            !continued && !line.is_empty()
        };
        let mut last: Vec<&str> =
            self.lines.iter().rev().filter(message).take(most).map(String::as_str).collect();
        last.reverse();
        last
    }
}

/// The lines from the first one that is dated `since` or later; without a time,
/// from the last start on. Lines without a date belong to the one before.
pub fn since(text: &str, since: Option<Timestamp>) -> Section {
    let lines: Vec<&str> = text.lines().collect();
    let begins = |line: &&str| match since {
        Some(since) => date(line).is_some_and(|date| date >= since.saturating_sub(SLACK).unwrap_or(since)),
        None => line.contains(": starting up"),
    };
    let first = match since {
        Some(_) => lines.iter().position(begins),
        None => lines.iter().rposition(begins),
    };
    let mut section = Section::default();
    let Some(first) = first else { return section };
    let own = &lines[first..];
    for line in &own[own.len().saturating_sub(MOST_LINES)..] {
        let line = plain(&line.chars().take(LONGEST).collect::<String>());
        if let Some((_, reason)) = line.split_once(": shutting down, reason=") {
            section.ended = Some(reason.to_owned());
        }
        section.lines.push(line);
    }
    section
}

/// `2026-11-22 10:00:00.000+0000: …` (libvirt), `2026-11-22T10:00:00.000000Z …` (QEMU).
fn date(line: &str) -> Option<Timestamp> {
    let (day, rest) = line.split_at_checked(10)?;
    let clock = rest.get(1..)?;
    let end = clock.find([' ', 'Z']).unwrap_or(clock.len());
    let time = clock.get(..end)?.trim_end_matches(':');
    match rest.as_bytes().first()? {
        b' ' => Timestamp::strptime("%Y-%m-%d %H:%M:%S%.f%z", format!("{day} {time}")).ok(),
        b'T' => format!("{day}T{time}Z").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
2026-11-21 09:00:00.000+0000: starting up libvirt version: 11.3.0, qemu version: 10.0.2, kernel: 6.12
/usr/bin/qemu-system-x86_64 \\
-name guest=win11
2026-11-21 09:30:00.000+0000: shutting down, reason=crashed
2026-11-22 10:00:03.000+0000: starting up libvirt version: 11.3.0, qemu version: 10.0.2, kernel: 6.12
-device vfio-pci,host=0000:01:00.0
2026-11-22T10:00:03.123456Z qemu-system-x86_64: group 2 is not viable\x1b[2J
2026-11-22 10:00:04.000+0000: shutting down, reason=failed
";

    #[test]
    fn only_what_came_since_counts() {
        let section = since(LOG, "2026-11-22T10:00:00Z".parse().ok());
        assert_eq!(section.ended.as_deref(), Some("failed"));
        assert!(section.is_failure());
        assert_eq!(section.lines.len(), 4);
        assert_eq!(section.messages(1), ["2026-11-22 10:00:04.000+0000: shutting down, reason=failed"]);
        assert_eq!(
            section.messages(9)[0],
            "2026-11-22T10:00:03.123456Z qemu-system-x86_64: group 2 is not viable [2J"
        );
        assert_eq!(since(LOG, "2026-11-23T00:00:00Z".parse().ok()).lines.len(), 0, "another start's");
        assert_eq!(since(LOG, None).lines.len(), 4);
    }

    #[test]
    fn dates_of_both_kinds() {
        assert_eq!(date("2026-11-22 10:00:03.500+0100: x").unwrap().to_string(), "2026-11-22T09:00:03.5Z");
        assert_eq!(date("2026-11-22T10:00:03.5Z qemu: x").unwrap().to_string(), "2026-11-22T10:00:03.5Z");
        for text in ["", "2026-11-22", "2026-11-2ä 10", "-device x", "9999-99-99 99:99:99.0+0000: x"] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
