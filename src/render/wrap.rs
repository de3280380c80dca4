//! Prose in lines of a fixed width, for package descriptions.

/// The width of a line in descriptions: what dpkg's and rpm's linters still take.
pub const WIDTH: usize = 78;

/// The paragraphs of `text`, each as lines of at most `width` characters; a word
/// that is longer stands alone. Every kind of white space and control character
/// separates words; an empty line separates paragraphs.
pub fn paragraphs(text: &str, width: usize) -> Vec<Vec<String>> {
    let gap = |c: char| c.is_whitespace() || c.is_control();
    let mut out = vec![Vec::new()];
    for line in text.split('\n') {
        let mut words = line.split(gap).filter(|word| !word.is_empty()).peekable();
        match (words.peek(), out.last_mut()) {
            (Some(_), Some(paragraph)) => paragraph.extend(words),
            _ => out.push(Vec::new()),
        }
    }
    out.retain(|words| !words.is_empty());
    out.iter().map(|words| lines(words, width)).collect()
}

fn lines(words: &[&str], width: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut used = 0;
    for word in words {
        let length = word.chars().count();
        match out.last_mut() {
            Some(line) if used + 1 + length <= width => {
                line.push(' ');
                line.push_str(word);
                used += 1 + length;
            }
            _ => {
                out.push((*word).to_owned());
                used = length;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fill_lines_and_empty_lines_part_paragraphs() {
        assert_eq!(
            paragraphs("aa bb\tcc\ndd\n \n\nee\u{a0}ffffffff g\u{1b}h\n", 5),
            [vec!["aa bb", "cc dd"], vec!["ee", "ffffffff", "g h"]]
        );
        assert!(paragraphs(" \n\n", 5).is_empty());
    }
}
