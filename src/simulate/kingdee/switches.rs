//! What can be asked of the simulator of Kingdee beside the faults that all know.

use crate::simulate::faults::Switch;

const fn switch(name: &'static str, form: &'static str, help: &'static str) -> Switch {
    Switch { name, form, help }
}

/// The switches of this simulator. The first value of each is the default. `KEY` is a record's id, number, account or the
/// account's part before the at sign; `*` is any record. `TIME` is written `30s` or `250ms`.
pub const SWITCHES: &[Switch] = &[
    // Signing in.
    switch("skip-api-signature", "skip-api-signature", "X-Api-Signature is not checked, as on a private site."),
    switch("lockout", "lockout=5", "So many wrong log-ins in a row lock the user; 0 never does."),
    switch("lockout-for", "lockout-for=1800s", "For how long."),
    switch(
        "refuse-password",
        "refuse-password",
        "User and password are refused, as on a public cloud since 2022-11-29.",
    ),
    switch("nag", "nag", "A log-in succeeds with CheckPasswordPolicy, and only the cookie carries the session."),
    switch("session-in", "session-in=both|cookie|body", "Where a log-in tells the session."),
    switch("session", "session=1200s", "After so long without a request a session is lost."),
    switch("session-lost", "session-lost[=N]", "The next N business calls find their session lost."),
    switch("lost-shape", "lost-shape=double|list|object", "How a query says that its session is lost."),
    switch("lost-as-401", "lost-as-401", "A lost session is an HTTP 401."),
    switch("view-lost", "view-lost=empty|error", "What View says without a session."),
    switch(
        "sign-cooldown",
        "sign-cooldown=0s",
        "Signed calls stay without a session so long after it was lost; each try starts anew.",
    ),
    switch("rotate-session", "rotate-session", "Every reply brings another session; the one before ends."),
    switch("clock", "clock=0", "How many seconds the server's clock is ahead; may be negative."),
    switch("tolerance", "tolerance=300", "How many seconds a signed time may be off."),
    switch("stale", "stale=519|lost", "What a signed time that is off is answered with."),
    switch(
        "gateway",
        "gateway=4002|4006|5001",
        "Every business call is refused by the gateway: HTTP 519 with that errcode.",
    ),
    switch("data-center", "data-center=ID", "The site has that data center instead of its own."),
    // The lock of another user, and rights.
    switch(
        "conflict",
        "conflict=KEY[:N|:TIME[:HOLDER]]",
        "The record is being edited by another user: for N tries (3 by default) or that long after the first.",
    ),
    switch("optimistic-lock", "optimistic-lock[=N]", "The next N writes find the record changed by another user."),
    switch("no-right", "no-right=FORM", "Without the right to query that form: empty results, no error."),
    switch("right-denied", "right-denied=FORM", "The same, but it is said."),
    // What comes in place of an answer.
    switch("at", "at=Save|View|...", "The next ones below strike only calls of that service."),
    switch(
        "request-filter",
        "request-filter[=N]",
        "Calls whose body has a `<` (with N: the next N calls) are taken as suspicious.",
    ),
    switch(
        "response-error",
        "response-error[=N]",
        "The next N business calls are answered `response_error:` in plain text.",
    ),
    switch("not-json", "not-json[=N]", "The next N business calls are answered 200 and text that is no JSON."),
    switch("empty-body", "empty-body[=N]", "The next N business calls are answered 200 and nothing."),
    switch("empty-object", "empty-object[=N]", "The next N business calls are answered 200 and `{}`."),
    switch("xhtml", "xhtml[=N]", "The next N business calls are answered 500 and the web server's XHTML page."),
    switch("is-success", "is-success=bool|text", "Whether IsSuccess is a truth value or the text `true`."),
    switch("batch-success", "batch-success=none|any", "IsSuccess of a batch that succeeded in part: false or true."),
    switch(
        "billquery-error",
        "billquery-error=single|double",
        "Whether an error of BillQuery lies in one array or two.",
    ),
    // Reading.
    switch("cap", "cap=2000", "The largest Limit."),
    switch("over-limit", "over-limit=clamp|error|honour", "What a Limit above the cap means."),
    switch("role-query", "role-query=yes|absent", "Whether FRoleId can be asked in a query."),
    switch("user-number", "user-number=yes|absent", "Whether SEC_User has FNumber."),
    switch("blank", "blank=space|empty|null", "What a text without a value is in a query."),
    switch("dates", "dates=iso|ms", "`2026-07-21T00:00:00` or `/Date(ms)/`."),
    switch("view-entries", "view-entries=names|keys", "Whether View calls entries OrgInfo or FOrgInfo."),
    switch("user-name", "user-name=text|multi", "Whether the Name of a user in View is a text or a list by language."),
    switch("drift", "drift[=N]", "Before a later page of users, a row is inserted in front (N times)."),
    switch("drift-remove", "drift-remove[=N]", "The same, but a row that was in front of page 1 is taken away."),
    // Writing.
    switch("data-form", "data-form=both|object|text", "Which form of `data` is understood."),
    switch(
        "operation",
        "operation=both|ExcuteOperation|ExecuteOperation",
        "Which spelling works; the other ends in a null reference.",
    ),
    switch("forbid", "forbid=Forbid|Disable|both", "The number of the operation that forbids."),
    switch("required", "required=FUserAccount;FName;FOrgInfo", "What a new user must have."),
    switch(
        "absent-entries",
        "absent-entries=drop|keep",
        "What a whole Save with IsDeleteEntry does to an entry list that was not sent.",
    ),
    switch("save-audited", "save-audited=refuse|allow", "Whether an audited record can be saved."),
    switch("unaudit", "unaudit=allow|refuse", "Whether what is audited can be taken back."),
    switch("drop-grant", "drop-grant[=N]", "The next N roles are accepted and not stored."),
];
