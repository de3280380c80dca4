//! Makes a folder that holds a machine's files from a description of it.
//! `tests/machines/README.md` explains the lines.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A machine's root folder, gone with the value.
pub struct Machine {
    root: tempfile::TempDir,
}

/// The folders of all described machines, by name.
pub fn all() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machines");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.join("machine.txt").is_file()).collect();
    folders.sort();
    folders
}

/// The machine called `name`.
pub fn named(name: &str) -> Machine {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machines").join(name).join("machine.txt");
    Machine::new(&fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

impl Machine {
    /// Expands a description.
    pub fn new(description: &str) -> Self {
        let machine = Self { root: tempfile::tempdir().unwrap() };
        let mut blocks: Vec<(&str, String)> = Vec::new();
        for line in description.lines() {
            match line.strip_prefix('@') {
                Some(head) => blocks.push((head, String::new())),
                None => {
                    let Some((_, body)) = blocks.last_mut() else { continue };
                    body.push_str(line);
                    body.push('\n');
                }
            }
        }
        for (head, body) in blocks {
            let words: Vec<&str> = head.split_whitespace().collect();
            match words.as_slice() {
                ["file", path] => machine.file(path, body.trim_start_matches('\n')),
                ["link", path, target] => machine.link(path, target),
                ["folder", path] => fs::create_dir_all(machine.at(path)).unwrap(),
                ["efi", name, text @ ..] => machine.efi(name, &text.join(" ")),
                ["cpu", vendor, cores, threads, flags @ ..] => {
                    machine.cpu(vendor, cores.parse().unwrap(), threads.parse().unwrap(), &flags.join(" "));
                }
                ["memory", mib] => {
                    let kib = mib.parse::<u64>().unwrap() * 1024;
                    machine.file("proc/meminfo", format!("MemTotal:       {kib} kB\nMemFree:  1 kB\n"));
                }
                ["pci"] => machine.pci(&body),
                ["usb", port, id, kinds, rest @ ..] => machine.usb(port, id, kinds, &rest.join(" ")),
                _ => panic!("a line of no known kind: @{head}"),
            }
        }
        machine
    }

    /// The root folder.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// A path below the root.
    pub fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path.trim_start_matches('/'))
    }

    /// Writes a file, and the folders above it.
    pub fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Makes a link, and the folders above it.
    pub fn link(&self, path: &str, target: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    /// An EFI variable: four bytes of attributes, then UTF-16, or one byte for a flag.
    fn efi(&self, name: &str, text: &str) {
        let mut bytes = vec![6, 0, 0, 0];
        let guid = match name {
            "SecureBoot" => {
                bytes.push(text.parse().unwrap());
                "8be4df61-93ca-11d2-aa0d-00e098032b8c"
            }
            _ => {
                bytes.extend(text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes));
                "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
            }
        };
        self.file(&format!("sys/firmware/efi/efivars/{name}-{guid}"), bytes);
    }

    fn cpu(&self, vendor: &str, cores: u32, threads: u32, flags: &str) {
        let block = |thread: u32| {
            format!(
                "processor\t: {thread}\nvendor_id\t: {vendor}\nmodel name\t: a CPU of {cores} cores\n\
                 physical id\t: 0\nsiblings\t: {threads}\ncore id\t\t: {}\ncpu cores\t: {cores}\n\
                 flags\t\t: fpu vme {flags}\n\n",
                thread % cores
            )
        };
        self.file("proc/cpuinfo", (0..threads).map(block).collect::<String>());
    }

    /// A listing as `lspci -nn` by groups: `Group N`, then functions, each with
    /// `[class]` and `[vendor:device]`, and `driver=`, `bus=`, `boot_vga=` behind.
    fn pci(&self, listing: &str) {
        let mut group = None;
        // The bridge that leads to a bus, and the path of its folder.
        let mut ways: BTreeMap<u8, String> = BTreeMap::new();
        fs::create_dir_all(self.at("sys/kernel/iommu_groups")).unwrap();
        for line in listing.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(number) = line.strip_prefix("Group ") {
                group = number.trim().parse::<u32>().ok();
                continue;
            }
            let (slot, rest) = line.split_once(' ').unwrap();
            let address = format!("0000:{slot}");
            let bus = u8::from_str_radix(&slot[..2], 16).unwrap();
            let way = ways.get(&bus).cloned().unwrap_or_else(|| "pci0000:00".to_owned());
            let place = format!("{way}/{address}");
            let word = |key: &str| rest.split_whitespace().find_map(|word| word.strip_prefix(key));
            let marks: Vec<&str> = rest.split(['[', ']']).skip(1).step_by(2).collect();
            let class = marks.iter().find(|mark| mark.len() == 4).unwrap();
            let (vendor, device) = marks.iter().rev().find_map(|mark| mark.split_once(':')).unwrap();
            let folder = format!("sys/devices/{place}");
            self.file(&format!("{folder}/class"), format!("0x{class}00\n"));
            self.file(&format!("{folder}/vendor"), format!("0x{vendor}\n"));
            self.file(&format!("{folder}/device"), format!("0x{device}\n"));
            let up = "../".repeat(place.split('/').count() + 1);
            if let Some(driver) = word("driver=") {
                fs::create_dir_all(self.at(&format!("sys/bus/pci/drivers/{driver}"))).unwrap();
                self.link(&format!("{folder}/driver"), &format!("{up}bus/pci/drivers/{driver}"));
            }
            if let Some(flag) = word("boot_vga=") {
                self.file(&format!("{folder}/boot_vga"), format!("{flag}\n"));
            }
            if let Some(methods) = word("reset=") {
                self.file(&format!("{folder}/reset_method"), format!("{}\n", methods.replace(',', " ")));
            }
            if let Some(number) = group {
                self.link(&format!("{folder}/iommu_group"), &format!("{up}kernel/iommu_groups/{number}"));
                let member = format!("sys/kernel/iommu_groups/{number}/devices/{address}");
                self.link(&member, &format!("../../../../devices/{place}"));
            }
            self.link(&format!("sys/bus/pci/devices/{address}"), &format!("../../../devices/{place}"));
            if let Some(buses) = word("bus=") {
                ways.insert(u8::from_str_radix(buses, 16).unwrap(), place);
            }
        }
    }

    /// A USB device with one interface for each kind; `Maker: Model` behind.
    fn usb(&self, port: &str, id: &str, kinds: &str, name: &str) {
        let (vendor, product) = id.split_once(':').unwrap();
        let folder = format!("sys/devices/pci0000:00/0000:00:14.0/usb1/{port}");
        self.file(&format!("{folder}/idVendor"), format!("{vendor}\n"));
        self.file(&format!("{folder}/idProduct"), format!("{product}\n"));
        if let Some((maker, model)) = name.split_once(": ") {
            self.file(&format!("{folder}/manufacturer"), format!("{maker}\n"));
            self.file(&format!("{folder}/product"), format!("{model}\n"));
        }
        self.link(&format!("sys/bus/usb/devices/{port}"), &format!("../../../{}", &folder[4..]));
        for (number, kind) in kinds.split(',').enumerate() {
            let (class, protocol) = match kind {
                "keyboard" => ("03", "01"),
                "mouse" => ("03", "02"),
                "hid" => ("03", "00"),
                _ => ("08", "50"),
            };
            let interface = format!("{port}:1.{number}");
            self.file(&format!("{folder}/{interface}/bInterfaceClass"), format!("{class}\n"));
            self.file(&format!("{folder}/{interface}/bInterfaceProtocol"), format!("{protocol}\n"));
            let target = format!("../../../{}/{interface}", &folder[4..]);
            self.link(&format!("sys/bus/usb/devices/{interface}"), &target);
        }
    }
}
