//! What can be asked of the simulator of Litmos beside the faults that all know.

use crate::simulate::faults::Switch;

const fn switch(name: &'static str, form: &'static str, help: &'static str) -> Switch {
    Switch { name, form, help }
}

/// The switches of this simulator. The first value of each is the default; `latency` and a write whose reply is lost
/// (`lost`) are faults that every simulator knows.
pub const SWITCHES: &[Switch] = &[
    switch("rate", "rate=100", "Requests per window."),
    switch("window", "window=60", "Length of the window in seconds; it begins with its first request."),
    switch("rate-status", "rate-status=503|429", "How too many requests are refused."),
    switch("rate-retry-after", "rate-retry-after", "A refusal says how long to wait (Retry-After)."),
    switch("source-missing", "source-missing=401|403|off", "What a request without `source` is told."),
    switch("unique-team-names", "unique-team-names", "Team names have to be unique (409)."),
    switch("team-users-active-only", "team-users-active-only=on|off", "Whether a team lists only its active members."),
    switch("user-teams-inactive", "user-teams-inactive=listed|hidden", "Whether somebody inactive still has teams."),
    switch(
        "errors",
        "errors=json|page|phrase",
        "Errors come as JSON, as the kit's page, or with their text in the status line alone.",
    ),
    switch("extra-row", "extra-row", "Lists have one row more than was asked for."),
    switch("html-escape", "html-escape", "Texts come with HTML entities."),
    switch("loose-types", "loose-types", "Booleans and numbers come as texts."),
    switch("schema-year", "schema-year=2022|2020|2017|2016", "Which fields there are."),
    switch("root-parent", "root-parent=blank|null|zero|absent", "What `ParentTeamId` of a team at the root is."),
    switch("put-partial", "put-partial=replace|merge", "What omitted keys of a PUT become."),
    switch("deleted-put", "deleted-put=500|404", "What an update of a deleted user is told."),
    switch(
        "skip-first-login-body",
        "skip-first-login-body=ignored|honoured",
        "Whether a POST's body can set SkipFirstLogin.",
    ),
    switch("create-status", "create-status=201|200", "What a POST that created something is told."),
    switch(
        "email-required",
        "email-required=on|off|always",
        "A blank e-mail is refused (409): where the user name does not become it, never, or even where it would.",
    ),
    switch("user-name-case", "user-name-case=fold|exact", "How a user name in a path is compared."),
    switch("limit-over", "limit-over=clamp|error", "What `limit` above 1000 means."),
    switch("team-put", "team-put=empty|team", "What an update of a team answers with."),
    switch("parent-change", "parent-change=ignored|moved", "What another `ParentTeamId` in an update does."),
    switch("team-delete", "team-delete=lift|cascade", "What becomes of the teams below a deleted one."),
    switch("demotion", "demotion=keeps|resets", "What becomes of AccessLevel when somebody leads no team any more."),
    switch("custom-shape", "custom-shape=object|list", "The shape of advanced custom fields in JSON."),
    switch("org-dates", "org-dates=iso|ms", "How the delta feeds write times in JSON."),
    switch("import-polls", "import-polls=2", "After how many looks a bulk import is completed."),
    switch("teams", "teams=N", "N more teams with five members each, from the start."),
    switch("xml", "xml=on|off", "Whether XML is what comes when nothing was asked for."),
];
