//! As much of SQLite's file format as rpm's database needs: tables by name, their rows in order or by
//! number. <https://www.sqlite.org/fileformat2.html>, sections 1, 2 and 4.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// A header of rpm's has some 100 kB, the kernel's a few MB.
const LARGEST_ROW: usize = 64 << 20;
/// The table of names has some hundred pages; a file that leads in a circle has no end.
const MOST_PAGES: usize = 1 << 16;
/// A tree of 2^64 rows would not be deeper.
const DEEPEST: usize = 32;
/// Frames of a log that was never taken over.
const MOST_FRAMES: u64 = 1 << 20;

/// One column of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Number(i64),
    Text(String),
    Blob(Vec<u8>),
}

/// What is done with each row: its number, its columns.
type Visit<'a> = &'a mut dyn FnMut(i64, &[Value]);

/// An open database.
pub struct Database {
    file: File,
    page: usize,
    /// What of a page may be used.
    usable: usize,
    /// Pages that are newer in the log beside the file, and where.
    newer: BTreeMap<u32, u64>,
    log: Option<File>,
}

impl Database {
    /// A database, with the log that stands beside it while somebody writes.
    pub fn open(file: File, log: Option<File>) -> Option<Self> {
        let mut head = [0; 100];
        file.read_exact_at(&mut head, 0).ok()?;
        if !head.starts_with(b"SQLite format 3\0") {
            return None;
        }
        let page = match be16(&head, 16)? {
            1 => 65536,
            size => size,
        };
        let usable = page.checked_sub(usize::from(head[20])).filter(|usable| *usable >= 480)?;
        let newer = log.as_ref().and_then(|log| frames(log, page)).unwrap_or_default();
        Some(Self { file, page, usable, newer, log })
    }

    fn page(&self, number: u32) -> Option<Vec<u8>> {
        let mut bytes = vec![0; self.page];
        match (self.newer.get(&number), &self.log) {
            (Some(at), Some(log)) => log.read_exact_at(&mut bytes, *at).ok()?,
            _ => self
                .file
                .read_exact_at(&mut bytes, u64::from(number.checked_sub(1)?) * self.page as u64)
                .ok()?,
        }
        Some(bytes)
    }

    /// The first page of a table.
    pub fn table(&self, name: &str) -> Option<u32> {
        let mut found = None;
        self.each(1, &mut |_, row| {
            if let [Value::Text(kind), Value::Text(table), _, Value::Number(page), ..] = row
                && kind == "table"
                && table == name
            {
                found = u32::try_from(*page).ok();
            }
        })?;
        found
    }

    /// Every row of the table that begins at `page`, in order; none when the file is broken.
    pub fn each(&self, page: u32, visit: Visit<'_>) -> Option<()> {
        let mut left = MOST_PAGES;
        self.walk(page, 0, &mut left, visit)
    }

    fn walk(&self, number: u32, depth: usize, left: &mut usize, visit: Visit<'_>) -> Option<()> {
        *left = left.checked_sub(1).filter(|_| depth < DEEPEST)?;
        let page = Page::new(self.page(number)?, number)?;
        for at in 0..page.count {
            let cell = page.cell(at)?;
            match page.leaf {
                true => {
                    let (row, bytes) = self.content(&page, cell)?;
                    visit(row, &columns(&bytes)?);
                }
                false => self.walk(be32(&page.bytes, cell)?, depth + 1, left, visit)?,
            }
        }
        match page.right {
            Some(right) => self.walk(right, depth + 1, left, visit),
            None => Some(()),
        }
    }

    /// The row of this number of the table that begins at `page`.
    pub fn row(&self, mut page: u32, number: i64) -> Option<Vec<Value>> {
        for _ in 0..DEEPEST {
            let here = Page::new(self.page(page)?, page)?;
            let mut next = here.right;
            for at in 0..here.count {
                let cell = here.cell(at)?;
                if here.leaf {
                    let (_, after) = varint(&here.bytes, cell)?;
                    if varint(&here.bytes, after)?.0 == number {
                        return columns(&self.content(&here, cell)?.1);
                    }
                } else if number <= varint(&here.bytes, cell + 4)?.0 {
                    next = be32(&here.bytes, cell);
                    break;
                }
            }
            page = next?;
        }
        None
    }

    /// A leaf's cell: the row's number, and its bytes with those that did not fit on the page.
    fn content(&self, page: &Page, cell: usize) -> Option<(i64, Vec<u8>)> {
        let (size, at) = varint(&page.bytes, cell)?;
        let (row, at) = varint(&page.bytes, at)?;
        let size = usize::try_from(size).ok().filter(|size| *size <= LARGEST_ROW)?;
        let here = self.local(size);
        let mut bytes = page.bytes.get(at..at.checked_add(here)?)?.to_vec();
        let mut next = if here < size { be32(&page.bytes, at + here)? } else { 0 };
        while bytes.len() < size {
            let more = self.page(next)?;
            let take = (size - bytes.len()).min(self.usable - 4);
            bytes.extend(more.get(4..4 + take)?);
            next = be32(&more, 0)?;
        }
        Some((row, bytes))
    }

    /// How much of a row stands on its leaf: section 1.6.
    fn local(&self, size: usize) -> usize {
        let most = self.usable - 35;
        if size <= most {
            return size;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fits = least + (size - least) % (self.usable - 4);
        if fits <= most { fits } else { least }
    }
}

/// A page of a table's tree.
struct Page {
    bytes: Vec<u8>,
    leaf: bool,
    count: usize,
    /// Where the places of the cells stand.
    cells: usize,
    right: Option<u32>,
}

impl Page {
    fn new(bytes: Vec<u8>, number: u32) -> Option<Self> {
        // The first page begins with the file's own head.
        let head = if number == 1 { 100 } else { 0 };
        let leaf = match bytes.get(head)? {
            13 => true,
            5 => false,
            _ => return None,
        };
        let right = if leaf { None } else { Some(be32(&bytes, head + 8)?) };
        let (count, cells) = (be16(&bytes, head + 3)?, head + if leaf { 8 } else { 12 });
        Some(Self { bytes, leaf, count, cells, right })
    }

    fn cell(&self, at: usize) -> Option<usize> {
        be16(&self.bytes, self.cells + 2 * at)
    }
}

/// The pages in a log that were written to their end: section 4.
fn frames(log: &File, page: usize) -> Option<BTreeMap<u32, u64>> {
    let mut head = [0; 32];
    log.read_exact_at(&mut head, 0).ok()?;
    if be32(&head, 0)? & !1 != 0x377f_0682 || be32(&head, 8)? as usize != page {
        return None;
    }
    let (mut done, mut open) = (BTreeMap::new(), BTreeMap::new());
    for frame in 0..MOST_FRAMES {
        let at = 32 + frame * (24 + page as u64);
        let mut of = [0; 24];
        // What is left of an older log has other salts.
        if log.read_exact_at(&mut of, at).is_err() || of[8..16] != head[16..24] {
            break;
        }
        open.insert(be32(&of, 0)?, at + 24);
        if be32(&of, 4)? != 0 {
            done.append(&mut open);
        }
    }
    Some(done)
}

/// A row's columns: section 2.1.
fn columns(row: &[u8]) -> Option<Vec<Value>> {
    let (size, mut at) = varint(row, 0)?;
    let end = usize::try_from(size).ok()?;
    let mut from = end;
    let mut out = Vec::new();
    while at < end {
        let (kind, next) = varint(row, at)?;
        at = next;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            _ => usize::try_from(kind.checked_sub(12)? / 2).ok()?,
        };
        let bytes = row.get(from..from.checked_add(length)?)?;
        from += length;
        out.push(match kind {
            0 | 7 => Value::Null,
            8 | 9 => Value::Number(kind - 8),
            1..=6 => {
                let first = if bytes[0] >= 128 { -1 } else { 0 };
                Value::Number(bytes.iter().fold(first, |number, byte| number << 8 | i64::from(*byte)))
            }
            _ if kind % 2 == 1 => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
            _ => Value::Blob(bytes.to_vec()),
        });
    }
    Some(out)
}

/// A number of one to nine bytes, and where it ends.
fn varint(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let mut number: i64 = 0;
    for place in 0..9 {
        let byte = *bytes.get(at.checked_add(place)?)?;
        if place == 8 {
            return Some((number << 8 | i64::from(byte), at + 9));
        }
        number = number << 7 | i64::from(byte & 127);
        if byte < 128 {
            return Some((number, at + place + 1));
        }
    }
    None
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?)))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
