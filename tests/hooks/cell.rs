//! What a machine is rendered for, and its files.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use onegpu::data::DataDirs;
use onegpu::distro::Distro;
use onegpu::plan::Plan;
use onegpu::profile::{self, Driver, Hugepages, Init};
use onegpu::render::{self, File};
use onegpu::setup::Setup;

/// What a machine is rendered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell {
    pub init: Init,
    pub driver: Driver,
    /// Whether a display manager shows the desktop.
    pub desktop: bool,
    pub pipewire: bool,
    /// Whether the profile asks for everything that is off unless asked for.
    pub options: bool,
    pub hugepages: Hugepages,
    pub shell: &'static str,
}

/// The longest scripts of a profile that asks for nothing special.
pub const NVIDIA: Cell = Cell {
    init: Init::Systemd,
    driver: Driver::Nvidia,
    desktop: true,
    pipewire: true,
    options: false,
    hugepages: Hugepages::None,
    shell: "sh",
};

/// The guest's name holds every kind of character that a name may hold.
pub const GUEST: &str = "a+b.c_d-e";

const DISTRO: &str = r#"
like = "debian"
id = "testos"
name = "Test OS"
family = "debian"
tested = "rendered"
inits = ["systemd", "openrc", "runit"]
[libvirt.runit]
enable = ["libvirtd"]
reload = ["libvirtd"]
available = "/etc/sv"
enabled = "/var/service"
[display-manager.runit.own]
sddm = "sddm"
"#;

/// The files that the packages of a cell install; rendered once for all machines of a cell.
pub fn files(cell: Cell) -> Arc<Vec<File>> {
    static FILES: LazyLock<Mutex<HashMap<Cell, Arc<Vec<File>>>>> = LazyLock::new(Mutex::default);
    let cell = Cell { shell: "sh", ..cell };
    FILES.lock().unwrap().entry(cell).or_insert_with(|| Arc::new(rendered(cell))).clone()
}

fn rendered(cell: Cell) -> Vec<File> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("distros")).unwrap();
    std::fs::write(dir.path().join("distros/testos.toml"), DISTRO).unwrap();
    let data = DataDirs::standard(Some(dir.path()));
    let options = match cell.options {
        true => {
            "memory = \"1 GiB\"\ncpus = { cores = 2, threads = 2, pin = [\"2,10\", \"3,11\"], host = \"0-1,8-9\" }
             governor = \"performance\"\ninhibit-sleep = true\nown-hooks = true"
        }
        false => "",
    };
    let profile = format!(
        r#"
[host]
distro = "testos"
init = "{}"
cpu = "amd"
user = {{ name = "mika", uid = 1000 }}
display-manager = "{}"
[gpu]
address = "0000:0b:00.0"
driver = "{}"
devices = ["0000:0b:00.0", "0000:0b:00.1"]
[[guest]]
name = "{GUEST}"
audio = "{}"
hugepages = "{}"
{options}
"#,
        cell.init,
        if cell.desktop { "sddm" } else { "none" },
        cell.driver,
        if cell.pipewire { "pipewire" } else { "none" },
        cell.hugepages,
    );
    let profile = profile::parse("profile.toml", &profile).unwrap();
    let setup = Setup::new(&profile, Distro::load(&data, "testos").unwrap()).unwrap();
    let packages = render::all(&data, &Plan::new(setup)).unwrap();
    packages.into_iter().flat_map(|(_, files)| files).collect()
}
