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
/// Characters that fit a row, beside address and driver.
const WIDE: usize = 96;
const NARROW: usize = 34;

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
    gpu: bool,
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
        let one = group_box(label(group.group), true, &group.devices, (MARGIN, y), WIDE);
        y += one.height + GAP;
        boxes.push(one);
    }
    let others = groups.groups.iter().filter(|group| !group.gpu);
    let others = others.map(|group| (label(group.group), &group.devices));
    let without = (!groups.ungrouped.is_empty()).then(|| ("In no group".to_owned(), &groups.ungrouped));
    // Two columns; each box goes where there is less above it.
    let mut columns = [y, y];
    for (label, devices) in others.chain(without) {
        let column = usize::from(columns[1] < columns[0]);
        let x = MARGIN + column * (narrow_width() + GAP);
        let one = group_box(label, false, devices, (x, columns[column]), NARROW);
        columns[column] += one.height + GAP;
        boxes.push(one);
    }
    let height = columns[0].max(columns[1]) - GAP + MARGIN;
    Picture { width: WIDTH, height, summary: groups.summary(), loses: groups.loses(), boxes }
}

const fn narrow_width() -> usize {
    (WIDTH - 2 * MARGIN - GAP) / 2
}

fn group_box(label: String, gpu: bool, devices: &[Member], at: (usize, usize), fits: usize) -> GroupBox {
    let (x, y) = at;
    let rows = devices.iter().enumerate().map(|(index, device)| Row {
        y: y + BOX_HEAD + index * ROW + ROW / 2 + 5,
        address: device.address.to_string(),
        text: shortened(device, fits),
        full: device.title(),
        driver: device.driver.clone().unwrap_or_default(),
        role: device.role,
    });
    GroupBox {
        x,
        y,
        width: if gpu { WIDTH - 2 * MARGIN } else { narrow_width() },
        height: BOX_HEAD + devices.len() * ROW + BOX_FOOT,
        label,
        gpu,
        rows: rows.collect(),
    }
}

/// In a wide row the whole title; in a narrow one the name, or the class.
fn shortened(device: &Member, fits: usize) -> String {
    let text = device.title();
    if text.chars().count() <= fits {
        return text;
    }
    let start: String = text.chars().take(fits - 1).collect();
    format!("{}…", start.trim_end())
}
