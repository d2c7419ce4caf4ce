//! What an engine lost without a word. It stays in every ranking, as what it answered is within what may
//! be: so wherever it is named as the better one, the same sentence says what it lost.

use super::summary::most_lost;
use crate::quantity;
use crate::record::{EngineRecord, Lost};

/// How the settings of an engine begin to say that its windows may lose events; a search does not count
/// them.
pub const OWN_BOLT: &str = "storm, its own windowed bolt";

/// In a few words: a share, or that it is nothing.
pub(crate) fn brief(lost: Lost) -> String {
    match lost.memberships {
        0 => "lost nothing".to_owned(),
        _ => format!("lost {} without a word", quantity::fraction(lost.share())),
    }
}

/// What has to be said in one sentence with a figure by which these engines are better, which are one
/// in several places; nothing of those that lost nothing.
pub(crate) fn aside<'a>(engines: impl IntoIterator<Item = &'a EngineRecord>) -> String {
    let all: Vec<Lost> =
        engines.into_iter().map(|engine| most_lost(engine).unwrap_or_default()).collect();
    let Some(worst) = all.iter().copied().max_by(|a, b| a.share().total_cmp(&b.share())) else {
        return String::new();
    };
    let most = if all.len() > 1 { "up to " } else { "" };
    match worst.memberships {
        0 => String::new(),
        _ => format!(
            ", having lost {most}{} of what its windows hold without a word",
            quantity::fraction(worst.share())
        ),
    }
}

/// The same for a limit, behind which nobody counted what was lost.
pub(crate) fn aside_of_search(engine: &EngineRecord) -> &'static str {
    let may_lose =
        |(name, value): &(String, String)| name == "windows" && value.starts_with(OWN_BOLT);
    if engine.settings.iter().any(may_lose) {
        ", which may have lost events, as its own windowed bolt does"
    } else {
        ""
    }
}
