//! Many profiles to a signed repository for each family, beside the same by nfpm and the family's
//! own tools, a machine after the other.

use std::env;
use std::path::{Path, PathBuf};

use onegpu::diag::Result;

use super::ground::Ground;
use super::many::fleet;
use super::peers;
use super::report::{Aim, Report, Row, shown};
use super::run::{Line, Spent, Work};
use super::trees::{FORMATS, Format, trees};
use crate::process::failure;

/// So many profiles, unless [`MACHINES`] says otherwise; and a tenth of them, to see what grows.
const MANY: u32 = 1000;
/// The variable that has another number: a thousand take their time.
const MACHINES: &str = "ONEGPU_BENCH_MACHINES";
/// Two packages for each profile.
const PACKAGES: f64 = 2.0;
/// The key's name; the family decides of what kind it is.
const KEY: &str = "bench@example.org";
/// apk and XBPS know RSA alone.
const DISTROS: [(&str, &str); 6] = [
    ("ubuntu", "ed25519"),
    ("fedora", "ed25519"),
    ("arch", "ed25519"),
    ("gentoo", "ed25519"),
    ("alpine", "rsa3072"),
    ("void", "rsa3072"),
];

/// A key for the bench, gone with it. It lies where paths are short: gpg's sockets are in it.
struct Keyring<'a> {
    ground: &'a Ground,
    home: PathBuf,
}

impl<'a> Keyring<'a> {
    fn new(ground: &'a Ground, algorithm: &str) -> Result<Self> {
        let home = env::temp_dir().join(format!("onegpu-bench-{}-{algorithm}", std::process::id()));
        let ring = Self { ground, home };
        ground.sh.cmd("mkdir").args(["-m", "700"]).arg(&ring.home).quiet().run().map_err(failure)?;
        let words = [
            "--batch",
            "--quiet",
            "--passphrase",
            "",
            "--quick-generate-key",
            KEY,
            algorithm,
            "sign",
            "never",
        ];
        ground.sh.cmd("gpg").env("GNUPGHOME", &ring.home).args(words).quiet().run().map_err(failure)?;
        Ok(ring)
    }

    /// A process that finds the key.
    fn line(&self, line: Line) -> Line {
        line.env("GNUPGHOME", &self.home)
    }
}

impl Drop for Keyring<'_> {
    fn drop(&mut self) {
        let kill = self.ground.sh.cmd("gpgconf").arg("--homedir").arg(&self.home).args(["--kill", "all"]);
        let _ = kill.quiet().ignore_status().run();
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

/// Each of these is run once: a thousand profiles are many runs of one thing.
pub fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    if peers::find(&ground.sh, report, "gpg").is_none() {
        return Ok(());
    }
    let many = env::var(MACHINES).ok().and_then(|text| text.parse().ok()).unwrap_or(MANY).max(10);
    let few = many / 10;
    let rings = [Keyring::new(ground, "ed25519")?, Keyring::new(ground, "rsa3072")?];
    let folders = (fleet(ground, many)?.0, fleet(ground, few)?.0);
    for (distro, algorithm) in DISTROS {
        let ring = &rings[usize::from(algorithm == "rsa3072")];
        let output = ground.at(&format!("out/repository-{distro}"));
        let ours = |folder: &Path| {
            let words = [folder, &output].map(|path| path.display().to_string());
            let line = Line::new(
                &ground.program,
                ["package", &words[0], "--distro", distro, "--repo", &words[1], "--key", KEY],
            );
            Work::new("onegpu").line(ring.line(line)).fresh(&output).apart()
        };
        let before = ours(&folders.1).run()?;
        let work = ours(&folders.0);
        let after = work.run()?;
        // The same once more, on what is there.
        let again = Work { fresh: Vec::new(), ..work.clone() }.run()?;
        let peer = match FORMATS.iter().find(|format| format.distro == distro) {
            Some(format) => peer(ground, report, ring, *format, few)?,
            None => {
                report.missing(match distro {
                    "gentoo" => "a peer for Portage's repository: nfpm makes no gpkg, and Portage signs in a Gentoo only",
                    "alpine" => "a peer for apk's repository: abuild-sign is in no Debian",
                    _ => "a peer for XBPS's repository: nfpm makes no xbps",
                });
                None
            }
        };
        let counts = (many, few);
        rows(report, distro, counts, (&work, before, after, again), peer.as_ref());
        // A thousand repositories are a gigabyte: the next family has the room.
        ground.sh.remove_path(&output).map_err(failure)?;
    }
    Ok(())
}

fn rows(
    report: &mut Report,
    distro: &str,
    (many, few): (u32, u32),
    (work, before, after, again): (&Work, Spent, Spent, Spent),
    peer: Option<&(Work, Spent)>,
) {
    let each = |spent: &Spent, count: u32| spent.wall / f64::from(count) / PACKAGES;
    let what = |what: &str| format!("{many} profiles to a signed repository for {distro}: {what}");
    let row = |work: String, beside: &str, ours: String, other: String, aim: Option<Aim>| Row {
        work,
        beside: beside.to_owned(),
        ours,
        other,
        aim,
        runs: 1,
        ..Row::default()
    };
    let (own, mut lines) = (each(&after, many), shown(work));
    if let Some((peer, spent)) = peer {
        let other = each(spent, few);
        // One machine's lines stand for all.
        lines.extend(shown(peer).into_iter().take(4));
        let aim = Aim { says: "less".into(), met: own < other };
        let name = format!("{}, {few} machines", peer.name);
        let (ours, theirs) = (format!("{own:.2} ms"), format!("{other:.2} ms"));
        report.row(row(what("time per package"), &name, ours, theirs, Some(aim)));
    }
    let fewer = format!("{few} profiles");
    let (ours, other) = (format!("{own:.2} ms"), format!("{:.2} ms", each(&before, few)));
    report.row(Row { lines, ..row(what("time per package, beside fewer"), &fewer, ours, other, None) });
    let mib = |spent: &Spent| spent.memory / 1024.0;
    let aim = Aim { says: "flat: at most a tenth more".into(), met: mib(&after) <= mib(&before) * 1.1 };
    let (ours, other) = (format!("{:.1} MiB", mib(&after)), format!("{:.1} MiB", mib(&before)));
    report.row(row(what("peak memory"), &fewer, ours, other, Some(aim)));
    let cores = |spent: &Spent| format!("{:.2} cores", spent.cpu / spent.wall);
    let whose = what("CPU time by wall time, gpg's agent not counted");
    report.row(row(whose, &fewer, cores(&after), cores(&before), None));
    let whole = format!("{:.0} ms", again.wall);
    report.row(row(what("nothing to do"), "the first time", whole, format!("{:.0} ms", after.wall), None));
}

/// The same by others: nfpm packs, the family's own tool makes the list, gpg signs.
fn peer(
    ground: &Ground,
    report: &mut Report,
    ring: &Keyring<'_>,
    format: Format,
    few: u32,
) -> Result<Option<(Work, Spent)>> {
    let (tool, index) = match format.name {
        "deb" => (
            "apt-ftparchive",
            "apt-ftparchive packages . >Packages && xz -k Packages && apt-ftparchive release . >Release && \
             gpg --batch -u KEY --clearsign -o InRelease Release && gpg --batch -u KEY -abs -o Release.gpg Release",
        ),
        "rpm" => (
            "createrepo_c",
            // Debian's rpm looks for a gpg2 that is nowhere.
            "rpmsign --define '_gpg_name KEY' --define \"__gpg $(command -v gpg)\" --addsign ./*.rpm && createrepo_c -q . && \
             gpg --batch -u KEY -ab repodata/repomd.xml",
        ),
        _ => (
            "repo-add",
            "for f in ./*.zst; do gpg --batch -u KEY -b \"$f\"; done && repo-add -q -s -k KEY onegpu.db.tar.zst ./*.zst",
        ),
    };
    let (Some(nfpm), Some(_), Some(_)) = (
        peers::find(&ground.sh, report, "nfpm"),
        peers::find(&ground.sh, report, tool),
        peers::find(&ground.sh, report, "bsdtar"),
    ) else {
        return Ok(None);
    };
    let trees = trees(ground, format)?;
    let place = ground.at(&format!("out/repository-by-{tool}"));
    let mut work = Work::new(format!("nfpm, {tool}, gpg")).fresh(&place);
    for number in 0..few {
        let folder = place.join(number.to_string());
        let make = format!("mkdir -p {}", folder.display());
        work = work.line(Line::new("sh", ["-c", &make]));
        for tree in &trees {
            work.lines.extend(tree.by_nfpm(&nfpm, &folder).lines);
        }
        let line = Line::new("sh", ["-ec", &index.replace("KEY", KEY)]).within(&folder);
        work = work.line(ring.line(line));
    }
    match work.run() {
        Ok(spent) => Ok(Some((work, spent))),
        Err(error) => {
            report.missing(format!("{tool} fails here: {}", error.message()));
            Ok(None)
        }
    }
}
