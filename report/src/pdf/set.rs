//! Sets a report: title, figures, the paragraph, tables that break over pages, how it is counted.

use super::{
    letters::Letters,
    sheet::{
        BAR, BLACK, Face, HEIGHT, Ink, LEFT, LINE, MM, Mark, PAPER, QUIET, SHADE, Sheets, TOP,
        UNDER, UNDER_BAR, WIDTH,
    },
};
use crate::{
    paper::{Headline, Paper},
    table::{Cell, Place, Table, Tone},
    words,
};
use zhishou_domain::Lang;

/// Lines of a cell at most.
const CELL_LINES: usize = 4;
/// Size of tables and height of their lines.
const SMALL: f32 = 8.5;
const SMALL_LINE: f32 = 11.5;
/// Height of a line below a table.
const NOTE_LINE: f32 = SMALL_LINE + 2.0;
/// Space in a cell.
const PAD: (f32, f32) = (3.0, 2.5);
/// 三号 is 16 points; a report with figures beside it is set in 四号.
const BODY: f32 = 14.0;
/// A heading and the space below it.
const HEADING: f32 = 30.0;
const BODY_LINE: f32 = 24.0;

/// Faces and pages.
pub(super) struct Setter<'a> {
    pub(super) text: Letters<'a>,
    pub(super) heading: Letters<'a>,
    pub(super) table: Letters<'a>,
    pub(super) sheets: Sheets,
}

/// How a line is set.
#[derive(Clone, Copy)]
struct Style {
    face: Face,
    size: f32,
    ink: Ink,
}

const CELL: Style = Style { face: Face::Table, size: SMALL, ink: BLACK };
const HEAD: Style = Style { face: Face::Heading, size: SMALL, ink: BLACK };

impl Setter<'_> {
    fn letters(&self, face: Face) -> &Letters<'_> {
        match face {
            Face::Text => &self.text,
            Face::Heading => &self.heading,
            Face::Table => &self.table,
        }
    }

    fn width(&self, text: &str, style: Style) -> f32 {
        self.letters(style.face).width(text, style.size)
    }

    /// A line with its top `down` from where we are, the letters standing as in a line of `height`.
    fn line(&mut self, text: &str, style: Style, (x, down): (f32, f32), height: f32, apart: f32) {
        // Chinese letters stand about 0.38 em below the middle of their line.
        let y = TOP + self.sheets.at + down + height / 2.0 + 0.36 * style.size;
        let Style { face, size, ink } = style;
        let text = text.to_owned();
        self.sheets.mark(Mark::Text { x: LEFT + x, y, size, face, ink, text, apart });
    }

    /// Sets a paper.
    pub(super) fn set(&mut self, paper: &Paper, lang: Lang) {
        self.title(&paper.title, &paper.head);
        self.figures(&paper.figures, lang);
        for paragraph in &paper.paragraphs {
            self.paragraph(paragraph, BODY, BODY_LINE);
        }
        self.sheets.at += 4.0;
        for (number, table) in (1..).zip(&paper.tables) {
            self.table(&numbered(number, &table.title, lang), table, lang);
        }
        for (number, (heading, sentences)) in (paper.tables.len() + 1..).zip(&paper.close) {
            self.heading(&numbered(number, heading, lang));
            for sentence in sentences {
                self.paragraph(sentence, 10.5, 17.0);
            }
        }
        if let Some(made) = &paper.made {
            self.paragraph(made, 10.5, 17.0);
        }
    }

    fn title(&mut self, title: &str, head: &str) {
        let mut size = 22.0;
        while size > 14.0 && self.heading.width(title, size) > WIDTH {
            size -= 1.0;
        }
        let style = Style { face: Face::Heading, size, ink: BLACK };
        for line in self.heading.lines(title, size, WIDTH, 0.0) {
            let x = (WIDTH - self.width(&line, style)) / 2.0;
            self.line(&line, style, (x, 0.0), 32.0, 0.0);
            self.sheets.at += 32.0;
        }
        let style = Style { face: Face::Table, size: 10.5, ink: QUIET };
        let x = (WIDTH - self.width(head, style)) / 2.0;
        self.line(head, style, (x, 0.0), 18.0, 0.0);
        self.sheets.at += 22.0;
        self.sheets.fill((0.0, 0.0), (WIDTH, 1.0), BLACK);
        self.sheets.at += 10.0;
    }

    /// Rates side by side, each with its bar, its target where it has one, and what it is made of.
    fn figures(&mut self, all: &[Headline], lang: Lang) {
        if all.is_empty() {
            return;
        }
        let gap = 14.0;
        let wide = (WIDTH - gap * (all.len() as f32 - 1.0)) / all.len() as f32;
        for (place, figure) in all.iter().enumerate() {
            let x = place as f32 * (wide + gap);
            let under = figure.is_under;
            let quiet = Style { face: Face::Table, size: 9.0, ink: QUIET };
            self.line(&figure.name, Style { size: 10.5, ink: BLACK, ..quiet }, (x, 0.0), 14.0, 0.0);
            let ink = if under { UNDER } else { BLACK };
            self.line(
                &figure.value,
                Style { face: Face::Heading, size: 22.0, ink },
                (x, 15.0),
                28.0,
                0.0,
            );
            // A bar from 0 to 100 %, with the target as a notch.
            self.sheets.fill((x, 47.0), (wide, 4.0), SHADE);
            if let Some(value) = figure.share {
                let bar = if under { UNDER_BAR } else { BAR };
                self.sheets.fill((x, 47.0), (wide * value as f32, 4.0), bar);
            }
            if let Some(target) = figure.target {
                self.sheets.fill((x + wide * target as f32 - 0.5, 45.0), (1.0, 8.0), BLACK);
                let words = match lang {
                    Lang::Zh => format!("目标 {} %", words::percent_of(target)),
                    Lang::En => format!("target {} %", words::percent_of(target)),
                };
                let x = x + wide - self.width(&words, quiet);
                self.line(&words, quiet, (x, 0.0), 14.0, 0.0);
            }
            self.line(&figure.made_of, quiet, (x, 55.0), 12.0, 0.0);
            self.line(&figure.covered, quiet, (x, 67.0), 12.0, 0.0);
        }
        self.sheets.at += 88.0;
    }

    fn heading(&mut self, text: &str) {
        // A heading stands above something.
        if !self.sheets.fits(78.0) {
            self.sheets.next_page();
        }
        let style = Style { face: Face::Heading, size: 13.0, ink: BLACK };
        self.line(text, style, (0.0, 6.0), 20.0, 0.0);
        self.sheets.at += HEADING;
    }

    /// Text over the full width, its lines drawn to equal length, two letters in.
    fn paragraph(&mut self, text: &str, size: f32, height: f32) {
        let style = Style { face: Face::Text, size, ink: BLACK };
        let indent = 2.0 * size;
        let lines = self.text.lines(text, size, WIDTH, indent);
        let last = lines.len() - 1;
        for (number, line) in lines.iter().enumerate() {
            if !self.sheets.fits(height) {
                self.sheets.next_page();
            }
            let x = if number == 0 { indent } else { 0.0 };
            let line = line.trim_end();
            let left = WIDTH - x - self.width(line, style);
            let between = line.chars().count().saturating_sub(1).max(1) as f32;
            let spread = left / between / size;
            let apart = if number == last || spread > 0.2 { 0.0 } else { spread.max(0.0) };
            self.line(line, style, (x, 0.0), height, apart);
            self.sheets.at += height;
        }
    }

    fn table(&mut self, title: &str, table: &Table, lang: Lang) {
        let columns: Vec<(usize, f32)> =
            table.on_paper().map(|(place, column)| (place, column.width)).collect();
        let all: f32 = columns.iter().map(|(_, width)| width).sum();
        let columns: Vec<(usize, f32)> =
            columns.into_iter().map(|(place, width)| (place, width / all * WIDTH)).collect();
        let head: Vec<Cell> = table.columns.iter().map(|it| Cell::Text(it.head.clone())).collect();
        let scale = Scale::of(table);
        let notes = self.notes(table, scale.as_ref(), lang);
        let below = notes.len() as f32 * NOTE_LINE;
        let rows = || table.rows.iter().take(table.on_paper);
        let last = rows().count().saturating_sub(1);
        // What is small stays in one piece.
        let whole: f32 = std::iter::once(self.height(&head, &columns, HEAD))
            .chain(rows().map(|row| self.height(row, &columns, CELL)))
            .sum::<f32>()
            + below;
        if whole < HEIGHT / 3.0 && !self.sheets.fits(whole + HEADING) {
            self.sheets.next_page();
        }
        self.heading(title);
        self.row(&head, &columns, HEAD, None);
        for (number, row) in rows().enumerate() {
            // A note stands below something.
            let with_it = if number == last { below } else { 0.0 };
            if !self.sheets.fits(self.height(row, &columns, CELL) + with_it) {
                self.sheets.next_page();
                self.row(&head, &columns, HEAD, None);
            }
            self.row(row, &columns, CELL, scale.as_ref());
        }
        let style = Style { face: Face::Table, size: SMALL, ink: QUIET };
        for line in notes {
            if !self.sheets.fits(NOTE_LINE) {
                self.sheets.next_page();
            }
            self.line(&line, style, (0.0, 2.0), SMALL_LINE, 0.0);
            self.sheets.at += NOTE_LINE;
        }
        self.sheets.at += 6.0;
    }

    /// What stands below a table, line by line.
    fn notes(&self, table: &Table, scale: Option<&Scale>, lang: Lang) -> Vec<String> {
        let mut notes: Vec<String> = table.note.clone().into_iter().collect();
        let rest = table.rows.len().saturating_sub(table.on_paper);
        if rest > 0 {
            notes.push(match lang {
                Lang::Zh => format!("另有 {rest} 行，见 Excel。"),
                Lang::En => format!("{rest} more rows are in the workbook."),
            });
        }
        if let Some(scale) = scale {
            notes.push(match lang {
                Lang::Zh => format!("条形自 {} % 起。", scale.least / 100),
                Lang::En => format!("Bars begin at {} %.", scale.least / 100),
            });
        }
        let lines = self.table.lines(&notes.join(" "), SMALL, WIDTH, 0.0);
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }

    fn cell_lines(&self, cell: &Cell, width: f32, style: Style) -> Vec<String> {
        let text = match cell {
            Cell::None => String::new(),
            cell => cell.words(),
        };
        let mut lines = self.letters(style.face).lines(&text, style.size, width - 2.0 * PAD.0, 0.0);
        if lines.len() > CELL_LINES {
            lines.truncate(CELL_LINES);
            if let Some(last) = lines.last_mut() {
                last.pop();
                last.push('…');
            }
        }
        lines
    }

    fn height(&self, row: &[Cell], columns: &[(usize, f32)], style: Style) -> f32 {
        let lines = columns.iter().map(|(place, width)| {
            row.get(*place).map_or(1, |cell| self.cell_lines(cell, *width, style).len())
        });
        lines.max().unwrap_or(1) as f32 * SMALL_LINE + 2.0 * PAD.1
    }

    fn row(&mut self, row: &[Cell], columns: &[(usize, f32)], style: Style, scale: Option<&Scale>) {
        let height = self.height(row, columns, style);
        let is_head = style.face == Face::Heading;
        if is_head {
            self.sheets.fill((0.0, 0.0), (WIDTH, height), SHADE);
            self.sheets.fill((0.0, 0.0), (WIDTH, 0.8), BLACK);
        }
        let mut x = 0.0;
        for (place, width) in columns {
            let none = Cell::None;
            let cell = row.get(*place).unwrap_or(&none);
            let lines = self.cell_lines(cell, *width, style);
            let mut style = style;
            if let Cell::Percent { hundredths, tone } = cell
                && let Some(scale) = scale.filter(|scale| scale.column == *place)
            {
                let under = *tone == Tone::Under;
                let bar = if under { UNDER_BAR } else { BAR };
                let share = scale.share(*hundredths);
                self.sheets.fill((x + 1.0, 2.0), ((width - 2.0) * share, height - 4.0), bar);
                if under {
                    style = Style { face: Face::Heading, ink: UNDER, ..style };
                }
            }
            let top = (height - lines.len() as f32 * SMALL_LINE) / 2.0;
            for (number, line) in lines.iter().enumerate() {
                let wide = self.width(line, style);
                let inset = match (is_head, cell.is_figure()) {
                    (true, _) => (width - wide) / 2.0,
                    (false, true) => width - PAD.0 - wide,
                    (false, false) => PAD.0,
                };
                let down = top + number as f32 * SMALL_LINE;
                self.line(line, style, (x + inset, down), SMALL_LINE, 0.0);
            }
            x += width;
        }
        let rule = if is_head { BLACK } else { LINE };
        self.sheets.fill((0.0, height - 0.4), (WIDTH, 0.4), rule);
        self.sheets.at += height;
    }

    /// Page numbers outside as GB/T 9704 has them, and what the page is of.
    pub(super) fn foot(&mut self, of: &str) {
        let quiet = Style { face: Face::Table, size: SMALL, ink: QUIET };
        let plain = Style { face: Face::Text, size: 14.0, ink: BLACK };
        let y = TOP + HEIGHT + 7.0 * MM + 10.0;
        for number in 1..=self.sheets.pages.len() {
            let text = format!("— {number} —");
            let (of_width, wide) = (self.width(of, quiet), self.width(&text, plain));
            let right = number % 2 == 1;
            let at = if right { LEFT + WIDTH - wide - 14.0 } else { LEFT + 14.0 };
            let of_at = if right { LEFT } else { LEFT + WIDTH - of_width };
            let mark = |x, style: Style, text: &str| Mark::Text {
                x,
                y: y.min(PAPER.1 - 10.0),
                size: style.size,
                face: style.face,
                ink: style.ink,
                text: text.to_owned(),
                apart: 0.0,
            };
            if let Some(page) = self.sheets.pages.get_mut(number - 1) {
                page.push(mark(at, plain, &text));
                page.push(mark(of_at, quiet, of));
            }
        }
    }
}

/// How long the bars of a column are: it begins at a round percentage below the lowest.
struct Scale {
    column: usize,
    /// Hundredths of a percent.
    least: u64,
}

impl Scale {
    /// Of the column that has bars.
    fn of(table: &Table) -> Option<Self> {
        let column = table.columns.iter().position(|column| column.place == Place::Bar)?;
        let values = table.rows.iter().filter_map(|row| match row.get(column) {
            Some(Cell::Percent { hundredths, .. }) => Some(*hundredths),
            _ => None,
        });
        let lowest = values.min()?;
        Some(Self { column, least: lowest.saturating_sub(1) / 1000 * 1000 })
    }

    fn share(&self, hundredths: u64) -> f32 {
        let over = hundredths.saturating_sub(self.least) as f32;
        (over / (10_000 - self.least.min(9_999)) as f32).min(1.0)
    }
}

fn numbered(number: usize, title: &str, lang: Lang) -> String {
    const CHINESE: [&str; 24] = [
        "一",
        "二",
        "三",
        "四",
        "五",
        "六",
        "七",
        "八",
        "九",
        "十",
        "十一",
        "十二",
        "十三",
        "十四",
        "十五",
        "十六",
        "十七",
        "十八",
        "十九",
        "二十",
        "二十一",
        "二十二",
        "二十三",
        "二十四",
    ];
    match (lang, CHINESE.get(number - 1)) {
        (Lang::Zh, Some(word)) => format!("{word}、{title}"),
        _ => format!("{number}. {title}"),
    }
}
