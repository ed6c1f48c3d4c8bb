//! What carries a line of text to Kiosk and its answer back. A real adapter uses the `Transport` of `duka-http`, whose errors
//! say the same.

pub(crate) trait Line: Send + Sync {
    fn exchange(&self, line: &str) -> Result<String, Lost>;
}

/// No answer came.
pub(crate) enum Lost {
    /// There was no connection, so no byte has left.
    NotSent,
    /// It may have arrived.
    Unknown,
}
