//! SAP Litmos: tables 295 to 298, mandatory fields, every bullet and sub-bullet.

use trueup::model::Kind::{self, Group, User};

use super::Proof::{self, Entry, Refused, Secret, Set, SetAs, SetRef};
use super::{Mandatory, Operation, Row};

const fn row(
    table: u16,
    kind: Kind,
    scim: &'static str,
    native: &'static str,
    here: &'static str,
    direct: Proof,
    gateway: Proof,
) -> Row {
    Row { table, kind, scim, native, here, direct, gateway }
}

const READ: Proof = Refused("does not let it be written");

pub const ROWS: &[Row] = &[
    row(297, User, "Id", "Id", "id", READ, READ),
    row(297, User, "UserName", "UserName", "userName", Set("truth.login@example.com"), Set("truth.login@example.com")),
    row(297, User, "DisplayName", "FirstName + LastName", "displayName", READ, READ),
    row(297, User, "Name.GivenName", "FirstName", "name.givenName", Set("Truthful"), Set("Truthful")),
    row(297, User, "Name.FamilyName", "LastName", "name.familyName", Set("Verity"), Set("Verity")),
    row(297, User, "Name.Formatted", "FullName", "name.formatted", READ, READ),
    row(297, User, "Emails.Value", "Email", "emails[work]", Set("truth.mail@example.com"), Set("truth@example.com")),
    row(297, User, "Active", "Active", "active", Set("false"), Set("false")),
    row(297, User, "Groups[].value (UserGroupsResponse)", "Id", "groups#value", Entry, Entry),
    row(297, User, "Groups[].display (UserGroupsResponse)", "Name", "groups#display", Proof::Shown, Proof::Shown),
    row(
        297,
        User,
        "Addresses[].streetAddress",
        "Street1",
        "addresses[work].streetAddress",
        Set("1 Truth Lane"),
        Set("1 Truth Lane"),
    ),
    // City and State are swapped against SCIM; the guide's table is followed to the letter.
    row(297, User, "Addresses[].region", "City", "addresses[work].region", Set("Verona"), Set("Verona")),
    row(297, User, "Addresses[].locality", "State", "addresses[work].locality", Set("Veneto"), Set("Veneto")),
    row(297, User, "Addresses[].postalCode", "PostalCode", "addresses[work].postalCode", Set("37121"), Set("37121")),
    row(297, User, "Addresses[].country", "Country", "addresses[work].country", Set("Italy"), Set("Italy")),
    row(
        297,
        User,
        "PhoneNumbers[].value (work)",
        "PhoneWork",
        "phoneNumbers[work]",
        Set("+390451234567"),
        Set("+390451234567"),
    ),
    row(
        297,
        User,
        "PhoneNumbers[].value (mobile)",
        "PhoneMobile",
        "phoneNumbers[mobile]",
        Set("+393331234567"),
        Set("+393331234567"),
    ),
    // The wire's name is TimeZone, and it holds Windows names.
    row(
        297,
        User,
        "Timezone",
        "Timezone",
        "timezone",
        SetAs { value: "Europe/Berlin", native: "W. Europe Standard Time" },
        SetAs { value: "Europe/Berlin", native: "W. Europe Standard Time" },
    ),
    row(297, User, "Title", "JobTitle", "title", Set("Witness"), Set("Witness")),
    row(297, User, "Locale", "Culture", "locale", Set("de-DE"), Set("de-DE")),
    row(
        297,
        User,
        "userExtension.AccessLevel",
        "AccessLevel",
        "accessLevel",
        SetRef("Team_Leader"),
        Set("Team_Leader"),
    ),
    row(297, User, "userExtension.OriginalId", "OriginalId", "originalId", READ, READ),
    row(297, User, "userExtension.CompanyName", "CompanyName", "companyName", Set("Truth Inc."), Set("Truth Inc.")),
    row(
        297,
        User,
        "userExtension.Manager.value",
        "ManagerId",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        SetRef(""),
        SetRef(""),
    ),
    row(
        297,
        User,
        "userExtension.Manager.displayName",
        "ManagerName",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName",
        READ,
        READ,
    ),
    row(297, User, "Meta.Created", "CreatedDate", "meta.created", READ, READ),
    row(297, User, "Password", "Password", "password", Secret, Secret),
    row(298, Group, "Id", "Id", "id", READ, READ),
    row(298, Group, "displayName", "Name", "displayName", Set("Truth Team"), Set("Truth Team")),
    row(298, Group, "members[].value (groupMembersResponse)", "Id", "members#value", Entry, Entry),
    row(
        298,
        Group,
        "members[].display (groupMembersResponse)",
        "UserName",
        "members#display",
        Proof::Shown,
        Proof::Shown,
    ),
    row(
        298,
        Group,
        "groupExtension.Description",
        "Description",
        "description",
        Set("All that is true"),
        Set("All that is true"),
    ),
    row(298, Group, "groupExtension.ParentTeamId", "ParentTeamId", "parent", Refused("create"), Refused("create")),
];

const fn operation(
    table: u16,
    kind: Kind,
    name: &'static str,
    verb: &'static str,
    direct: (&'static str, &'static str),
    gateway: (&'static str, &'static str),
) -> Operation {
    Operation { table, kind, name, verb, direct, gateway }
}

pub const OPERATIONS: &[Operation] = &[
    operation(295, User, "Create User", "POST", ("POST", "/v1.svc/users"), ("POST", "/scim/v2/Users")),
    operation(295, User, "Update User", "PUT", ("PUT", "/v1.svc/users/*"), ("PUT", "/scim/v2/Users/*")),
    operation(295, User, "Get User by Id", "GET", ("GET", "/v1.svc/users/*"), ("GET", "/scim/v2/Users/*")),
    operation(
        295,
        User,
        "Get All users with pagination",
        "GET",
        ("GET", "/v1.svc/users/details?start="),
        ("GET", "/scim/v2/Users?startIndex="),
    ),
    operation(295, User, "Delete User", "DELETE", ("DELETE", "/v1.svc/users/*"), ("DELETE", "/scim/v2/Users/*")),
    operation(296, Group, "Create Group", "POST", ("POST", "/v1.svc/teams"), ("POST", "/scim/v2/Groups")),
    operation(296, Group, "Update Group", "PUT", ("PUT", "/v1.svc/teams/*"), ("PUT", "/scim/v2/Groups/*")),
    operation(296, Group, "Get Group by Id", "GET", ("GET", "/v1.svc/teams/*"), ("GET", "/scim/v2/Groups/*")),
    operation(
        296,
        Group,
        "Get All Groups with pagination",
        "GET",
        ("GET", "/v1.svc/teams?start="),
        ("GET", "/scim/v2/Groups?startIndex="),
    ),
    operation(296, Group, "Delete Group", "DELETE", ("DELETE", "/v1.svc/teams/*"), ("DELETE", "/scim/v2/Groups/*")),
];

pub const MANDATORY: &[Mandatory] = &[
    Mandatory { kind: User, printed: "Name.GivenName", here: "name.givenName", refusal: "FirstName" },
    Mandatory { kind: User, printed: "Name.FamilyName", here: "name.familyName", refusal: "LastName" },
    Mandatory { kind: User, printed: "UserName", here: "userName", refusal: "UserName" },
    Mandatory { kind: Group, printed: "DisplayName", here: "displayName", refusal: "without a name" },
];

/// The bullets, word for word; a sub-bullet follows its bullet.
pub const LIMITATIONS: [&str; 12] = [
    "There is a difference in the way the legacy and non legacy custom attributes of the User object are supported in the \
     connector.",
    "Legacy custom attributes are supported as part of core custom user schema attributes \
     (urn:starling:custom:urn:ietf:params:scim:schemas:core:2.0:User)",
    "Non legacy custom attributes are supported as part of custom user extension schema attributes \
     (urn:starling:custom:urn:ietf:params:scim:schemas:extension:enterprise:2.0:User)",
    "The user name provided while performing the Create User operation will be considered for both the username and email \
     at the target system side .",
    "AddGroupMembers with an invalid userid does not display any exception.",
    "Multiple groups with the same display name can be created.",
    "While configuring custom attributes of a core user in Starling Connect, all the custom attributes must be of type \
     string. However, user extension custom attributes can be of one among the supported data types - integer, string, \
     decimal and DateTime.",
    "Parent Group id cannot be un-assigned from a group.",
    "A group can be created with or without a parent group.",
    "Created date and last modified date are not returned by the cloud application for both Users and Groups.",
    "When a user is created or updated with a password through the connector, the user is prompted to change the password \
     in next login to the target application.",
    "An attempt to update a User that has been deleted, the target application will return error 500: The server \
     encountered an error processing the request. Please see the server logs for more details.",
];
