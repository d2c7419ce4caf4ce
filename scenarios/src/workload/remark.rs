//! What is strange about an input that could be read.

/// Something that whoever reads an input should know before believing what comes of it. It keeps
/// nothing from being run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// A stable code, such as `input::empty_keys`.
    pub code: &'static str,
    /// What was noticed, without a full stop.
    pub text: String,
    /// What to do about it.
    pub advice: String,
}
