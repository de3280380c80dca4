//! `groups --format svg`: each group a box, the card's first. Here is where
//! things stand; how they look is said in `templates/groups.svg`.

use serde::Serialize;

use super::{Groups, Member, Role};
use crate::data::DataDirs;
use crate::diag::Result;
use crate::render::Engine;

/// All lengths are in SVG's user units.
const WIDTH: usize = 1120;
const MARGIN: usize = 24;
const GAP: usize = 16;
const HEAD: usize = 104;
const ROW: usize = 24;
const BOX_HEAD: usize = 34;
const BOX_FOOT: usize = 12;
/// Where a row's text starts in its box, and the space behind the driver.
const TEXT: usize = 120;
const PAD: usize = 14;
/// A character's width, rather more than less: fonts differ.
const CHARACTER: usize = 8;

#[derive(Serialize)]
struct Picture {
    width: usize,
    height: usize,
    summary: String,
    loses: bool,
    boxes: Vec<GroupBox>,
}

#[derive(Serialize)]
struct GroupBox {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
    label: String,
    mark: Option<&'static str>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    y: usize,
    address: String,
    text: String,
    full: String,
    driver: String,
    role: Role,
}

/// The groups as an SVG document.
///
/// # Errors
/// When the template is broken.
pub fn render(data: &DataDirs, groups: &Groups<'_>) -> Result<String> {
    let picture = picture(groups);
    Engine::bare(data)?.render("groups.svg", &[("picture", tera::Value::from_serializable(&picture))])
}

fn picture(groups: &Groups<'_>) -> Picture {
    let mut boxes = Vec::new();
    let mut y = HEAD;
    let label = |number: u32| format!("Group {number}");
    // The card's groups over the whole width, for they are what is looked for.
    for group in groups.groups.iter().filter(|group| group.gpu) {
        let width = WIDTH - 2 * MARGIN;
        let one = group_box(label(group.group), groups.mark(group), &group.devices, (MARGIN, y, width));
        y += one.height + GAP;
        boxes.push(one);
    }
    let others = groups.groups.iter().filter(|group| !group.gpu);
    let others = others.map(|group| (label(group.group), &group.devices));
    let without = (!groups.ungrouped.is_empty()).then(|| ("In no group".to_owned(), &groups.ungrouped));
    // Two columns; each box goes where there is less above it.
    let width = (WIDTH - 2 * MARGIN - GAP) / 2;
    let mut columns = [y, y];
    for (label, devices) in others.chain(without) {
        let column = usize::from(columns[1] < columns[0]);
        let x = MARGIN + column * (width + GAP);
        let one = group_box(label, None, devices, (x, columns[column], width));
        columns[column] += one.height + GAP;
        boxes.push(one);
    }
    let height = columns[0].max(columns[1]) - GAP + MARGIN;
    Picture { width: WIDTH, height, summary: groups.summary(), loses: groups.loses(), boxes }
}

/// A group's box, from its left upper corner and its width.
fn group_box(
    label: String,
    mark: Option<&'static str>,
    devices: &[Member],
    (x, y, width): (usize, usize, usize),
) -> GroupBox {
    let rows = devices.iter().enumerate().map(|(index, device)| Row {
        y: y + BOX_HEAD + index * ROW + ROW / 2 + 5,
        address: device.address.to_string(),
        text: shortened(device, width),
        full: device.title(),
        driver: device.driver.clone().unwrap_or_default(),
        role: device.role,
    });
    let height = BOX_HEAD + devices.len() * ROW + BOX_FOOT;
    GroupBox { x, y, width, height, label, mark, rows: rows.collect() }
}

/// As much of the title as fits between address and driver.
fn shortened(device: &Member, width: usize) -> String {
    let text = device.title();
    let driver = device.driver.as_ref().map_or(0, |driver| driver.chars().count() + 1);
    let fits = ((width - TEXT - PAD) / CHARACTER).saturating_sub(driver).max(8);
    if text.chars().count() <= fits {
        return text;
    }
    let start: String = text.chars().take(fits - 1).collect();
    format!("{}…", start.trim_end())
}
