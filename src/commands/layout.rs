//! Rows of a label and what belongs to it, as wide as a terminal. Pure.

use crate::terminal::{StyledText, TextStyle};

/// Columns of the labels.
pub(super) const LABEL: usize = 12;

/// A value of a row.
pub(super) enum Value {
    /// Wrapped between words; further lines are indented as its first one, by this much more.
    Text(StyledText, usize),
    /// A line that is truncated, not wrapped.
    Line(StyledText),
}

impl Value {
    pub(super) fn text(text: StyledText) -> Self {
        Self::Text(text, 0)
    }
}

/// A label with its values. Without any it is left out.
pub(super) struct Row(pub(super) &'static str, pub(super) Vec<Value>);

/// The lines of rows. Without a number of columns they have any length.
pub(super) fn lay_out(rows: impl IntoIterator<Item = Row>, columns: Option<usize>) -> Vec<StyledText> {
    let width = columns.map(|columns| columns - LABEL);
    rows.into_iter().flat_map(|row| lines(row, width)).collect()
}

fn lines(Row(label, values): Row, width: Option<usize>) -> Vec<StyledText> {
    let lines = values.into_iter().flat_map(|value| match (value, width) {
        (Value::Text(text, _) | Value::Line(text), None) => vec![text],
        (Value::Line(text), Some(width)) => vec![text.truncated(width)],
        (Value::Text(text, indent), Some(width)) => text.wrapped_hanging(width, indent),
    });
    let labelled = lines.enumerate().map(|(index, line)| {
        let label = if index == 0 { label } else { "" };
        StyledText::styled(TextStyle::Bold, label).padded(LABEL).then(line)
    });
    labelled.collect()
}
