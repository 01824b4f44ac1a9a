//! The files of the page, compiled in as they are in the repository.

use super::reply::HTML;

const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! assets {
    ($($path:literal $media_type:expr, $file:literal;)*) => {
        /// Path, media type, content.
        const ASSETS: &[(&str, &str, &str)] = &[$(($path, $media_type, include_str!(concat!("page/", $file)))),*];
    };
}

assets! {
    "/" HTML, "index.html";
    "/style.css" "text/css; charset=utf-8", "style.css";
    "/icon.svg" "image/svg+xml", "icon.svg";
    "/actions.js" SCRIPT, "actions.js";
    "/api.js" SCRIPT, "api.js";
    "/app.js" SCRIPT, "app.js";
    "/dom.js" SCRIPT, "dom.js";
    "/faults.js" SCRIPT, "faults.js";
    "/requests.js" SCRIPT, "requests.js";
    "/status.js" SCRIPT, "status.js";
    "/timeline.js" SCRIPT, "timeline.js";
    "/tree.js" SCRIPT, "tree.js";
    "/use_file.js" SCRIPT, "use_file.js";
    "/verbs.js" SCRIPT, "verbs.js";
}

/// Media type and content of the file at a path.
pub(super) fn find(path: &str) -> Option<(&'static str, &'static str)> {
    ASSETS.iter().find(|(at, ..)| *at == path).map(|(_, media_type, content)| (*media_type, *content))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that the page names and nobody serves would be found by a browser alone.
    #[test]
    fn the_files_that_the_page_names_are_served() {
        let mut named = 0;
        for (path, _, content) in ASSETS {
            let is_file = |text: &&str| {
                let end = text.rsplit_once('.').map(|(_, end)| end);
                end.is_some_and(|end| ["js", "css", "svg"].contains(&end))
            };
            for file in content.split(['"', '\'']).filter(is_file) {
                let absolute = file.trim_start_matches('.');
                assert!(find(absolute).is_some(), "{path} names {file}");
                named += 1;
            }
        }
        assert!(named > 10, "found {named} names: is the page still read?");
    }

    #[test]
    fn nothing_is_inline_and_nothing_is_of_elsewhere() {
        for (path, _, content) in ASSETS {
            let known = content.replace("http://www.w3.org/2000/svg", "").replace("`http://${address}/`", "");
            for wrong in
                ["http://", "https://", "//cdn", "innerHTML", "outerHTML", "eval(", "style=\"", "onclick=\""]
            {
                assert!(!known.contains(wrong), "{path} has {wrong:?}");
            }
        }
    }
}
