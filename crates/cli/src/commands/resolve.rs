//! `duka resolve`: a person's decision, recorded for ever.

use std::cell::OnceCell;
use std::io;
use std::sync::Arc;

use duka_core::cancel::Resolution;
use duka_core::{AccountName, CancellationId, CreationId, RefundId};
use duka_engine::create::{CreationEnd, OpenCreations};
use duka_engine::refunds::{PendingRefunds, RefundResolution};
use duka_engine::store::{ReportFilter, ReportPage};
use duka_engine::{Canceller, EngineError, RefundStore, Refunder};

use crate::args::{Decision, ResolveArgs};
use crate::config::Config;
use crate::context::Context;
use crate::csv_rows::COLUMNS;
use crate::failure::{Exit, Failure};
use crate::output::{colorize, plain, print_error};
use crate::views::{CancellationView, CreationView, RefundView};

pub(crate) async fn run(args: &ResolveArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let (by, note) = (args.by.trim(), args.note.trim());
    super::not_blank(&[("--by", by), ("--note", note)])?;
    let names = if args.what == "-" {
        names(io::stdin().lock())?
    } else {
        vec![args.what.clone()]
    };
    let store = context.existing_store(&config).await?;
    let account = context.chosen(&config)?;
    // All are looked up first: a list with a slip in it decides nothing.
    let mut targets = Vec::new();
    for name in &names {
        let target = find(name, args.decision, account.as_ref(), store.as_ref()).await?;
        if !target.takes(args.decision) {
            return Err(target.takes_another());
        }
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    let desk = Desk {
        store,
        config: &config,
        context,
        canceller: OnceCell::new(),
        refunder: OnceCell::new(),
    };
    let mut trouble = None;
    for target in targets {
        let decided = desk.decide(target, args.decision, (by, note)).await;
        if let Err(failure) = decided {
            if names.len() == 1 {
                return Err(failure);
            }
            let said = failure.to_string();
            // A broken pipe is not worth a word.
            if !said.is_empty() {
                print_error(&said);
            }
            trouble.get_or_insert(failure.exit());
        }
    }
    Ok(trouble.unwrap_or(Exit::Done))
}

/// What a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Cancellation(CancellationId),
    Refund(RefundId),
    Creation(CreationId),
}

impl Target {
    fn id(self) -> String {
        match self {
            Self::Cancellation(id) => id.to_string(),
            Self::Refund(id) => id.to_string(),
            Self::Creation(id) => id.to_string(),
        }
    }

    /// The failure of a decision that is not about this.
    fn takes_another(self) -> Failure {
        Failure::usage(match self {
            Self::Cancellation(id) => format!(
                "{id} is a cancellation; decide about it with --as cancelled or --as not-cancelled"
            ),
            Self::Refund(id) => {
                format!("{id} is a refund; decide about it with --as received or --as not-received")
            }
            Self::Creation(id) => format!(
                "{id} is an order that may not have been created; close it with --as acknowledged"
            ),
        })
    }

    /// Whether this can be decided about it.
    fn takes(self, decision: Decision) -> bool {
        match (self, decision) {
            (Self::Cancellation(_), Decision::Cancelled | Decision::NotCancelled)
            | (Self::Refund(_), Decision::Received | Decision::NotReceived)
            | (_, Decision::Acknowledged) => true,
            (Self::Refund(_) | Self::Creation(_), Decision::Cancelled | Decision::NotCancelled)
            | (
                Self::Cancellation(_) | Self::Creation(_),
                Decision::Received | Decision::NotReceived,
            ) => false,
        }
    }
}

/// So much of standard input is read; it may have no end.
const MOST: u64 = 16 * 1024 * 1024;

/// The first cell of each row; a header of ours is left out, and so is the apostrophe of a spreadsheet.
fn names(input: impl io::Read) -> Result<Vec<String>, Failure> {
    let mut input = input.take(MOST + 1);
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(&mut input);
    let mut names = Vec::new();
    for row in rows.records() {
        let row =
            row.map_err(|error| Failure::usage(format!("failed to read standard input: {error}")))?;
        let name = row
            .get(0)
            .unwrap_or_default()
            .trim_start_matches('\u{feff}')
            // What `--format csv` puts there; no id begins with it.
            .trim_start_matches('\'');
        let header = names.is_empty() && name == COLUMNS[0];
        if !name.is_empty() && !header {
            names.push(name.to_owned());
        }
    }
    drop(rows);
    if input.limit() == 0 {
        return Err(Failure::usage(
            "standard input is longer than 16 MiB; give one id or order on each line",
        ));
    }
    if names.is_empty() {
        return Err(Failure::usage(
            "standard input names nothing; give one id or order on each line",
        ));
    }
    Ok(names)
}

/// What a name means: an id, an order about which something is pending, or the beginning of
/// the id of something pending.
async fn find(
    name: &str,
    decision: Decision,
    account: Option<&AccountName>,
    store: &dyn RefundStore,
) -> Result<Target, Failure> {
    if let Some(target) = by_id(name, store).await? {
        return Ok(target);
    }
    let known = super::find_kept(name, store).await?;
    let mut named = pending(Some(name), account, store).await?;
    // As everywhere: an id or a reference of an order comes before a shop order of the same name.
    if known
        .iter()
        .any(|order| super::is_its_own_name(name, order))
    {
        named.retain(|it| it.by == NamedBy::Order);
    }
    let mut found: Vec<Target> = named.into_iter().map(|it| it.target).collect();
    if found.is_empty() && known.is_empty() && name.len() >= SHORTEST {
        let all = pending(None, account, store).await?.into_iter();
        let begins = name.to_ascii_lowercase();
        found.extend(
            all.map(|it| it.target)
                .filter(|it| it.id().starts_with(&begins)),
        );
    }
    let fitting: Vec<Target> = found
        .iter()
        .copied()
        .filter(|it| it.takes(decision))
        .collect();
    match (&fitting[..], &found[..]) {
        ([one], _) | ([], [one]) => Ok(*one),
        ([], []) => Err(Failure::usage(format!(
            "there is nothing to decide about {name}: nothing pending has this id, and no order that this names waits; see `duka pending`"
        ))),
        ([], many) | (many, _) => {
            let ids: Vec<String> = many.iter().map(|target| target.id()).collect();
            Err(Failure::usage(format!(
                "{name} means more than one decision ({}); name one by its id",
                ids.join(", ")
            )))
        }
    }
}

/// The shortest beginning of an id that is looked for. Ids begin with the time at which they were
/// made; those of the same minute differ behind this.
const SHORTEST: usize = 8;

async fn by_id(name: &str, store: &dyn RefundStore) -> Result<Option<Target>, Failure> {
    let Ok(id) = name.parse::<CancellationId>() else {
        return Ok(None);
    };
    let failed = |error| Failure::store("resolve it", &error);
    if store.cancellation(id).await.map_err(failed)?.is_some() {
        return Ok(Some(Target::Cancellation(id)));
    }
    let refund = RefundId::from_uuid(*id.as_uuid());
    if store.refund(refund).await.map_err(failed)?.is_some() {
        return Ok(Some(Target::Refund(refund)));
    }
    let creation = CreationId::from_uuid(*id.as_uuid());
    let mut page = OpenCreations {
        limit: PAGE,
        ..OpenCreations::default()
    };
    loop {
        let creations = store.open_creations(page.clone()).await.map_err(failed)?;
        let Some(last) = creations.last() else {
            return Ok(None);
        };
        page.after = Some((last.started_at, last.id));
        if creations.iter().any(|it| it.id == creation) {
            return Ok(Some(Target::Creation(creation)));
        }
    }
}

const PAGE: u32 = 500;

/// By what a name fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NamedBy {
    /// The order's id or reference.
    Order,
    ShopOrder,
}

/// Something pending.
struct Named {
    target: Target,
    by: NamedBy,
}

/// All that is pending, or what is pending about the orders with this name.
async fn pending(
    order: Option<&str>,
    account: Option<&AccountName>,
    store: &dyn RefundStore,
) -> Result<Vec<Named>, Failure> {
    let failed = |error| Failure::store("list what is pending", &error);
    let order = order.map(super::as_kept);
    let named = |own: &[Option<&str>]| {
        if own.contains(&order.as_deref()) {
            NamedBy::Order
        } else {
            NamedBy::ShopOrder
        }
    };
    let mut found = Vec::new();
    let mut page = ReportPage {
        which: ReportFilter::Pending,
        account: account.cloned(),
        order: order.clone(),
        limit: PAGE,
        ..ReportPage::default()
    };
    loop {
        let records = store.report(page.clone()).await.map_err(failed)?;
        if !page.advance(&records) {
            break;
        }
        found.extend(records.iter().map(|record| Named {
            target: Target::Cancellation(record.id),
            by: named(&[Some(record.key.order.as_str()), record.reference.as_deref()]),
        }));
    }
    let fits = |names: [Option<&str>; 3]| order.is_none() || names.contains(&order.as_deref());
    let mut page = PendingRefunds {
        account: account.cloned(),
        after: None,
        limit: PAGE,
    };
    loop {
        let refunds = store.pending_refunds(page.clone()).await.map_err(failed)?;
        let Some(last) = refunds.last() else { break };
        page.after = Some((last.created_at, last.id));
        let fitting = refunds.iter().filter(|refund| {
            let (reference, shop) = (refund.reference.as_deref(), refund.shop_order.as_deref());
            fits([Some(refund.key.order.as_str()), reference, shop])
        });
        found.extend(fitting.map(|refund| Named {
            target: Target::Refund(refund.id),
            by: named(&[Some(refund.key.order.as_str()), refund.reference.as_deref()]),
        }));
    }
    let mut page = OpenCreations {
        account: account.cloned(),
        limit: PAGE,
        ..OpenCreations::default()
    };
    loop {
        let creations = store.open_creations(page.clone()).await.map_err(failed)?;
        let Some(last) = creations.last() else { break };
        page.after = Some((last.started_at, last.id));
        let fitting = creations
            .iter()
            .filter(|it| fits([Some(&it.reference), it.shop_order.as_deref(), None]));
        found.extend(fitting.map(|it| Named {
            target: Target::Creation(it.id),
            by: named(&[Some(&it.reference)]),
        }));
    }
    Ok(found)
}

/// What all decisions of a command are recorded with. A worker is made once, when the first decision
/// needs it: that reads secrets and certificates.
struct Desk<'a> {
    store: Arc<dyn RefundStore>,
    config: &'a Config,
    context: &'a Context,
    canceller: OnceCell<Canceller>,
    refunder: OnceCell<Refunder>,
}

impl Desk<'_> {
    fn canceller(&self) -> Result<&Canceller, Failure> {
        match self.canceller.get() {
            Some(made) => Ok(made),
            None => {
                let store = Arc::clone(&self.store);
                let made = self.context.canceller_on(store, self.config)?;
                Ok(self.canceller.get_or_init(|| made))
            }
        }
    }

    fn refunder(&self) -> Result<&Refunder, Failure> {
        match self.refunder.get() {
            Some(made) => Ok(made),
            None => {
                let store = Arc::clone(&self.store);
                let made = self.context.refunder_on(store, self.config)?;
                Ok(self.refunder.get_or_init(|| made))
            }
        }
    }

    async fn decide(
        &self,
        target: Target,
        decision: Decision,
        said: (&str, &str),
    ) -> Result<(), Failure> {
        let context = self.context;
        match target {
            Target::Cancellation(id) => {
                let resolution = match decision {
                    Decision::Cancelled => Resolution::Cancelled,
                    Decision::NotCancelled => Resolution::NotCancelled,
                    Decision::Acknowledged => Resolution::Acknowledged,
                    Decision::Received | Decision::NotReceived => {
                        return Err(target.takes_another());
                    }
                };
                cancellation(id, self.canceller()?, resolution, said, context).await
            }
            Target::Refund(id) => {
                let resolution = match decision {
                    Decision::Acknowledged => None,
                    Decision::Received => Some(RefundResolution::Received),
                    Decision::NotReceived => Some(RefundResolution::NotReceived),
                    Decision::Cancelled | Decision::NotCancelled => {
                        return Err(target.takes_another());
                    }
                };
                refund(id, self.refunder()?, resolution, said, context).await
            }
            Target::Creation(id) => {
                if decision != Decision::Acknowledged {
                    return Err(target.takes_another());
                }
                acknowledge_creation(id, self.store.as_ref(), said, context).await
            }
        }
    }
}

/// Closes an open request to create an order.
async fn acknowledge_creation(
    id: CreationId,
    store: &dyn RefundStore,
    (by, note): (&str, &str),
    context: &Context,
) -> Result<(), Failure> {
    let now = context.clock.now();
    let end = CreationEnd::Acknowledged(format!("{by}: {note}"));
    let ended = store.end_creation(id, end).await;
    let ended = ended.map_err(|error| Failure::store("resolve it", &error))?;
    let Some(creation) = ended else {
        return Err(Failure::usage(format!(
            "there is nothing to decide about {id}; see `duka pending`"
        )));
    };
    let view = CreationView::acknowledged(&creation, now);
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        let message = plain(creation.message.as_deref().unwrap_or_default());
        context.output.line(&format!(
            "{} at {}  acknowledged  {message}",
            creation.reference, creation.account
        ))?;
    }
    Ok(())
}

async fn refund(
    id: RefundId,
    refunder: &Refunder,
    resolution: Option<RefundResolution>,
    (by, note): (&str, &str),
    context: &Context,
) -> Result<(), Failure> {
    let resolved = match resolution {
        Some(resolution) => refunder.resolve(id, resolution, by, note).await,
        None => refunder.acknowledge(id, by, note).await,
    };
    let refund = resolved.map_err(|error| {
        let EngineError::NothingToDecide(refund) = &error else {
            return Failure::engine("resolve it", &error);
        };
        let view = RefundView::of(refund, None);
        Failure::usage(format!(
            "there is nothing to decide about {id}: it is {}; see `duka pending`",
            view.standing()
        ))
    })?;
    let view = RefundView::of(&refund, None);
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        context.output.line(&format!(
            "{}  {}  {}",
            refund.key,
            colorize(view.standing()),
            view.said()
        ))?;
    }
    Ok(())
}

async fn cancellation(
    id: CancellationId,
    canceller: &Canceller,
    resolution: Resolution,
    (by, note): (&str, &str),
    context: &Context,
) -> Result<(), Failure> {
    let resolved = canceller.resolve(id, resolution, by, note).await;
    let record = resolved.map_err(|error| {
        let EngineError::NotAllowed(refused) = &error else {
            return Failure::engine("resolve it", &error);
        };
        Failure::usage(format!(
            "there is nothing to decide about {id}: it is {}; see `duka pending`",
            refused.state.as_str()
        ))
    })?;
    let view = CancellationView::from(&record);
    if context.output.is_json() {
        context.output.json(&view)?;
    } else {
        context.output.line(&format!(
            "{}  {}  {}",
            record.key,
            colorize(view.finding.unwrap_or_else(|| view.standing())),
            view.said()
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_never_end_are_refused() {
        for endless in [b'x', b'\n'] {
            let refused = names(io::repeat(endless)).unwrap_err().to_string();
            assert!(refused.contains("longer than 16 MiB"), "{refused}");
        }
    }
}
