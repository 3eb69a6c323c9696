//! What can be asked of the simulator of Aha! beside the faults that all know.

use crate::simulate::faults::Switch;

const fn switch(name: &'static str, form: &'static str, help: &'static str) -> Switch {
    Switch { name, form, help }
}

/// The switches of this simulator. The first value of each is the default.
pub const SWITCHES: &[Switch] = &[
    switch("drift", "drift[=N]", "Before a second or later page of users, a row is inserted in front (N times)."),
    switch("drift-remove", "drift-remove[=N]", "The same, but a row that was in front of page 1 is taken away."),
    switch("role-default", "role-default[=N]", "The next N roles are accepted and stored as the default role."),
    switch("unknown-role-fallback", "unknown-role-fallback=viewer", "The default role."),
    switch("errors-as-list", "errors-as-list", "Validation errors come as a list instead of an object."),
    switch("perm-mode", "perm-mode=admin_only|owner_can_add|open", "Who may read and write users."),
    switch("dup-email", "dup-email=upsert|400", "What creating a user does whose e-mail is known."),
    switch("delete-absent", "delete-absent=404|204", "What deleting a pair does that is not there."),
    switch("per-page-overflow", "per-page-overflow=clamp|honour", "What `per_page` above 200 means."),
    switch("email-match", "email-match=exact|contains", "How `GET /users?email=` compares."),
    switch("null-names", "null-names=role|never", "Whether `product_name` is null without a role on the product."),
    switch("seats", "seats=N", "Only N more people can be created or enabled."),
    switch("rate-min", "rate-min=300", "Requests per minute."),
    switch("rate-sec", "rate-sec=20", "Requests per second."),
    switch("reset-unit", "reset-unit=s|ms", "The unit of X-Ratelimit-Reset."),
    switch(
        "teams",
        "teams=all|none|forbidden|unserved",
        "Which teams there are; whether the plan has them (403, HTML 404).",
    ),
    switch("strict-host", "strict-host", "Only the account's own host name is answered."),
    switch("require-user-agent", "require-user-agent", "Requests without User-Agent are refused."),
];
