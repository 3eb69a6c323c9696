//! What was asked for: which kinds, which system, which records.

use anyhow::{Context, bail};

use crate::cli::setup;
use crate::compare::{Compared, Identity};
use crate::engine::protocol::{Health, World};
use crate::engine::{Setup, SystemSetup};
use crate::model::Kind;
use crate::model::filter::Query;

/// What was asked for: one kind, one system, some records.
pub(in crate::cli) struct Wanted<'w> {
    pub(super) kind: Option<Kind>,
    pub(super) system: Option<&'w str>,
    pub(in crate::cli) filter: Option<Query>,
}

impl<'w> Wanted<'w> {
    /// What the arguments ask for.
    ///
    /// # Errors
    /// When there is no such kind or system, or the filter is none.
    pub(in crate::cli) fn new(
        setup: &Setup,
        kind: Option<&str>,
        system: Option<&'w str>,
        filter: Option<&str>,
    ) -> anyhow::Result<Self> {
        let kind = kind
            .map(|name| {
                Kind::parse(name)
                    .with_context(|| format!("there is no kind `{name}`; there are users, groups, roles, products"))
            })
            .transpose()?;
        if let Some(system) = system {
            setup::known(setup.systems.iter().map(SystemSetup::id), system)?;
        }
        let filter = crate::cli::filter::read(filter, setup, kind)?;
        Ok(Self { kind, system, filter })
    }

    /// Refuses to judge what the others are compared with.
    ///
    /// # Errors
    /// When the system that is asked for is the source or the reference.
    pub(in crate::cli) fn target(&self, setup: &Setup) -> anyhow::Result<()> {
        let (base, called) = match (&setup.source, &setup.reference) {
            (Some(source), _) => (source, "the source of truth"),
            (None, Some(reference)) => (reference, "the reference"),
            (None, None) => return Ok(()),
        };
        if self.system != Some(base.as_str()) {
            return Ok(());
        }
        let others: Vec<_> =
            setup.systems.iter().map(|one| one.id().as_str()).filter(|id| *id != base.as_str()).collect();
        bail!(
            "{base} is {called}: the others are compared with it, and it with none of them; name one of these: {}",
            others.join(", ")
        );
    }

    /// Refuses a filter that asks for what no system has.
    ///
    /// # Errors
    /// When it does.
    pub(in crate::cli) fn judge(&self, world: &World) -> anyhow::Result<()> {
        self.filter.as_ref().map_or(Ok(()), |query| crate::cli::filter::judge(query, world, self.kind))
    }

    /// Calls `each` with everybody that is out of true: kind, identity, system.
    pub(in crate::cli) fn each(&self, compared: &Compared, mut each: impl FnMut(Kind, u32, usize)) {
        let inputs = &compared.inputs;
        for kind in self.kinds() {
            let comparison = compared.kind(kind);
            for system in 0..inputs.systems.len() {
                if Some(system) == inputs.base() || !self.system(compared, system) {
                    continue;
                }
                for identity in 0..comparison.len {
                    let counts = comparison.state(identity, system).is_some_and(|state| state.pairing.counts());
                    if counts && self.matches(compared, kind, identity, system) {
                        each(kind, identity, system);
                    }
                }
            }
        }
    }
}

impl Wanted<'_> {
    pub(super) fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        Kind::ALL.into_iter().filter(|kind| self.kind.is_none_or(|wanted| wanted == *kind))
    }

    /// Whether a system's results are wanted; the system that is compared with always is.
    pub(super) fn system(&self, compared: &Compared, at: usize) -> bool {
        let inputs = &compared.inputs;
        self.system.is_none_or(|wanted| inputs.systems[at].id.as_str() == wanted || inputs.base() == Some(at))
    }

    pub(super) fn matches(&self, compared: &Compared, kind: Kind, identity: u32, system: usize) -> bool {
        self.filter.as_ref().is_none_or(|query| {
            let subject = Identity::new(compared, kind, identity, compared.inputs.base());
            let target = Identity::new(compared, kind, identity, Some(system));
            // What is asked of the source's record, or of the state in this very target.
            query.eval(&subject) == Some(true) || query.eval(&target) == Some(true)
        })
    }
}

/// Whether everything that was asked for was read to its end.
pub(in crate::cli) fn complete(world: &World, wanted: &Wanted<'_>) -> bool {
    let inputs = &world.compared.inputs;
    world.systems.iter().zip(&inputs.systems).enumerate().all(|(at, (status, system))| {
        !wanted.system(&world.compared, at)
            || (!matches!(status.health, Health::Bad { .. })
                && wanted.kinds().all(|kind| {
                    system.mapping.kind(kind).is_none()
                        || system.snapshot(kind).is_none_or(|snapshot| snapshot.complete())
                }))
    })
}
