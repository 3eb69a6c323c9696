//! What a file of the operator's own says that its service can.

use super::layout::{para, title};
use crate::mapping::{PagingBy, Removal, Service, SwitchOff, cited};

/// What its file says that the service can, whatever it announces.
pub fn service(out: &mut String, said: &Service) {
    if *said == Service::default() {
        return;
    }
    title(out, "What the service is taken to do");
    let flag = |what: &str, is: Option<bool>| is.map(|is| format!("{what}: {}", if is { "yes" } else { "no" }));
    let lines = [
        flag("PATCH", said.patch),
        flag("searches by key", said.filter),
        flag("ETags", said.etag),
        flag("takes a count", said.count),
        said.paging.map(|by| match by {
            PagingBy::Index => "pages by index".to_owned(),
            PagingBy::Cursor => "pages by cursor".to_owned(),
        }),
        said.start_index.map(|first| format!("rows are counted from {first}")),
        said.max_page.map(|size| format!("pages of {size} at most")),
        said.removal.map(|by| match by {
            Removal::Filter => "an entry leaves a list by a filter".to_owned(),
            Removal::ValueList => "an entry leaves a list by a list of values".to_owned(),
        }),
        said.switch_off.map(|by| match by {
            SwitchOff::Update => "a user is switched off by a write".to_owned(),
            SwitchOff::Delete => "a user is switched off by DELETE".to_owned(),
        }),
        said.hides_inactive.then(|| "who is switched off is not shown any more".to_owned()),
        said.media.as_ref().map(|media| format!("is sent {media}")),
    ];
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    para(out, 2, &format!("{} [{}]", lines.join("; "), cited(&said.cite)));
}
