//! `onegpu init`: a profile for this machine, by questions or by flags alone.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::print;
use crate::data::DataDirs;
use crate::diag::{Diagnostic, Result};
use crate::init::Facts;
use crate::init::answers::{Answers, optional, several, value};
use crate::init::ask::Ask;
use crate::init::conversation;
use crate::init::draft::{Draft, as_word};
use crate::init::plain::Plain;
use crate::init::rich::Rich;
use crate::machine::Machine;
use crate::machine::root::Root;
use crate::profile::{
    Audio, Bootloader, CpuVendor, DiskSize, DisplayManager, Driver, GuestName, GuestOs, HostPath,
    Init as InitSystem, Memory, PciAddress, UsbId, User,
};

/// Write a commented profile for this machine, asking only what it cannot tell
#[derive(Args)]
pub struct Init {
    /// Read the machine whose root is DIR, and nothing outside it
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(super) root: PathBuf,
    /// The profile to write; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "onegpu.toml")]
    output: PathBuf,
    /// Replace FILE when it exists
    #[arg(long)]
    force: bool,
    /// Ask nothing: take the flags, and what is proposed for the rest
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    said: Said,
}

/// One flag for each question, and for what detection tells.
#[derive(Args)]
struct Said {
    /// The guest's name in libvirt
    #[arg(long, value_name = "NAME", value_parser = value::<GuestName>, help_heading = GUEST)]
    guest: Option<GuestName>,
    /// What runs in it: windows-11, windows-10, linux, other
    #[arg(long, value_name = "OS", value_parser = value::<GuestOs>, help_heading = GUEST)]
    os: Option<GuestOs>,
    /// Its memory, like 16GiB
    #[arg(long, value_name = "SIZE", value_parser = value::<Memory>, help_heading = GUEST)]
    memory: Option<Memory>,
    /// Its cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256), help_heading = GUEST)]
    cores: Option<u32>,
    /// Threads of each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8), help_heading = GUEST)]
    threads: Option<u32>,
    /// Its disk: an image file or a block device
    #[arg(long, value_name = "PATH", value_parser = value::<HostPath>, help_heading = GUEST)]
    disk: Option<HostPath>,
    /// How large the disk's file is made, like 120GiB
    #[arg(long, value_name = "SIZE", value_parser = value::<DiskSize>, help_heading = GUEST)]
    disk_size: Option<DiskSize>,
    /// The installer's image, or none
    #[arg(long, value_name = "PATH", value_parser = optional_path, help_heading = GUEST)]
    install_media: Option<Optional>,
    /// The image of the VirtIO drivers for Windows, or none
    #[arg(long, value_name = "PATH", value_parser = optional_path, help_heading = GUEST)]
    virtio_media: Option<Optional>,
    /// A USB device that goes to the guest, vendor:product; may be given more than once; or none
    #[arg(long, value_name = "ID", value_parser = usb_ids, help_heading = GUEST)]
    usb: Vec<Several<UsbId>>,
    /// A keyboard or mouse that is shared by evdev; may be given more than once; or none
    #[arg(long, value_name = "PATH", value_parser = links, help_heading = GUEST)]
    evdev: Vec<Several<HostPath>>,
    /// Where its sound goes: pipewire, none
    #[arg(long, value_name = "WAY", value_parser = value::<Audio>, help_heading = GUEST)]
    audio: Option<Audio>,
    /// The graphics card's address, when there are several
    #[arg(long, value_name = "ADDRESS", value_parser = value::<PciAddress>, help_heading = HOST)]
    gpu: Option<PciAddress>,
    /// The driver that shows the desktop on it
    #[arg(long, value_name = "NAME", value_parser = value::<Driver>, help_heading = HOST)]
    driver: Option<Driver>,
    /// Who may use libvirt: a name, NAME:UID, or none
    #[arg(long, value_name = "NAME", help_heading = HOST)]
    user: Option<String>,
    /// What shows the login screen, or none
    #[arg(long, value_name = "NAME", value_parser = value::<DisplayManager>, help_heading = HOST)]
    display_manager: Option<DisplayManager>,
    /// The distro, as `onegpu distros` lists it
    #[arg(long, value_name = "ID", help_heading = HOST)]
    distro: Option<String>,
    /// The init system: systemd, openrc, runit
    #[arg(long, value_name = "NAME", value_parser = value::<InitSystem>, help_heading = HOST)]
    init: Option<InitSystem>,
    /// The boot loader: grub, systemd-boot
    #[arg(long, value_name = "NAME", value_parser = value::<Bootloader>, help_heading = HOST)]
    bootloader: Option<Bootloader>,
    /// Who made the CPU: intel, amd
    #[arg(long, value_name = "MAKER", value_parser = value::<CpuVendor>, help_heading = HOST)]
    cpu: Option<CpuVendor>,
}

const GUEST: &str = "The guest";
const HOST: &str = "The PC, where it does not tell or tells wrong";

/// Clap takes an `Option` for an absent flag: these hold what was said.
#[derive(Clone)]
struct Optional(Option<HostPath>);
#[derive(Clone)]
struct Several<T>(Vec<T>);

fn optional_path(text: &str) -> std::result::Result<Optional, String> {
    optional(text).map(Optional)
}

fn usb_ids(text: &str) -> std::result::Result<Several<UsbId>, String> {
    several(text).map(Several)
}

fn links(text: &str) -> std::result::Result<Several<HostPath>, String> {
    // A path may have a comma in it: one for each flag.
    optional(text).map(|path| Several(path.into_iter().collect()))
}

fn all<T>(flags: Vec<Several<T>>) -> Option<Vec<T>> {
    (!flags.is_empty()).then(|| flags.into_iter().flat_map(|Several(ids)| ids).collect())
}

impl Said {
    /// The flags as answers.
    fn answers(self, machine: &Machine, data: &DataDirs) -> Result<Answers> {
        if let Some(id) = &self.distro {
            crate::distro::Distro::load(data, id)?;
        }
        Ok(Answers {
            user: self.user.as_deref().map(|said| user(said, machine)).transpose()?,
            distro: self.distro,
            init: self.init,
            bootloader: self.bootloader,
            cpu: self.cpu,
            display_manager: self.display_manager,
            gpu: self.gpu,
            driver: self.driver,
            name: self.guest,
            os: self.os,
            memory: self.memory,
            cores: self.cores,
            threads: self.threads,
            disk: self.disk,
            disk_size: self.disk_size,
            install_media: self.install_media.map(|Optional(path)| path),
            virtio_media: self.virtio_media.map(|Optional(path)| path),
            usb: all(self.usb),
            evdev: all(self.evdev),
            audio: self.audio,
        })
    }
}

/// `NAME` of this machine, `NAME:UID`, or `none`.
fn user(said: &str, machine: &Machine) -> Result<Option<User>> {
    if said == crate::init::answers::NONE {
        return Ok(None);
    }
    let (name, uid) = match said.split_once(':') {
        Some((name, uid)) => (name, uid.parse().ok()),
        None => (said, machine.users.iter().find(|user| user.name == said).map(|user| user.uid)),
    };
    let name = value(name).map_err(|rule| Diagnostic::input(format!("--user {rule}")))?;
    match uid {
        Some(uid) => Ok(Some(User { name, uid })),
        None => Err(Diagnostic::input(format!("--user {said}: this machine has no such account"))
            .help(format!("write the number too, like --user {name}:1000"))),
    }
}

impl Init {
    pub(super) fn run(self, data: &DataDirs) -> Result<ExitCode> {
        let to_stdout = self.output == Path::new("-");
        if !to_stdout {
            refuse_existing(&self.output, self.force)?;
        }
        let root = Root::open(&self.root)?;
        let machine = Machine::read(&root, data)?;
        let given = self.said.answers(&machine, data)?;
        let facts = Facts { machine: &machine, root: &root, data };
        let name = if to_stdout { "onegpu.toml".to_owned() } else { self.output.display().to_string() };
        let person = !self.yes && has_person(to_stdout);
        let text = match person {
            true => match conversation::hold(&mut *asker(), &facts, &given, &name)? {
                Some(agreed) => agreed.text,
                None => {
                    tell("Nothing was written.");
                    return Ok(ExitCode::from(1));
                }
            },
            false => {
                let draft = Draft::new(&facts, &given)?;
                let (text, _) = draft.check(&facts, &given, &name)?;
                for warning in &draft.warnings {
                    tell(&format!("note: {warning}"));
                }
                text
            }
        };
        if to_stdout {
            return print::to(None, &text);
        }
        // The conversation may have taken long.
        refuse_existing(&self.output, self.force)?;
        print::to(Some(&self.output), &text)?;
        if person {
            tell(&format!("\nNext, to read what it makes: onegpu render {} -o review", as_word(&name)));
        }
        print::to(None, &format!("{}\n", self.output.display()))
    }
}

/// A line on standard error; nobody may be there to read it.
fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Whether somebody can answer: all three are a terminal, but for standard
/// output when the profile goes there.
fn has_person(to_stdout: bool) -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal() && (to_stdout || io::stdout().is_terminal())
}

/// A cursor where the terminal has one; colours where they are wanted.
fn asker() -> Box<dyn Ask> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match dumb {
        true => Box::new(Plain::new(io::stdin().lock())),
        false => Box::new(Rich::new(!no_colour)),
    }
}

/// What the user has written is not written over. What is no file (the name of
/// standard output, say) is written to; a link into nowhere is somebody's, too.
fn refuse_existing(file: &Path, force: bool) -> Result<()> {
    let meta = std::fs::metadata(file).or_else(|_| std::fs::symlink_metadata(file));
    match meta {
        Ok(meta) if meta.is_dir() => Err(Diagnostic::input(format!("{}: is a folder", file.display()))
            .help("name the file that shall be written")),
        Ok(meta) if !force && (meta.is_file() || meta.is_symlink()) => {
            Err(Diagnostic::input(format!("{}: is there already", file.display()))
                .help("name another with -o FILE, or replace it with --force"))
        }
        _ => Ok(()),
    }
}
