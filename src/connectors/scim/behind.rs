//! A product behind One Identity Starling Connect: what its own mapping says holds through the gateway too, but for what is
//! said of its own interface alone (targets/scim.md A4).

use std::sync::Arc;

use crate::connectors::Settings;
use crate::mapping::{Capability, Limitation, Mapping, Via};
use crate::model::Op;

/// The setting that names the product.
pub(super) const BEHIND: &str = "behind";

/// The mapping with what the product behind the gateway adds: its limitations, its mandatory fields, what it cannot do and
/// what happens beside. Rows that read otherwise are alternatives in the mapping file itself.
pub(super) fn through(mapping: Arc<Mapping>, settings: &Settings) -> Arc<Mapping> {
    let product = settings.own.get(BEHIND).and_then(|name| Mapping::builtin(name).ok());
    let Some(product) = product else { return mapping };
    let mut through = (*mapping).clone();
    through.title = format!("{} through Starling Connect", product.title);
    for map in &mut through.kinds {
        let Some(theirs) = product.kind(map.kind) else { continue };
        for field in &theirs.mandatory {
            let known = map.rows.iter().any(|row| row.attr == field.attr);
            if known && map.mandatory.iter().all(|have| have.attr != field.attr) {
                map.mandatory.push(field.clone());
            }
        }
    }
    for (kind, op, capability) in &product.capabilities {
        if let Capability::No(_) = capability {
            through.capabilities.retain(|(have, of, _)| (have, of) != (kind, op));
            through.capabilities.push((*kind, *op, told(*op, capability)));
        }
    }
    // The mapping may have been through here before, when the attributes that a probe found were added to it.
    through.limitations.retain(|have| held(&product).all(|limitation| limitation.id != have.id));
    through.limitations.extend(held(&product).cloned());
    let effects = || product.side_effects.iter().filter(|effect| effect.when.is_empty());
    through.side_effects.retain(|have| effects().all(|effect| effect.text != have.text));
    through.side_effects.extend(effects().cloned());
    Arc::new(through)
}

/// Why something cannot be done: through the gateway there is a DELETE, and it deletes nothing where there is none behind it.
fn told(op: Op, capability: &Capability) -> Capability {
    match capability {
        Capability::No(why) if op == Op::Delete => Capability::No(format!(
            "{why}; a DELETE through Starling Connect only switches the record off: deactivate it"
        )),
        other => other.clone(),
    }
}

/// The limitations that hold through the gateway.
fn held(product: &Mapping) -> impl Iterator<Item = &Limitation> {
    product.limitations.iter().filter(|limitation| limitation.via != Via::Direct)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::connectors::drive::builtin;
    use crate::connectors::{Connector, connector};
    use crate::mapping::Access;
    use crate::model::{AttrPath, Kind};

    fn behind(product: &str) -> Arc<dyn Connector> {
        let own = [("profile", "starling"), (BEHIND, product)];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let settings = Settings { url: "https://star.example/scim".into(), own, ..Settings::default() };
        connector("scim", builtin("scim"), &settings).unwrap()
    }

    #[test]
    fn aha_behind_the_gateway_keeps_its_limitations_and_mandatory_fields() {
        let aha = behind("aha");
        let mapping = aha.mapping();
        for number in 1..=7 {
            let id = format!("aha-{number}-");
            assert!(mapping.limitations.iter().any(|limitation| limitation.id.starts_with(&id)), "{id}");
        }
        let users = mapping.kind(Kind::User).unwrap();
        for attr in ["userName", "name.givenName", "name.familyName", "emails[work]", "productRoles"] {
            assert!(users.mandatory.iter().any(|field| field.attr == AttrPath::new(attr)), "{attr}");
        }
        let given = mapping.row(Kind::User, &AttrPath::new("name.givenName")).unwrap();
        assert_eq!(given.access, Access::WriteOnly, "table 292: not returned, only writable");
        let no = |kind, op| {
            mapping
                .capabilities
                .iter()
                .any(|(have, of, can)| (*have, *of) == (kind, op) && matches!(can, Capability::No(_)))
        };
        assert!(no(Kind::User, Op::Delete) && no(Kind::Group, Op::Create));
        assert!(!no(Kind::User, Op::Create) && !no(Kind::User, Op::Deactivate));
    }

    #[test]
    fn nothing_behind_the_gateway_changes_nothing() {
        let settings = Settings { url: "https://star.example/scim".into(), ..Settings::default() };
        let plain = connector("scim", builtin("scim"), &settings).unwrap();
        assert!(plain.mapping().limitations.is_empty());
        assert_eq!(plain.mapping().title, "SCIM 2.0");
    }
}
