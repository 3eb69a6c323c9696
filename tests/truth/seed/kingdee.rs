//! Kingdee Cloud Starry Sky: the two parameter tables, the Test button, the Common Issue.

/// One row of a parameter table, and the key of the configuration that it is here.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub printed: &'static str,
    pub description: &'static str,
    pub here: &'static str,
}

const fn parameter(printed: &'static str, description: &'static str, here: &'static str) -> Parameter {
    Parameter { printed, description, here }
}

/// "Configure authentication parameters."
pub const AUTHENTICATION: &[Parameter] = &[
    parameter(
        "Kingdee Cloud Server Address",
        "The address prefix of the Kingdee Cloud Starry Sky application.",
        "server_address",
    ),
    parameter(
        "Data Center ID",
        "The Data Center ID configured in Kingdee Cloud Starry Sky for the IDaaS application.",
        "data_center_id",
    ),
    parameter(
        "Application ID",
        "The Application ID configured in Kingdee Cloud Starry Sky for the IDaaS application.",
        "application_id",
    ),
    parameter(
        "Application Secret",
        "The Application Secret configured in Kingdee Cloud Starry Sky for the IDaaS application.",
        "application_secret",
    ),
];

/// "Configure synchronization parameters."
pub const SYNCHRONIZATION: &[Parameter] = &[
    AUTHENTICATION[0],
    AUTHENTICATION[1],
    AUTHENTICATION[2],
    parameter(
        "Username",
        "The username of the integration user configured in Kingdee Cloud Starry Sky for the IDaaS application.",
        "username",
    ),
    parameter(
        "Password",
        "The secondary secret parameter configured in Kingdee Cloud Starry Sky for the IDaaS application.",
        "password",
    ),
    AUTHENTICATION[3],
];

/// "After configuration is complete, click Test. Once the test is successful, save the application."
pub const TEST: &str =
    "After configuration is complete, click Test. Once the test is successful, save the application.";

/// "When synchronizing users to Kingdee Cloud Starry Sky, an error like ... indicates that the downstream is currently
/// editing the object. Simply retry later."
pub const COMMON_ISSUE: &str = "When synchronizing users to Kingdee Cloud Starry Sky, an error like \"xxxx\" using business document: \"User\" business \
     operation - \"User-xxx-Modify\" conflict indicates that the downstream is currently editing the object. Simply \
     retry later.";
