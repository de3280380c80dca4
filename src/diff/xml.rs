//! XML by meaning: two documents that say the same have the same lines here.
//! Comments, the order of attributes and of elements, and the units that
//! libvirt converts say nothing.

use roxmltree::Node;

/// libvirt's schema is 12 elements deep.
const DEEPEST: usize = 48;

/// An element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Element {
    /// `{namespace}name`, or the name alone.
    name: String,
    /// By name.
    attributes: Vec<(String, String)>,
    /// The text in it, without the space around.
    text: String,
    children: Vec<Element>,
}

/// The document's root element; `None` when it is no XML, or deeper than any domain.
pub fn parse(text: &str) -> Option<Element> {
    let document = roxmltree::Document::parse(text).ok()?;
    element(document.root_element(), 0)
}

fn element(node: Node<'_, '_>, depth: usize) -> Option<Element> {
    if depth > DEEPEST {
        return None;
    }
    let name = |namespace: Option<&str>, name: &str| match namespace {
        Some(namespace) => format!("{{{namespace}}}{name}"),
        None => name.to_owned(),
    };
    let tag = node.tag_name();
    let mut attributes: Vec<(String, String)> = node
        .attributes()
        .map(|attribute| (name(attribute.namespace(), attribute.name()), attribute.value().to_owned()))
        .collect();
    attributes.sort();
    let text: String = node.children().filter(Node::is_text).filter_map(|text| text.text()).collect();
    let children = node.children().filter(Node::is_element).map(|child| element(child, depth + 1));
    let mut out = Element {
        name: name(tag.namespace(), tag.name()),
        attributes,
        text: text.trim().to_owned(),
        children: children.collect::<Option<_>>()?,
    };
    normalize(&mut out);
    Some(out)
}

/// Spellings that libvirt changes and does not mean anything by.
fn normalize(element: &mut Element) {
    match element.name.as_str() {
        // libvirt counts in KiB whatever it was told.
        "memory" | "currentMemory" => {
            let unit = element.attributes.iter().position(|(name, _)| name == "unit");
            let unit = unit.map(|at| element.attributes.remove(at).1);
            let factor = match unit.as_deref() {
                None | Some("KiB" | "k" | "K") => Some(1),
                Some("MiB" | "M") => Some(1 << 10),
                Some("GiB" | "G") => Some(1 << 20),
                Some("TiB" | "T") => Some(1_u64 << 30),
                Some(_) => None,
            };
            let kib = element
                .text
                .parse()
                .ok()
                .zip(factor)
                .and_then(|(size, factor): (u64, _)| size.checked_mul(factor));
            match (kib, unit) {
                (Some(kib), _) if kib % 1024 == 0 => element.text = format!("{} MiB", kib / 1024),
                (Some(kib), _) => element.text = format!("{kib} KiB"),
                (None, Some(unit)) => element.text = format!("{} {unit}", element.text),
                (None, None) => {}
            }
        }
        // `q35` becomes the newest version of it that QEMU has.
        "type" => {
            for (_, value) in element.attributes.iter_mut().filter(|(name, _)| name == "machine") {
                if value.starts_with("pc-q35-") {
                    *value = "q35".to_owned();
                }
            }
        }
        _ => {}
    }
}

impl Element {
    /// The part of `theirs` that `self` speaks of: what libvirt has filled in is
    /// left out, and what it has otherwise is as libvirt has it.
    pub fn seen_in(&self, theirs: &Element) -> Element {
        let attributes = theirs.attributes.iter().filter(|(name, _)| self.attribute(name).is_some());
        let mut left: Vec<&Element> = theirs.children.iter().collect();
        let mut children = Vec::new();
        // First those that are there as they are, so that none is taken for a changed neighbour.
        let (exact, other): (Vec<&Element>, Vec<&Element>) = self
            .children
            .iter()
            .partition(|child| left.iter().any(|found| child.likeness(found) == child.weight()));
        for child in exact.into_iter().chain(other) {
            let best = left.iter().enumerate().filter(|(_, found)| found.name == child.name);
            let best = best.map(|(at, found)| (child.likeness(found), std::cmp::Reverse(at))).max();
            if let Some((_, std::cmp::Reverse(at))) = best {
                children.push(child.seen_in(left.remove(at)));
            }
        }
        Element {
            name: theirs.name.clone(),
            attributes: attributes.cloned().collect(),
            text: theirs.text.clone(),
            children,
        }
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// How much of `self` an element that is like it in everything would have.
    fn weight(&self) -> usize {
        2 + self.attributes.len() + self.children.iter().map(Element::weight).sum::<usize>()
    }

    /// How much of `self` there is in `other`.
    fn likeness(&self, other: &Element) -> usize {
        if self.name != other.name {
            return 0;
        }
        let same =
            self.attributes.iter().filter(|(name, value)| other.attribute(name) == Some(value)).count();
        let children = self
            .children
            .iter()
            .map(|child| other.children.iter().map(|found| child.likeness(found)).max().unwrap_or(0));
        1 + usize::from(self.text == other.text) + same + children.sum::<usize>()
    }

    /// The element in lines, each with its newline: attributes and siblings in the order of their spelling.
    pub fn lines(&self) -> String {
        let mut out = String::new();
        self.write(0, &mut out);
        out
    }

    fn write(&self, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        let attributes: String = self
            .attributes
            .iter()
            .map(|(name, value)| format!(" {name}='{}'", value.replace('\n', " ")))
            .collect();
        let text = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        out.push_str(&format!("{indent}<{}{attributes}", self.name));
        match (self.children.is_empty(), text.is_empty()) {
            (true, true) => out.push_str("/>\n"),
            (true, false) => out.push_str(&format!(">{text}</{}>\n", self.name)),
            (false, _) => {
                out.push_str(&format!(">{text}\n"));
                let mut children: Vec<&Element> = self.children.iter().collect();
                children.sort_by_cached_key(|child| child.lines());
                children.iter().for_each(|child| child.write(depth + 1, out));
                out.push_str(&format!("{indent}</{}>\n", self.name));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ours: &str, theirs: &str) -> (String, String) {
        let (ours, theirs) = (parse(ours).unwrap(), parse(theirs).unwrap());
        (ours.seen_in(&theirs).lines(), ours.lines())
    }

    #[test]
    fn order_comments_units_and_what_is_filled_in_say_nothing() {
        let (theirs, ours) = seen(
            "<domain type='kvm'><memory unit='MiB'>1024</memory><!-- x --><a b='1' c='2'/><a b='3'/></domain>",
            "<domain id='4' type='kvm'>\n<a b='3'/><emulator>/usr/bin/qemu</emulator><a c='2' b='1'><address/></a>\
             <memory unit='KiB'>1048576</memory></domain>",
        );
        assert_eq!(theirs, ours);
        let (theirs, ours) = seen(
            "<os><type machine='q35'>hvm</type></os>",
            "<os><type machine='pc-q35-10.0' arch='x'>hvm</type></os>",
        );
        assert_eq!(theirs, ours);
    }

    #[test]
    fn what_is_said_otherwise_or_not_at_all_shows() {
        let (theirs, ours) = seen("<d><a b='1'/><c/></d>", "<d><a b='2' z='9'/></d>");
        assert_eq!(theirs, "<d>\n  <a b='2'/>\n</d>\n");
        assert_eq!(ours, "<d>\n  <a b='1'/>\n  <c/>\n</d>\n");
    }

    #[test]
    fn a_changed_neighbour_does_not_take_the_place_of_one_that_is_there() {
        let (theirs, _) =
            seen("<d><a b='1' c='1'/><a b='2' c='2'/></d>", "<d><a b='2' c='2'/><a b='1' c='9'/></d>");
        assert_eq!(theirs, "<d>\n  <a b='1' c='9'/>\n  <a b='2' c='2'/>\n</d>\n");
    }

    #[test]
    fn what_is_no_xml_or_too_deep_is_nothing() {
        assert_eq!(parse("<a>"), None);
        assert_eq!(parse(&("<a>".repeat(500) + &"</a>".repeat(500))), None);
    }
}
