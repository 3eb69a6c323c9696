//! The resource types and schemas that the RFC itself defines (RFC 7643, sections 4 to 8).

use super::schema::{Attribute, Mutability, ResourceType, Returned, Schema, Type};

/// The URN of users.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The URN of groups.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The URN of what an employer adds to a user.
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Users with the enterprise extension.
pub fn users() -> ResourceType {
    let schema = Schema::new(USER, "User", "User Account", user());
    ResourceType::new("User", "Users", "User Account", schema).extended(enterprise_user())
}

/// Groups.
pub fn groups() -> ResourceType {
    let schema = Schema::new(GROUP, "Group", "Group", group());
    ResourceType::new("Group", "Groups", "Group", schema)
}

/// What an employer adds to a user (RFC 7643, section 4.3).
pub fn enterprise_user() -> Schema {
    let manager = vec![
        Attribute::text("value", "The id of the manager's own resource").exact(),
        Attribute::reference("$ref", &["User"], "The address of the manager's own resource"),
        Attribute::text("displayName", "The name of the manager").read_only(),
    ];
    let attributes = vec![
        Attribute::text("employeeNumber", "The number that the organisation gave"),
        Attribute::text("costCenter", "The cost centre"),
        Attribute::text("organization", "The organisation"),
        Attribute::text("division", "The division"),
        Attribute::text("department", "The department"),
        Attribute::complex("manager", manager, "The manager"),
    ];
    Schema::new(ENTERPRISE_USER, "EnterpriseUser", "Enterprise User", attributes)
}

/// The schemas of discovery itself (RFC 7643, sections 5 to 7); they are announced and never served.
pub fn discovery() -> Vec<Schema> {
    vec![service_provider_config(), resource_type(), schema()]
}

fn user() -> Vec<Attribute> {
    let name = vec![
        Attribute::text("formatted", "The full name as it is shown"),
        Attribute::text("familyName", "The family name"),
        Attribute::text("givenName", "The given name"),
        Attribute::text("middleName", "The middle names"),
        Attribute::text("honorificPrefix", "What stands before the name"),
        Attribute::text("honorificSuffix", "What stands after the name"),
    ];
    let address = vec![
        Attribute::text("formatted", "The address as it is printed"),
        Attribute::text("streetAddress", "Street and number"),
        Attribute::text("locality", "The city"),
        Attribute::text("region", "The state or region"),
        Attribute::text("postalCode", "The postal code"),
        Attribute::text("country", "The country, ISO 3166-1 alpha-2"),
        Attribute::text("type", "What the address is for").canonical(&["work", "home", "other"]),
        primary(),
    ];
    let groups = vec![
        Attribute::text("value", "The id of the group").exact(),
        Attribute::reference("$ref", &["Group"], "The address of the group"),
        Attribute::text("display", "The name of the group"),
        Attribute::text("type", "How the user came to be in the group").canonical(&["direct", "indirect"]),
    ];
    let text = Attribute::text;
    vec![
        text("userName", "The name the user signs in with").required().unique(),
        Attribute::complex("name", name, "The parts of the user's name"),
        text("displayName", "The name as it is shown"),
        text("nickName", "The casual name"),
        Attribute::reference("profileUrl", &["external"], "The address of the user's page"),
        text("title", "The job title"),
        text("userType", "The relation to the organisation"),
        text("preferredLanguage", "The preferred language, RFC 7231"),
        text("locale", "The locale, RFC 5646"),
        text("timezone", "The time zone, IANA"),
        Attribute::flag("active", "Whether the account can be used"),
        text("password", "The password in clear text").mutability(Mutability::WriteOnly).returned(Returned::Never),
        plural("emails", text("value", "The e-mail address"), &["work", "home", "other"]),
        plural(
            "phoneNumbers",
            text("value", "The telephone number"),
            &["work", "home", "mobile", "fax", "pager", "other"],
        ),
        plural(
            "ims",
            text("value", "The instant messaging address"),
            &["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"],
        ),
        plural(
            "photos",
            Attribute::reference("value", &["external"], "The address of the picture"),
            &["photo", "thumbnail"],
        ),
        Attribute::complex("addresses", address, "The postal addresses").many(),
        Attribute::complex("groups", groups, "The groups that the user is in").many().read_only(),
        plural("entitlements", text("value", "The entitlement"), &[]),
        plural("roles", text("value", "The role"), &[]),
        plural("x509Certificates", Attribute::new("value", Type::Binary, "The certificate"), &[]),
    ]
}

fn group() -> Vec<Attribute> {
    let immutable = |attribute: Attribute| attribute.mutability(Mutability::Immutable);
    let members = vec![
        immutable(Attribute::text("value", "The id of the member").exact()),
        immutable(Attribute::reference("$ref", &["User", "Group"], "The address of the member")),
        immutable(Attribute::text("type", "The type of the member").canonical(&["User", "Group"])),
        immutable(Attribute::text("display", "The name of the member")),
    ];
    vec![
        Attribute::text("displayName", "The name of the group").required(),
        Attribute::complex("members", members, "Who is in the group").many(),
    ]
}

/// A list with the usual parts (RFC 7643, section 2.4).
fn plural(name: &str, value: Attribute, types: &[&str]) -> Attribute {
    let parts = vec![
        value,
        Attribute::text("display", "The value as it is shown"),
        Attribute::text("type", "What the value is for").canonical(types),
        primary(),
    ];
    Attribute::complex(name, parts, &format!("The {name} of the user")).many()
}

fn primary() -> Attribute {
    Attribute::flag("primary", "Whether this is the preferred one")
}

fn service_provider_config() -> Schema {
    let supported = || Attribute::flag("supported", "Whether it is offered").required();
    let number = |name: &str, description: &str| Attribute::new(name, Type::Integer, description);
    let offer = |name: &str, parts: Vec<Attribute>| {
        let parts = std::iter::once(supported()).chain(parts).collect();
        Attribute::complex(name, parts, &format!("What is offered of {name}")).required().read_only()
    };
    let pagination = vec![
        Attribute::flag("cursor", "Whether pages are walked by cursor").required(),
        Attribute::flag("index", "Whether pages are walked by index").required(),
        Attribute::text("defaultPaginationMethod", "The one that is used when none is asked for")
            .canonical(&["cursor", "index"]),
        number("defaultPageSize", "The size of a page when none is asked for"),
        number("maxPageSize", "The largest page"),
        number("cursorTimeout", "How many seconds a cursor lives"),
    ];
    let schemes = vec![
        Attribute::text("type", "The scheme").required(),
        Attribute::text("name", "Its name").required(),
        Attribute::text("description", "What it is").required(),
        Attribute::reference("specUri", &["external"], "Its specification"),
        Attribute::reference("documentationUri", &["external"], "Its documentation"),
        primary(),
    ];
    let attributes = vec![
        Attribute::reference("documentationUri", &["external"], "Help for people").read_only(),
        offer("patch", Vec::new()),
        offer(
            "bulk",
            vec![
                number("maxOperations", "The most operations at once").required(),
                number("maxPayloadSize", "The most bytes at once").required(),
            ],
        ),
        offer("filter", vec![number("maxResults", "The most resources at once").required()]),
        offer("changePassword", Vec::new()),
        offer("sort", Vec::new()),
        offer("etag", Vec::new()),
        Attribute::complex("pagination", pagination, "How pages are walked (RFC 9865)").read_only(),
        Attribute::complex("authenticationSchemes", schemes, "How to sign in").many().required().read_only(),
    ];
    Schema::new(
        "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
        "ServiceProviderConfig",
        "What the service offers",
        attributes,
    )
}

fn resource_type() -> Schema {
    let extensions = vec![
        Attribute::reference("schema", &["uri"], "The URN of the extension").required().exact(),
        Attribute::flag("required", "Whether a resource must have it").required(),
    ];
    let attributes = vec![
        Attribute::text("name", "The name").required().read_only(),
        Attribute::text("description", "What it is for").read_only(),
        Attribute::reference("endpoint", &["uri"], "Where it is served").required().read_only(),
        Attribute::reference("schema", &["uri"], "The URN of its schema").required().read_only(),
        Attribute::complex("schemaExtensions", extensions, "What is added to it").many().read_only(),
    ];
    Schema::new("urn:ietf:params:scim:schemas:core:2.0:ResourceType", "ResourceType", "Resource Type", attributes)
}

fn schema() -> Schema {
    let text = Attribute::text;
    let rules = || {
        vec![
            text("name", "The name").required().exact(),
            text("type", "The data type").required(),
            Attribute::flag("multiValued", "Whether there is a list of values").required(),
            text("description", "What it is for"),
            Attribute::flag("required", "Whether a resource must have it"),
            text("canonicalValues", "The values that are suggested").many().exact(),
            Attribute::flag("caseExact", "Whether letter case counts"),
            text("mutability", "Who may write it").exact(),
            text("returned", "When it is returned").exact(),
            text("uniqueness", "Whether values may be shared").exact(),
            text("referenceTypes", "What a reference may point to").many().exact(),
        ]
    };
    let mut attribute = rules();
    attribute.push(Attribute::complex("subAttributes", rules(), "The parts").many());
    let attributes = vec![
        text("name", "The name").required().read_only(),
        text("description", "What it is for").read_only(),
        Attribute::complex("attributes", attribute, "The attributes").many().required().read_only(),
    ];
    Schema::new("urn:ietf:params:scim:schemas:core:2.0:Schema", "Schema", "Schema", attributes)
}
