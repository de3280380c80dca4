//! The map of what goes to the guest: by IOMMU groups when a machine is known,
//! and by the profile's own list when not.

use serde::Serialize;

use crate::groups::{Group, Groups, Member, Role};
use crate::profile::PciAddress;
use crate::setup::Setup;

/// The map.
#[derive(Debug, Clone, Serialize)]
pub struct Map {
    /// What is known of the IOMMU, in one sentence; none without a machine.
    pub summary: Option<String>,
    /// Whether the host loses anything but the card.
    pub loses: bool,
    /// Groups with a card in them.
    pub cards: Vec<Row>,
    /// All others.
    pub others: Vec<Row>,
}

/// A group, or a slot of the profile's.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// `Group 2`, `Slot 0000:01:00`.
    pub label: String,
    /// Whose card is in it.
    pub mark: Option<&'static str>,
    /// What is in it.
    pub devices: Vec<Device>,
}

/// A device.
#[derive(Debug, Clone, Serialize)]
pub struct Device {
    /// Where it sits.
    pub address: String,
    /// What it is, as far as it is known.
    pub title: String,
    /// The driver that the host has for it.
    pub driver: Option<String>,
    /// What the handover means to it.
    pub role: Role,
    /// The same in words.
    pub word: &'static str,
}

impl Map {
    /// By the profile alone.
    pub fn of_profile(setup: &Setup) -> Self {
        let gpu = &setup.gpu;
        let device = |address: &PciAddress| Device {
            address: address.to_string(),
            title: match *address == gpu.address {
                true => "the function that shows the picture".to_owned(),
                false if address.same_slot(&gpu.address) => "another function of the card".to_owned(),
                false => "goes along".to_owned(),
            },
            driver: (*address == gpu.address).then(|| gpu.driver.to_string()),
            role: if address.same_slot(&gpu.address) { Role::Gpu } else { Role::Lost },
            word: if address.same_slot(&gpu.address) { "the card’s own" } else { "the host loses it" },
        };
        let slot = |devices: &[PciAddress]| {
            let text = devices.first().map(ToString::to_string).unwrap_or_default();
            let label = text.rsplit_once('.').map_or(text.as_str(), |(slot, _)| slot).to_owned();
            let mark = devices.contains(&gpu.address).then_some("the graphics card");
            Row { label: format!("Slot {label}"), mark, devices: devices.iter().map(device).collect() }
        };
        let (cards, others): (Vec<Row>, Vec<Row>) =
            gpu.devices.chunk_by(PciAddress::same_slot).map(slot).partition(|row| row.mark.is_some());
        Self {
            summary: None,
            loses: !others.is_empty(),
            cards: cards.into_iter().chain(others).collect(),
            others: Vec::new(),
        }
    }

    /// By a machine's groups, and what of them the profile names.
    pub fn of_machine(setup: &Setup, groups: &Groups<'_>) -> Self {
        let row = |group: &Group| Row {
            label: format!("Group {}", group.group),
            mark: groups.mark(group),
            devices: group.devices.iter().map(|member| device(setup, member)).collect(),
        };
        let touched = |group: &&Group| group.devices.iter().any(|member| touches(setup, member));
        let (with, without): (Vec<&Group>, Vec<&Group>) = groups.groups.iter().partition(touched);
        let mut cards: Vec<Row> = with.into_iter().map(row).collect();
        let mut others: Vec<Row> = without.into_iter().map(row).collect();
        let (with, without): (Vec<&Member>, Vec<&Member>) =
            groups.ungrouped.iter().partition(|member| touches(setup, member));
        for (members, rows) in [(with, &mut cards), (without, &mut others)] {
            if !members.is_empty() {
                let devices = members.into_iter().map(|member| device(setup, member)).collect();
                rows.push(Row { label: "In no group".to_owned(), mark: None, devices });
            }
        }
        let missing: Vec<Device> = missing(setup, groups).collect();
        if !missing.is_empty() {
            cards.push(Row { label: "Not on this machine".to_owned(), mark: None, devices: missing });
        }
        Self { summary: Some(groups.summary()), loses: groups.loses(), cards, others }
    }
}

/// What the profile names and the machine does not have.
fn missing(setup: &Setup, groups: &Groups<'_>) -> impl Iterator<Item = Device> {
    let known: Vec<PciAddress> = groups
        .groups
        .iter()
        .flat_map(|group| &group.devices)
        .chain(&groups.ungrouped)
        .map(|member| member.address)
        .collect();
    setup.gpu.devices.iter().filter(move |address| !known.contains(address)).map(|address| Device {
        address: address.to_string(),
        title: "the profile names it".to_owned(),
        driver: None,
        role: Role::Lost,
        word: "not there",
    })
}

/// Whether a device is a card's, goes with one, or is in the profile.
fn touches(setup: &Setup, member: &Member) -> bool {
    matches!(member.role, Role::Gpu | Role::Lost) || setup.gpu.devices.contains(&member.address)
}

fn device(setup: &Setup, member: &Member) -> Device {
    let named = setup.gpu.devices.contains(&member.address);
    Device {
        address: member.address.to_string(),
        title: member.title(),
        driver: member.driver.clone(),
        role: if named && member.role == Role::Host { Role::Lost } else { member.role },
        word: match (member.role, named) {
            (Role::Gpu, true) => "the card’s own, goes to the guest",
            (Role::Gpu, false) => "a card’s own, but not in gpu.devices",
            (Role::Lost, true) => "goes along: the host loses it",
            (Role::Lost, false) => "would have to go along, but is not in gpu.devices",
            (Role::Bridge, _) => "a bridge, stays",
            (Role::Host, true) => "in gpu.devices: the host loses it",
            (Role::Host, false) => "stays with the host",
        },
    }
}
