//! How many processes a handover and a return are: exactly those of the outside commands and of
//! `timeout`, which bounds each. What one more costs, `cargo xtask bench handover` measures.

use std::fs;
use std::path::Path;

use super::machine::{Cell, GUEST, Machine, NVIDIA};
use onegpu::profile::{Driver, Hugepages, Init};

/// A machine whose commands note that they were called and begin nothing of their own: each is
/// one process.
fn machine(cell: Cell) -> Machine {
    let machine = Machine::new(cell);
    let names: Vec<String> = fs::read_dir(machine.path("/fakes"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "fake")
        .collect();
    for name in names {
        let act = match name.as_str() {
            "systemctl" => {
                "case $1 in is-active) echo active ;; show) printf 'AllowedCPUs=\\n\\nAllowedCPUs=\\n\\nAllowedCPUs=\\n' ;; esac"
            }
            "sv" => "[ \"$1\" != status ] || echo run:",
            "loginctl" => "case $1 in list*) echo 2 1000 mika seat0 tty2 ;; show*) echo Type=wayland ;; esac",
            "systemd-inhibit" | "elogind-inhibit" => ": >\"$9-held\"",
            _ if machine.path(&format!("/tools/{name}")).exists() => "exec /tools/${0##*/} \"$@\"",
            _ => "",
        };
        let text = format!("#!/tools/sh\nprintf '%s\\n' \"${{0##*/}}\" >>/calls\n{act}\n");
        machine.write(&format!("/fakes/{name}"), &text, 0o755);
    }
    for own in ["before-handover", "after-return"] {
        let own = format!("/etc/onegpu/guests/{GUEST}/{own}");
        if machine.path(&own).exists() {
            machine.write(&own, "#!/tools/sh\necho own >>/calls\n", 0o755);
        }
    }
    machine.calls();
    machine
}

/// Commands that a script called, and processes that were made meanwhile. In a namespace of
/// their own, processes are numbered one after the other.
fn count(machine: &Machine, script: &str) -> (usize, usize) {
    let ask = "/tools/sh -c 'echo $$'";
    let done = machine.sh(&format!("{ask}; {script} {GUEST} - - - >/dev/null 2>&1 || exit; {ask}"));
    assert!(done.status.success(), "{done:?}\n{}", machine.log());
    let numbers = String::from_utf8(done.stdout).unwrap();
    let numbers: Vec<usize> = numbers.lines().map(|line| line.parse().unwrap()).collect();
    // But for the script itself and the one that says the second number.
    (machine.calls().len(), numbers[1] - numbers[0] - 2)
}

/// `ONEGPU_BLESS=1` writes the file anew.
#[test]
fn a_script_is_no_more_processes_than_its_commands() {
    let mut found = String::from("# processes of start.sh and of stop.sh\n");
    for options in [false, true] {
        for &init in Init::ALL {
            for &driver in Driver::ALL {
                let hugepages = if options { Hugepages::Reserve } else { Hugepages::None };
                let machine = machine(Cell { init, driver, options, hugepages, ..NVIDIA });
                let (calls, start) = count(&machine, &machine.start);
                // Who watches whether libvirt lives is no command.
                assert_eq!(start, calls + 1, "{init} {driver}\n{}", machine.log());
                let (calls, stop) = count(&machine, &machine.stop);
                assert_eq!(stop, calls, "{init} {driver}\n{}", machine.log());
                assert!(!machine.log().contains("FAILED"), "{}", machine.log());
                let with = if options { " with all options" } else { "" };
                found.push_str(&format!("{init} {driver}{with}: {start} {stop}\n"));
            }
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hooks/processes.expected");
    if std::env::var_os("ONEGPU_BLESS").is_some() {
        fs::write(&path, &found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(&path).unwrap_or_default(), "{}", path.display());
}
