//! Words of lists that EC2 lengthens: an unknown one is accepted with a warning.

use crate::config::{Item, is_near};
use crate::model::OpenList;

/// Reads a word.
pub(super) fn read<T: OpenList>(item: &Item<'_>) -> Option<T> {
    let word: T = item.parse()?;
    if !word.is_known() {
        let key = item.name().rsplit('.').next().unwrap_or_default();
        let known: Vec<String> = T::KNOWN.iter().map(|known| format!("\"{known}\"")).collect();
        let meant = T::KNOWN.iter().find(|known| is_near(word.word(), known));
        let question = meant.map(|meant| format!("did you mean \"{meant}\"? ")).unwrap_or_default();
        item.warn(
            format!("mock-imds knows no {} {:?}", key, word.word()),
            format!("{question}known: {}; EC2 may have it: it is served as it is", known.join(", ")),
        );
    }
    Some(word)
}
