//! The domains before libvirt's own tools: its schema, its test driver, and a
//! libvirtd that sees real firmware, resolves it, builds QEMU's command line,
//! and starts what can be started without a card.
//!
//! One libvirtd answers for all tests; `libvirt/machine.sh` makes it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by a panic")]

mod guests;
#[path = "libvirt/kept.rs"]
mod kept;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use guests::Kind;
use onegpu::profile::{Audio, CpuVendor, Driver, GuestOs};
use roxmltree::{Document, Node};

/// One domain that libvirt was asked about, and what it said.
struct Answer {
    kind: Kind,
    name: String,
    setup: bool,
    asked: &'static str,
    /// What the schema has against it, and what libvirtd has.
    schema: Option<String>,
    errors: String,
    /// The definition as libvirt keeps it.
    dump: String,
    /// QEMU's command line.
    argv: String,
}

struct Answers {
    /// Where the other answers lie, as `ask.sh` wrote them.
    out: PathBuf,
    domains: Vec<Answer>,
    folder: tempfile::TempDir,
}

static ANSWERS: LazyLock<Answers> = LazyLock::new(ask);

fn ask() -> Answers {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libvirt");
    fs::copy(scripts.join("ask.sh"), work.join("ask.sh")).unwrap();
    fs::create_dir(work.join("in")).unwrap();
    let asked = guests::all().iter().filter(|(kind, _)| differs(kind)).flat_map(|(kind, both)| {
        let name = kind.name();
        [(*kind, name.clone(), &both.card, false), (*kind, format!("{name}-setup"), &both.setup, true)]
    });
    let asked: Vec<_> = asked.collect();
    for (_, name, xml, _) in &asked {
        fs::write(work.join(format!("in/{name}.xml")), xml).unwrap();
    }
    fs::create_dir(work.join("start")).unwrap();
    for (name, xml) in startable() {
        fs::write(work.join(format!("start/{name}.xml")), xml).unwrap();
    }
    let (start, stop) = guests::hooks(&windows());
    for (name, script) in [
        ("let-through", part(&start, "[ -d /run/libvirt", "take let-through")),
        ("keep-out", part(&stop, "keep_out() {", "if recorded")),
    ] {
        let call = name.replace('-', "_");
        let frame = format!("bounded() {{ \"$@\"; }}\nfail() {{ exit 1; }}\n{script}\n{call}\n");
        fs::write(work.join(format!("{name}.sh")), frame).unwrap();
    }
    let roots = PathBuf::from(std::env::var_os("ONEGPU_TEST_ROOTS").expect("ONEGPU_TEST_ROOTS is set"));
    let done = Command::new("timeout")
        .args(["--kill-after=10", "400", "unshare"])
        .args(["--mount", "--net", "--pid", "--fork", "--kill-child", "sh"])
        .arg(scripts.join("machine.sh"))
        .arg(roots.join("trixie"))
        .arg(work)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert!(done.status.success(), "{}\n{said}", done.status);
    let out = work.join("out");
    let read = |file: String| fs::read_to_string(out.join(file));
    let domains = asked
        .into_iter()
        .map(|(kind, name, asked, setup)| {
            let said = read(format!("{name}.said")).unwrap();
            let (dump, argv) = said.split_once("=argv=").unwrap_or((&said, ""));
            Answer {
                schema: read(format!("{name}.schema")).ok(),
                errors: read(format!("{name}.errors")).unwrap(),
                dump: dump.trim().to_owned(),
                argv: argv.to_owned(),
                kind,
                name,
                setup,
                asked,
            }
        })
        .collect();
    Answers { out, domains, folder }
}

/// Whether the domain differs from all others: some drivers have the same XML,
/// firmware matters to Windows 11 alone, and i915 is not on AMD's boards.
fn differs(Kind { os, driver, cpu, firmware, .. }: &Kind) -> bool {
    let driver = match driver {
        Driver::Nouveau | Driver::Radeon | Driver::Xe => false,
        Driver::I915 => *cpu == CpuVendor::Intel,
        Driver::Nvidia | Driver::Amdgpu => true,
    };
    driver && (*os == GuestOs::Windows11 || firmware.enrolled_keys)
}

/// What stands in a script from one line to another.
fn part<'a>(script: &'a str, from: &str, to: &str) -> &'a str {
    let (_, rest) = script.split_once(from).unwrap();
    let start = script.len() - rest.len() - from.len();
    &script[start..start + script[start..].find(to).unwrap()]
}

/// The profile of the startable guests.
fn profile(name: &str, os: &str, audio: &str) -> String {
    format!(
        "[host]\ncpu = \"amd\"\nuser = {{ name = \"mika\", uid = 1000 }}\n\
         [gpu]\naddress = \"0000:01:00.0\"\ndriver = \"amdgpu\"\n\
         [[guest]]\nname = \"{name}\"\nos = \"{os}\"\naudio = \"{audio}\"\nmemory = \"512 MiB\"\n\
         disk = {{ path = \"/var/lib/libvirt/images/disk.qcow2\" }}\n\
         install-media = \"/srv/is-not-there.iso\"\n"
    )
}

/// Windows that plays to PipeWire: as the user, and with a TPM.
fn windows() -> String {
    profile("win11", "windows-11", "pipewire")
}

/// Domains without a card, for plain emulation: a machine that runs tests may
/// have neither a card nor a usable KVM. All else is as rendered.
fn startable() -> Vec<(&'static str, String)> {
    let windows = guests::domains(&windows());
    let sound = guests::domains(&profile("sound", "linux", "pipewire"));
    [("win11-setup", windows.setup), ("win11", windows.card), ("sound", sound.card)]
        .map(|(name, xml)| (name, guests::emulated(&xml)))
        .into()
}

/// Fails with what was found wrong, by domain.
fn each(check: impl Fn(&Answer) -> Result<(), String>) {
    assert!(ANSWERS.domains.len() > 200, "only {} domains", ANSWERS.domains.len());
    let wrong: Vec<String> = ANSWERS
        .domains
        .iter()
        .filter_map(|answer| check(answer).err().map(|why| format!("{}: {why}\n", answer.name)))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        ANSWERS.domains.len(),
        wrong[..wrong.len().min(5)].concat()
    );
}

fn must(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn the_schema_takes_every_domain() {
    each(|answer| answer.schema.clone().map_or(Ok(()), Err));
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn libvirtd_takes_every_domain() {
    each(|answer| {
        must(answer.errors.is_empty() && answer.dump.ends_with("</domain>"), || answer.errors.clone())
    });
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn the_test_driver_takes_every_domain() {
    let errors = fs::read_to_string(ANSWERS.out.join("test-driver.errors")).unwrap();
    assert_eq!(errors, "");
    let listed = fs::read_to_string(ANSWERS.out.join("test-driver")).unwrap();
    let listed: BTreeSet<&str> = listed.lines().map(str::trim).collect();
    each(|answer| must(listed.contains(answer.name.as_str()), || "is not defined".into()));
}

/// An element of `<devices>` by what it is: name, and its or its model's word.
fn devices(xml: &str) -> BTreeSet<String> {
    let document = Document::parse(xml).unwrap();
    let devices = document.descendants().find(|node| node.has_tag_name("devices")).unwrap();
    let word = |node: Node<'_, '_>| {
        let model = node.children().find(|child| child.has_tag_name("model"));
        let of = |node: Node<'_, '_>| node.attribute("model").or(node.attribute("type")).map(str::to_owned);
        of(node).or(model.and_then(of)).unwrap_or_default()
    };
    let elements = devices.children().filter(Node::is_element);
    elements.map(|node| format!("{} {}", node.tag_name().name(), word(node))).collect()
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn libvirt_adds_only_what_every_pc_has() {
    let expected = [
        "emulator ",
        "input mouse",
        "input keyboard",
        "controller pcie-root",
        "controller sata",
        "watchdog itco",
    ];
    each(|answer| {
        let asked = devices(answer.asked);
        let added: Vec<String> = devices(&answer.dump).difference(&asked).cloned().collect();
        must(added.iter().all(|device| expected.contains(&device.as_str())), || format!("{added:?}"))
    });
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn libvirt_finds_the_firmware_that_was_asked_for() {
    each(|answer| {
        let document = Document::parse(&answer.dump).unwrap();
        let node = |name: &str| document.descendants().find(|node| node.has_tag_name(name)).unwrap();
        let (loader, nvram) = (node("loader"), node("nvram"));
        let secure = answer.kind.os == GuestOs::Windows11 && answer.kind.firmware.secure_boot;
        let image =
            if secure { "/usr/share/OVMF/OVMF_CODE_4M.ms.fd" } else { "/usr/share/OVMF/OVMF_CODE_4M.fd" };
        let variables = format!("/var/lib/libvirt/qemu/nvram/{}_VARS.fd", answer.kind.name());
        let found = (loader.text(), loader.attribute("secure"), nvram.text());
        must(found == (Some(image), secure.then_some("yes"), Some(variables.as_str())), || {
            format!("{found:?}")
        })
    });
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn what_both_domains_have_is_at_the_same_place() {
    let places = |answer: &Answer| -> Vec<String> {
        let document = Document::parse(&answer.dump).unwrap();
        let common = |node: &Node<'_, '_>| {
            node.attribute("device") == Some("disk")
                || node.has_tag_name("interface")
                || node.has_tag_name("rng")
                || node.attribute("model") == Some("qemu-xhci")
        };
        let common: Vec<_> = document.descendants().filter(common).map(address).collect();
        let ports = document.descendants().filter(|node| node.attribute("model") == Some("pcie-root-port"));
        let ports = ports.take(4).map(address);
        common.iter().copied().chain(ports).map(|a| answer.dump[a.range()].to_owned()).collect()
    };
    each(|answer| {
        let twin =
            ANSWERS.domains.iter().find(|other| other.setup && other.kind.name() == answer.kind.name());
        let (here, there) = (places(answer), places(twin.unwrap()));
        must(here.len() == 8 && here == there, || format!("{here:?} and {there:?}"))
    });
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn qemu_is_told_of_every_device_of_the_card() {
    each(|answer| {
        let argv = &answer.argv;
        let count = |what: &str| argv.matches(what).count();
        let wanted = if answer.setup { 0 } else { 4 };
        must(count("\"driver\":\"vfio-pci\"") == wanted, || argv.clone())?;
        must(count("\"romfile\"") == usize::from(answer.kind.media && !answer.setup), || argv.clone())?;
        let sound = answer.kind.audio == Audio::Pipewire && !answer.setup;
        must(argv.contains("\"driver\":\"pipewire\"") == sound, || argv.clone())?;
        must(argv.contains("\"driver\":\"VGA\"") == answer.setup && !argv.contains("spice"), || argv.clone())
    });
}

/// A device's own address.
fn address<'a, 'x>(device: Node<'a, 'x>) -> Node<'a, 'x> {
    device.children().find(|child| child.has_tag_name("address")).unwrap()
}

/// What was said of a domain that was started, as `WHAT` and its lines.
fn started(name: &str) -> impl Fn(&str) -> Vec<String> {
    let read = |ending: &str| fs::read_to_string(ANSWERS.out.join(format!("{name}.{ending}"))).unwrap();
    let (said, errors) = (read("started"), read("start-errors"));
    assert_eq!(errors, "", "{name} did not start:\n{said}");
    move |what| {
        let lines = said.lines().filter_map(|line| line.strip_prefix(what)?.strip_prefix(' '));
        lines.map(str::to_owned).collect()
    }
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn the_twin_starts_with_a_screen() {
    let twin = started("win11-setup");
    assert_eq!(twin("state"), ["paused"]);
    assert_eq!(twin("screen"), ["127.0.0.1:0"]);
    assert!(twin("device").contains(&"1234:1111 VGA controller".to_owned()), "{:?}", twin("device"));
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn both_domains_have_one_tpm_and_one_set_of_variables() {
    let card = started("win11");
    assert_eq!(card("state"), ["paused"]);
    assert!(!card("device").iter().any(|device| device.contains("VGA")), "{:?}", card("device"));
    let lines = |file: &str| -> Vec<String> {
        fs::read_to_string(ANSWERS.out.join(file)).unwrap().lines().map(str::to_owned).collect()
    };
    assert_eq!(lines("variables"), ["sound_VARS.fd", "win11_VARS.fd"]);
    // Two domains with a TPM were started and undefined again, the twin first.
    assert_eq!(lines("tpms"), [onegpu::domain::Identity::new("win11").tpm_state]);
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn the_domain_with_sound_runs_as_its_user_and_gives_the_disk_back() {
    // Windows has a TPM beside it, which its user must reach too.
    for name in ["sound", "win11"] {
        let guest = started(name);
        assert_eq!(guest("state"), ["paused"], "{name}");
        assert_eq!(guest("disk")[0], "mika:kvm", "{name}");
        assert_eq!(guest("disk afterwards"), ["root:root"], "{name}");
    }
    // What the hooks did to libvirt's folder is gone without a trace.
    let acl = |when: &str| fs::read_to_string(ANSWERS.out.join(format!("acl-{when}"))).unwrap();
    assert_eq!(acl("after"), acl("before"));
    assert!(!acl("after").contains("mask"), "{}", acl("after"));
}
