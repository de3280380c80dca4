//! `onegpu diff` on what libvirt itself has made of our domains: it writes every one down anew, sorted
//! otherwise, in other units and with more in it.

use std::fs;

use onegpu::diff::{Difference, Sign, Standing, StepDiff};
use onegpu::machine::root::Root;

use super::{ANSWERS, Answer, guests, must};

/// What libvirt kept of a guest's two domains.
fn kept(name: &str, what: &str) -> [(String, String); 2] {
    [name.to_owned(), format!("{name}-setup")].map(|name| {
        let file = ANSWERS.out.join(format!("{name}.{what}"));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        (name, text)
    })
}

/// The step `domain` of a machine whose libvirt keeps `kept`; with a record as `apply` leaves it, or without.
fn step(answer: &Answer, kept: &[(String, String)], record: bool) -> StepDiff {
    let name = answer.kind.name();
    let (plan, mut packages) = guests::planned(&answer.kind.profile(""), answer.kind.firmware);
    let machine = tempfile::tempdir().unwrap();
    let folder = machine.path().join(format!("var/lib/onegpu/guests/{name}/domain"));
    fs::create_dir_all(machine.path().join("etc/libvirt/qemu")).unwrap();
    fs::create_dir_all(&folder).unwrap();
    for file in packages.iter_mut().flat_map(|(_, files)| files) {
        for asked in
            ANSWERS.domains.iter().filter(|asked| file.path.ends_with(&format!("/{}.xml", asked.name)))
        {
            // As libvirt was asked: without KVM there, for another kind of processor.
            file.bytes = fs::read(ANSWERS.folder.path().join(format!("in/{}.xml", asked.name))).unwrap();
            fs::write(folder.join(format!("{}.xml", asked.name)), &file.bytes).unwrap();
            fs::write(folder.join(format!("{}.defined", asked.name)), &asked.dump).unwrap();
        }
        if file.path.ends_with("0-domain") {
            fs::write(folder.join("step"), &file.bytes).unwrap();
        }
    }
    fs::write(folder.join("done"), "").unwrap();
    if !record {
        fs::remove_dir_all(machine.path().join("var")).unwrap();
    }
    for (name, text) in kept {
        fs::write(machine.path().join(format!("etc/libvirt/qemu/{name}.xml")), text).unwrap();
    }
    let root = Root::open(machine.path()).unwrap();
    let difference = Difference::new(&root, &plan, &packages).unwrap();
    difference.steps.into_iter().find(|step| step.id == "domain").unwrap()
}

fn each_guest(check: impl Fn(&Answer, &str) -> Result<(), String>) {
    super::each(|answer| if answer.setup { Ok(()) } else { check(answer, &answer.kind.name()) });
}

/// The lines that go and those that come.
fn changed(step: &StepDiff) -> Vec<&str> {
    let lines = step.lines.iter().filter(|line| matches!(line.sign, Sign::Old | Sign::New));
    lines.map(|line| line.text.trim()).collect()
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn what_libvirt_keeps_of_ours_is_no_difference() {
    each_guest(|answer, name| {
        for record in [true, false] {
            let stored = kept(name, "stored");
            // It is not the text that is the same.
            assert!(stored.iter().all(|(_, text)| text.contains("unit='KiB'>8388608<")), "{stored:?}");
            let step = step(answer, &stored, record);
            must(step.standing == Standing::Applied && step.lines.is_empty(), || {
                format!("with a record: {record}: {}: {:#?}", step.text, changed(&step))
            })?;
        }
        Ok(())
    });
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn a_change_that_libvirt_keeps_is_one() {
    let memory = ["<currentMemory>4096 MiB</currentMemory>", "<currentMemory>8192 MiB</currentMemory>"];
    each_guest(|answer, name| {
        let other = kept(name, "changed");
        let known = step(answer, &other, true);
        let lines = changed(&known);
        let seen = memory.iter().all(|line| lines.contains(line))
            && lines.iter().any(|line| line.contains("/srv/more.raw"));
        must(known.standing == Standing::Drifted && seen, || format!("{}: {lines:#?}", known.text))?;
        // Without a record, what ours does not speak of may be libvirt's own.
        let unknown = step(answer, &other, false);
        let lines = changed(&unknown);
        must(unknown.standing == Standing::Later && memory.iter().all(|line| lines.contains(line)), || {
            format!("{}: {lines:#?}", unknown.text)
        })
    });
}
