//! The domain XML, beside virt-install with the same choices.

use onegpu::diag::Result;

use super::ground::Ground;
use super::peers;
use super::report::{Report, Row};
use super::run::{Line, Work, alternate};

/// The example's choices, as far as libvirt's test driver has them: it knows neither
/// q35 nor UEFI nor PCI devices, so virt-install has less to do than onegpu.
const CHOICES: &[&str] = &[
    "--connect=test:///default",
    "--name=win11",
    "--osinfo=win11",
    "--arch=i686",
    "--memory=16384",
    "--vcpus=12,sockets=1,cores=6,threads=2",
    "--cpu=host-passthrough",
    "--disk=path=/var/lib/libvirt/images/win11.qcow2,size=120,format=qcow2,bus=virtio",
    "--network=network=default,model=virtio",
    "--tpm=backend.type=emulator,backend.version=2.0,model=tpm-crb",
    "--controller=type=usb,model=qemu-xhci",
    "--sound=model=ich9",
    "--rng=/dev/urandom",
    "--video=none",
    "--memballoon=none",
    "--graphics=none",
    "--import",
    "--check=all=off",
    "--print-xml=1",
];

/// onegpu has no command that makes the XML alone: all of the setup's files are rendered and written.
pub fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let Some(virt_install) = peers::find(&ground.sh, report, "virt-install") else { return Ok(()) };
    let output = ground.at("render");
    let (profile, folder) = (ground.profile.display().to_string(), output.display().to_string());
    let ours = ground.call(&["render", &profile, "--distro", "debian", "-o", &folder]).fresh(&output);
    let other = Work::new("virt-install --print-xml").line(Line::new(virt_install, CHOICES));
    match alternate(&[&ours, &other], ground.budget) {
        Ok(series) => report.row(Row::of_times(
            "domain XML (onegpu: with all other files of the setup, and the review)",
            (&ours, &series[0]),
            (&other, &series[1]),
            Some(0.05),
        )),
        Err(error) => report.missing(format!("virt-install fails here: {}", error.message())),
    }
    report.missing(
        "virt-install with q35, UEFI and the card: without QEMU on the machine libvirt's test driver is what it \
         talks to, which has none of them; its XML is the smaller one",
    );
    Ok(())
}
