//! What a resource type is made of: schemas, attributes and their rules (RFC 7643, sections 2 and 7).
//!
//! Owns the definitions and how they are announced; `core` fills in those of the RFC. Every other file asks here what
//! an attribute is called, how its values compare, and who may write it.

use serde_json::{Map, Value, json};

/// The URN of the attributes that every resource has; it is never announced.
pub const COMMON: &str = "urn:ietf:params:scim:schemas:core:2.0:Common";

/// The data types of RFC 7643, section 2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A number with a fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// A point in time, RFC 3339.
    DateTime,
    /// Base64.
    Binary,
    /// An address.
    Reference,
    /// A set of parts.
    Complex,
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Decimal => "decimal",
            Self::Integer => "integer",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }
}

/// Who may write an attribute (RFC 7643, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutability {
    /// Any client, any time.
    ReadWrite,
    /// Nobody: what a client sends is ignored.
    ReadOnly,
    /// Whoever sets it first.
    Immutable,
    /// Any client, but nobody reads it.
    WriteOnly,
}

/// When an attribute is returned (RFC 7643, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// Unless excluded.
    Default,
    /// Even when excluded.
    Always,
    /// Only when asked for by name.
    Request,
    /// Never.
    Never,
}

/// One attribute, or one part of a complex one.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// The name as the service writes it.
    pub name: String,
    /// The data type of one value.
    pub kind: Type,
    /// Whether there is a list of values.
    pub multi: bool,
    /// Whether a resource must have it.
    pub required: bool,
    /// Whether letter case counts when values are compared.
    pub case_exact: bool,
    /// Whether no two resources may share a value.
    pub unique: bool,
    /// Who may write it.
    pub mutability: Mutability,
    /// When it is returned.
    pub returned: Returned,
    /// The values that are suggested.
    pub canonical: Vec<String>,
    /// What a reference may point to.
    pub references: Vec<String>,
    /// The parts of a complex attribute.
    pub parts: Vec<Attribute>,
    /// What it is for.
    pub description: String,
}

impl Attribute {
    /// An attribute that anyone may read and write, with one value at most.
    pub fn new(name: &str, kind: Type, description: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            multi: false,
            required: false,
            // Addresses and encoded bytes are never folded (RFC 7643, sections 2.3.6 and 2.3.7).
            case_exact: matches!(kind, Type::Reference | Type::Binary),
            unique: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            canonical: Vec::new(),
            references: Vec::new(),
            parts: Vec::new(),
            description: description.to_owned(),
        }
    }

    /// Text.
    pub fn text(name: &str, description: &str) -> Self {
        Self::new(name, Type::String, description)
    }

    /// True or false.
    pub fn flag(name: &str, description: &str) -> Self {
        Self::new(name, Type::Boolean, description)
    }

    /// An address of one of these resource types, or `external`, or `uri`.
    pub fn reference(name: &str, to: &[&str], description: &str) -> Self {
        let mut reference = Self::new(name, Type::Reference, description);
        reference.references = owned(to);
        reference
    }

    /// A set of parts.
    pub fn complex(name: &str, parts: Vec<Attribute>, description: &str) -> Self {
        let mut complex = Self::new(name, Type::Complex, description);
        complex.parts = parts;
        complex
    }

    /// The same, as a list.
    pub fn many(mut self) -> Self {
        self.multi = true;
        self
    }

    /// The same, mandatory.
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, with letter case counting.
    pub fn exact(mut self) -> Self {
        self.case_exact = true;
        self
    }

    /// The same, one of a kind on this service.
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The same, under another rule of writing.
    pub fn mutability(mut self, mutability: Mutability) -> Self {
        self.mutability = mutability;
        self
    }

    /// The same, never to be written by a client, nor any part of it.
    pub fn read_only(mut self) -> Self {
        self.mutability = Mutability::ReadOnly;
        self.parts = self.parts.into_iter().map(Self::read_only).collect();
        self
    }

    /// The same, under another rule of returning.
    pub fn returned(mut self, returned: Returned) -> Self {
        self.returned = returned;
        self
    }

    /// The same, with suggested values.
    pub fn canonical(mut self, values: &[&str]) -> Self {
        self.canonical = owned(values);
        self
    }

    /// The part of this name, letter case ignored.
    pub fn part(&self, name: &str) -> Option<&Attribute> {
        named(&self.parts, name)
    }

    fn announce(&self) -> Value {
        let mut out = json!({
            "name": self.name,
            "type": self.kind.name(),
            "multiValued": self.multi,
            "description": self.description,
            "required": self.required,
            "mutability": match self.mutability {
                Mutability::ReadWrite => "readWrite",
                Mutability::ReadOnly => "readOnly",
                Mutability::Immutable => "immutable",
                Mutability::WriteOnly => "writeOnly",
            },
            "returned": match self.returned {
                Returned::Default => "default",
                Returned::Always => "always",
                Returned::Request => "request",
                Returned::Never => "never",
            },
        });
        if self.kind == Type::Complex {
            out["subAttributes"] = self.parts.iter().map(Self::announce).collect();
        } else {
            out["caseExact"] = json!(self.case_exact);
            out["uniqueness"] = json!(if self.unique { "server" } else { "none" });
        }
        if !self.canonical.is_empty() {
            out["canonicalValues"] = json!(self.canonical);
        }
        if !self.references.is_empty() {
            out["referenceTypes"] = json!(self.references);
        }
        out
    }
}

/// A set of attributes under one URN.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The URN.
    pub id: String,
    /// The short name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The attributes.
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// A schema of these attributes.
    pub fn new(id: &str, name: &str, description: &str, attributes: Vec<Attribute>) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), description: description.to_owned(), attributes }
    }

    /// The attribute of this name, letter case ignored (RFC 7643, section 2.1).
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        named(&self.attributes, name)
    }

    /// The schema as `/Schemas` shows it.
    pub fn announce(&self, base: &str) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(Attribute::announce).collect::<Vec<_>>(),
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", self.id) },
        })
    }
}

/// A type of resource: where it is served and which schemas describe it (RFC 7643, section 6).
#[derive(Clone, Debug)]
pub struct ResourceType {
    /// The name, such as `User`.
    pub name: String,
    /// The endpoint below the base address, without a slash, such as `Users`.
    pub endpoint: String,
    /// What it is for.
    pub description: String,
    /// The attributes at the top level.
    pub schema: Schema,
    /// The attributes under a URN of their own, none of them mandatory.
    pub extensions: Vec<Schema>,
    common: Schema,
}

impl ResourceType {
    /// A resource type without extensions.
    pub fn new(name: &str, endpoint: &str, description: &str, schema: Schema) -> Self {
        Self {
            name: name.to_owned(),
            endpoint: endpoint.trim_matches('/').to_owned(),
            description: description.to_owned(),
            schema,
            extensions: Vec::new(),
            common: common(),
        }
    }

    /// The same, extended.
    pub fn extended(mut self, extension: Schema) -> Self {
        self.extensions.push(extension);
        self
    }

    /// An attribute at the top level, those of every resource included.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.schema.attribute(name).or_else(|| self.common.attribute(name))
    }

    /// The extension of this URN, letter case ignored.
    pub fn extension(&self, urn: &str) -> Option<&Schema> {
        self.extensions.iter().find(|schema| schema.id.eq_ignore_ascii_case(urn))
    }

    /// All attributes with the extension they belong to.
    pub fn attributes(&self) -> impl Iterator<Item = (Option<&Schema>, &Attribute)> {
        let core = self.common.attributes.iter().chain(&self.schema.attributes).map(|attribute| (None, attribute));
        let extended = self
            .extensions
            .iter()
            .flat_map(|schema| schema.attributes.iter().map(move |attribute| (Some(schema), attribute)));
        core.chain(extended)
    }

    /// The value of an attribute in a document in this service's own spelling.
    pub fn value_of<'d>(document: &'d Value, extension: Option<&Schema>, attribute: &Attribute) -> Option<&'d Value> {
        let root = match extension {
            Some(schema) => document.get(&schema.id)?,
            None => document,
        };
        root.get(&attribute.name)
    }

    /// The URNs that describe a document: the schema, and each extension it has values of.
    pub fn urns(&self, document: &Map<String, Value>) -> Value {
        std::iter::once(&self.schema.id)
            .chain(self.extensions.iter().map(|schema| &schema.id).filter(|id| document.contains_key(*id)))
            .cloned()
            .map(Value::String)
            .collect()
    }

    /// The resource type as `/ResourceTypes` shows it, served at `endpoint`.
    pub fn announce(&self, base: &str, endpoint: &str) -> Value {
        let extensions: Vec<Value> =
            self.extensions.iter().map(|schema| json!({ "schema": schema.id, "required": false })).collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": self.name,
            "name": self.name,
            "endpoint": endpoint,
            "description": self.description,
            "schema": self.schema.id,
            "schemaExtensions": extensions,
            "meta": {
                "resourceType": "ResourceType",
                "location": format!("{base}/ResourceTypes/{}", self.name),
            },
        })
    }
}

/// The attributes that every resource has (RFC 7643, section 3.1).
fn common() -> Schema {
    let meta = vec![
        Attribute::text("resourceType", "The name of the resource type").exact(),
        Attribute::new("created", Type::DateTime, "When the resource came to be"),
        Attribute::new("lastModified", Type::DateTime, "When the resource was last written"),
        Attribute::reference("location", &["uri"], "The address of the resource"),
        Attribute::text("version", "The version of the resource").exact(),
    ];
    let attributes = vec![
        Attribute::reference("schemas", &["uri"], "The URNs of the schemas")
            .many()
            .read_only()
            .returned(Returned::Always),
        Attribute::text("id", "The service's own name of the resource")
            .exact()
            .unique()
            .read_only()
            .returned(Returned::Always),
        Attribute::text("externalId", "The client's own name of the resource").exact(),
        Attribute::complex("meta", meta, "About the resource").read_only(),
    ];
    Schema::new(COMMON, "Common", "What every resource has", attributes)
}

fn named<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
