//! The size of a terminal, in the only range the agent can apply.
//!
//! An agent that fails to apply a size stops processing input for good, so a bad one cannot even be made.

use std::num::NonZeroU16;

/// Columns and rows of a terminal, each 1 to 65,535.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TerminalSize {
    cols: NonZeroU16,
    rows: NonZeroU16,
}

impl TerminalSize {
    /// Makes a size, or nothing when either side is zero.
    pub fn new(cols: u16, rows: u16) -> Option<Self> {
        Some(Self {
            cols: NonZeroU16::new(cols)?,
            rows: NonZeroU16::new(rows)?,
        })
    }

    /// Returns the number of columns.
    pub fn cols(self) -> u16 {
        self.cols.get()
    }

    /// Returns the number of rows.
    pub fn rows(self) -> u16 {
        self.rows.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_no_empty_side() {
        assert_eq!(TerminalSize::new(0, 24), None);
        assert_eq!(TerminalSize::new(80, 0), None);
        let size = TerminalSize::new(u16::MAX, 1).map(|size| (size.cols(), size.rows()));
        assert_eq!(size, Some((u16::MAX, 1)));
    }
}
