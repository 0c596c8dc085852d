//! What an editor shows, in lines of text: numbered code with marks below it, lists, boxes, differences.
//!
//! A [`Line`] is made of pieces with a [`Tone`]; only [`Line::render`] knows colors. No line is wider than [`WIDTH`].

use copydesk_base::Span;
use copydesk_text::LineIndex;

use crate::out::Look;
use crate::render::visible;

/// The most columns.
pub(crate) const WIDTH: usize = 100;
/// The columns before a box or a line that is no code.
const MARGIN: &str = "      ";

/// What a piece of a line is, from which its color follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Faint,
    Strong,
    Wrong,
    Fine,
    Notice,
    Gone,
    Come,
    Chosen,
}

/// One line of output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Tone, String)>);

impl Line {
    /// Adds a piece; characters that would move a terminal's cursor are replaced.
    pub(crate) fn and(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        self.0.push((tone, visible(text.as_ref()).replace(['\n', '\t'], " ")));
        self
    }

    pub(crate) fn of(tone: Tone, text: impl AsRef<str>) -> Self {
        Self::default().and(tone, text)
    }

    /// A line beside the code: indented as the code's numbers are.
    pub(crate) fn aside(tone: Tone, text: impl AsRef<str>) -> Self {
        Self::of(Tone::Plain, MARGIN).and(tone, text)
    }

    /// Fills up with blanks to a column.
    pub(crate) fn filled_to(self, column: usize) -> Self {
        let blanks = " ".repeat(column.saturating_sub(self.width()));
        self.and(Tone::Plain, blanks)
    }

    /// The line as it is written, without a break.
    pub(crate) fn render(&self, look: Look) -> String {
        let mut left = WIDTH;
        let mut rendered = String::new();
        for (tone, text) in &self.0 {
            let mut text: String = text.chars().take(left).collect();
            left -= text.chars().count();
            if left == 0 && self.width() > WIDTH {
                text.pop();
                text.push('\u{2026}');
            }
            match (look, sequence(*tone)) {
                (Look::Colored, Some(sequence)) if !text.trim().is_empty() => {
                    rendered.push_str(&format!("\u{1b}[{sequence}m{text}\u{1b}[0m"));
                }
                _ => rendered.push_str(&text),
            }
            if left == 0 {
                break;
            }
        }
        rendered.trim_end().to_owned()
    }

    fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.chars().count()).sum()
    }
}

/// A remark on a piece of code that lies in one line.
pub(crate) struct Remark {
    pub(crate) span: Span,
    pub(crate) tone: Tone,
    pub(crate) label: String,
}

/// A heading, with the file it is about at the right.
pub(crate) fn heading(number: usize, title: &str, file: &str) -> Vec<Line> {
    let head = Line::of(Tone::Faint, "\u{2500}\u{2500} ").and(Tone::Notice, format!("{number} "));
    let head = head.and(Tone::Strong, title).and(Tone::Plain, " ");
    let rest = WIDTH.saturating_sub(head.width() + file.chars().count() + 4);
    let rule = "\u{2500}".repeat(rest);
    vec![Line::default(), head.and(Tone::Faint, format!("{rule} {file} \u{2500}\u{2500}"))]
}

/// Numbered lines of a text, counted from zero. What a remark is about has its color, and carets below it.
pub(crate) fn code(text: &str, lines: std::ops::Range<usize>, remarks: &[Remark]) -> Vec<Line> {
    let index = LineIndex::new(text);
    let mut drawn = Vec::new();
    for number in lines {
        let span = index.line_span(number);
        let remark = remarks.iter().find(|remark| index.line(remark.span.start) == number);
        let Some(remark) = remark else {
            drawn.push(numbered(number, ' ', Tone::Plain, span.of(text)));
            continue;
        };
        let (start, end) = (remark.span.start, remark.span.end.min(span.end));
        let (before, marked, behind) = (&text[span.start..start], &text[start..end], &text[end..span.end]);
        let row = numbered(number, ' ', Tone::Plain, before).and(remark.tone, marked);
        drawn.push(row.and(Tone::Plain, behind));
        let carets = "^".repeat(marked.chars().count().max(1));
        let below = unnumbered(' ', Tone::Plain, &" ".repeat(before.chars().count()));
        drawn.push(below.and(remark.tone, format!("{carets} {}", remark.label)));
    }
    drawn
}

/// One numbered line, with a sign for what happens to it.
pub(crate) fn numbered(number: usize, sign: char, tone: Tone, text: &str) -> Line {
    let line = Line::of(Tone::Faint, format!("{:>7} \u{2502}", number + 1));
    line.and(tone, format!("{sign}{text}"))
}

/// A line of code that has no number yet.
pub(crate) fn unnumbered(sign: char, tone: Tone, text: &str) -> Line {
    Line::of(Tone::Faint, format!("{:>7} \u{2502}", "")).and(tone, format!("{sign}{text}"))
}

/// A box below a column of the code: a list, a hover, a question.
pub(crate) fn boxed(column: usize, lines: Vec<Line>) -> Vec<Line> {
    let room = WIDTH.saturating_sub(column + 4);
    let width = lines.iter().map(Line::width).max().unwrap_or_default().min(room);
    let edge = "\u{2500}".repeat(width + 2);
    let blanks = " ".repeat(column);
    let start = || Line::of(Tone::Plain, &blanks);
    let mut drawn = vec![start().and(Tone::Faint, format!("\u{250c}{edge}\u{2510}"))];
    for line in lines {
        let mut row = start().and(Tone::Faint, "\u{2502} ");
        row.0.extend(line.0);
        drawn.push(row.filled_to(column + width + 3).and(Tone::Faint, "\u{2502}"));
    }
    drawn.push(start().and(Tone::Faint, format!("\u{2514}{edge}\u{2518}")));
    drawn
}

/// Buttons in a row, one of them chosen.
pub(crate) fn buttons(line: Line, titles: &[String], chosen: &str) -> Line {
    titles.iter().fold(line, |line, title| {
        let (tone, text) = if title == chosen {
            (Tone::Chosen, format!("[\u{25b8}{title}]"))
        } else {
            (Tone::Faint, format!("[ {title}]"))
        };
        line.and(tone, text).and(Tone::Plain, " ")
    })
}

/// What was looked at and is so.
pub(crate) fn fine(text: &str) -> Line {
    Line::aside(Tone::Fine, "\u{2713} ").and(Tone::Plain, text)
}

/// Markdown as plain words: without the marks of emphasis and code.
pub(crate) fn plain(markdown: &str) -> String {
    markdown.replace("**", "").replace('`', "")
}

/// The text in lines of at most `width` characters, broken between words.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

const fn sequence(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Faint => Some("2"),
        Tone::Strong => Some("1"),
        Tone::Wrong | Tone::Gone => Some("31"),
        Tone::Fine | Tone::Come => Some("32"),
        Tone::Notice => Some("36"),
        Tone::Chosen => Some("7"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plainly(lines: &[Line]) -> String {
        lines.iter().map(|line| line.render(Look::Plain) + "\n").collect()
    }

    #[test]
    fn carets_stand_below_the_characters_they_mean() {
        let text = "a: b\nné: [xyz]\n";
        let start = text.find("xyz").unwrap();
        let remark = Remark { span: Span::new(start, start + 3), tone: Tone::Wrong, label: "no".to_owned() };
        assert_eq!(
            plainly(&code(text, 0..2, &[remark])),
            "      1 │ a: b\n      2 │ né: [xyz]\n        │      ^^^ no\n"
        );
    }

    #[test]
    fn no_line_is_too_wide_and_none_moves_the_cursor() {
        let long = Line::of(Tone::Strong, "x".repeat(99)).and(Tone::Wrong, "yyy");
        assert_eq!(long.render(Look::Plain), format!("{}…", "x".repeat(99)));
        assert_eq!(Line::of(Tone::Wrong, "a\u{1b}[2J\nb").render(Look::Terminal), "a\u{fffd}[2J b");
        assert_eq!(Line::of(Tone::Wrong, "a").render(Look::Colored), "\u{1b}[31ma\u{1b}[0m");
        let boxed = boxed(4, vec![Line::of(Tone::Plain, "z".repeat(200))]);
        assert!(boxed.iter().all(|line| line.render(Look::Plain).chars().count() <= WIDTH));
    }

    #[test]
    fn words_wrap_between_them() {
        assert_eq!(wrapped("one two three\nfour", 8), ["one two", "three", "four"]);
    }
}
