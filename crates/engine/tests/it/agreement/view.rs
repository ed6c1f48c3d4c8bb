//! Everything that can be read of a store, side by side with what the model says.

use std::fmt;

use duka_core::id::IdForm;
use duka_core::{AccountName, CancellationId};
use duka_engine::store::{AbandonedPage, ReportFilter, ReportPage, StoreStats};
use duka_engine::{LogEntry, OrderKey, Record, Store, StoreError, TrackedOrder};
use jiff::Timestamp;
use rusqlite::Connection;

use super::model::Model;

/// Where the two disagree, and what each says.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) place: &'static str,
    pub(super) store: String,
    pub(super) model: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            store,
            model,
        } = self;
        write!(f, "{place}:\n  store {store}\n  model {model}")
    }
}

/// What to read. The pages change from one look to the next, so that a life is seen
/// through all of them and a look stays quick.
pub(super) struct Questions {
    pub(super) keys: Vec<OrderKey>,
    pub(super) texts: Vec<&'static str>,
    pub(super) ids: Vec<CancellationId>,
    pub(super) since: Option<Timestamp>,
    pub(super) account: Option<AccountName>,
    pub(super) page: AbandonedPage,
}

/// An attempt as its row has it: cancellation and number, whether once only, when it was
/// started and ended, and what came of it.
type Row = (String, u32, bool, i64, Option<i64>, String);

#[derive(Debug)]
pub(super) struct View {
    orders: Vec<Option<TrackedOrder>>,
    /// Ids compare as text, whatever their form.
    forms: Vec<Option<IdForm>>,
    found: Vec<Vec<TrackedOrder>>,
    cancellations: Vec<Option<Record>>,
    of_order: Vec<Vec<Record>>,
    form_of_record: Vec<IdForm>,
    logs: Vec<Vec<LogEntry>>,
    reports: Vec<Vec<Vec<Record>>>,
    abandoned: Vec<Vec<TrackedOrder>>,
    attempts: Vec<Row>,
    holdings: StoreStats,
}

const EVERY: [ReportFilter; 4] = [
    ReportFilter::All,
    ReportFilter::Pending,
    ReportFilter::Unsettled,
    ReportFilter::ReportedUnpaid,
];

/// A walk is stopped here: a broken store may turn in circles.
const MOST_PAGES: usize = 200;

fn form_of(order: &TrackedOrder) -> IdForm {
    order.key.order.form()
}

fn forms_of(records: &[Vec<Record>]) -> Vec<IdForm> {
    let records = records.iter().flatten();
    records.map(|record| record.key.order.form()).collect()
}

impl View {
    /// The attempts are looked at in the file: no call shows them.
    pub(super) async fn of_store(
        store: &dyn Store,
        file: &Connection,
        asked: &Questions,
    ) -> Result<Self, StoreError> {
        let (mut orders, mut of_order) = (Vec::new(), Vec::new());
        for key in &asked.keys {
            orders.push(store.order(key).await?);
            of_order.push(store.cancellations_of(key).await?);
        }
        let mut found = Vec::new();
        for text in &asked.texts {
            let mut orders = store.find_orders(text).await?;
            // Their order is not promised.
            orders.sort_by_key(|order| order.key.clone());
            found.push(orders);
        }
        let (mut cancellations, mut logs) = (Vec::new(), Vec::new());
        for id in &asked.ids {
            cancellations.push(store.cancellation(*id).await?);
            logs.push(store.log(*id).await?);
        }
        let mut reports = Vec::new();
        for which in EVERY {
            reports.push(walk_report(store, which, asked).await?);
        }
        Ok(Self {
            forms: orders
                .iter()
                .map(|order| order.as_ref().map(form_of))
                .collect(),
            orders,
            found,
            cancellations,
            form_of_record: forms_of(&of_order),
            of_order,
            logs,
            reports,
            abandoned: walk_abandoned(store, asked).await?,
            attempts: rows(file),
            holdings: store.check().await?,
        })
    }

    pub(super) fn of_model(model: &Model, asked: &Questions) -> Self {
        let keys = || asked.keys.iter();
        let limit = usize::try_from(asked.page.limit).unwrap();
        let orders: Vec<_> = keys().map(|key| model.order(key)).collect();
        let of_order: Vec<_> = keys()
            .map(|key| model.records(|record| record.key == *key))
            .collect();
        let report = |which| {
            let all = model.report(which, asked.since, asked.account.as_ref());
            all.chunks(limit).map(<[_]>::to_vec).collect()
        };
        let attempts = model.attempts().iter().map(|((id, number), it)| {
            let ended_at = it.ended_at.map(Timestamp::as_microsecond);
            let started_at = it.started_at.as_microsecond();
            let result = it.result.clone();
            (
                id.to_string(),
                *number,
                it.once,
                started_at,
                ended_at,
                result,
            )
        });
        Self {
            forms: orders
                .iter()
                .map(|order| order.as_ref().map(form_of))
                .collect(),
            orders,
            found: asked.texts.iter().map(|text| model.find(text)).collect(),
            cancellations: asked
                .ids
                .iter()
                .map(|id| model.present(*id).cloned())
                .collect(),
            form_of_record: forms_of(&of_order),
            of_order,
            logs: asked.ids.iter().map(|id| model.log(*id).to_vec()).collect(),
            reports: EVERY.map(report).to_vec(),
            abandoned: model
                .abandoned(&asked.page)
                .chunks(limit)
                .map(<[_]>::to_vec)
                .collect(),
            attempts: attempts.collect(),
            holdings: model.holdings(),
        }
    }

    /// The first thing of which this store says otherwise than the model.
    pub(super) fn compare(&self, model: &Self) -> Result<(), Difference> {
        same("order", &self.orders, &model.orders)?;
        same("form of an id", &self.forms, &model.forms)?;
        same("find_orders", &self.found, &model.found)?;
        same("cancellation", &self.cancellations, &model.cancellations)?;
        same("cancellations_of", &self.of_order, &model.of_order)?;
        same("form of an id", &self.form_of_record, &model.form_of_record)?;
        for (store, model) in self.logs.iter().zip(&model.logs) {
            same("log", store, model)?;
        }
        for (store, model) in self.reports.iter().zip(&model.reports) {
            same("report", store, model)?;
        }
        same("abandoned", &self.abandoned, &model.abandoned)?;
        same("attempts", &self.attempts, &model.attempts)?;
        same("check", &[self.holdings], &[model.holdings])
    }
}

/// Compares two lists and shows the first pair that differs.
pub(super) fn same<T: PartialEq + fmt::Debug>(
    place: &'static str,
    store: &[T],
    model: &[T],
) -> Result<(), Difference> {
    let longest = store.len().max(model.len());
    let differs = (0..longest).find(|at| store.get(*at) != model.get(*at));
    let Some(at) = differs else { return Ok(()) };
    let shown = |side: &[T]| {
        side.get(at)
            .map_or_else(String::new, |it| format!("{it:?}"))
    };
    Err(Difference {
        place,
        store: shown(store),
        model: shown(model),
    })
}

async fn walk_report(
    store: &dyn Store,
    which: ReportFilter,
    asked: &Questions,
) -> Result<Vec<Vec<Record>>, StoreError> {
    let mut page = ReportPage {
        which,
        since: asked.since,
        account: asked.account.clone(),
        limit: asked.page.limit,
        ..ReportPage::default()
    };
    let mut pages = Vec::new();
    while pages.len() < MOST_PAGES {
        let records = store.report(page.clone()).await?;
        if !page.advance(&records) {
            break;
        }
        pages.push(records);
    }
    Ok(pages)
}

async fn walk_abandoned(
    store: &dyn Store,
    asked: &Questions,
) -> Result<Vec<Vec<TrackedOrder>>, StoreError> {
    let (mut page, mut pages) = (asked.page.clone(), Vec::new());
    while pages.len() < MOST_PAGES {
        let orders = store.abandoned(page.clone()).await?;
        let Some(last) = orders.last() else { break };
        page.after = Some((last.age_from(), last.key.clone()));
        pages.push(orders);
    }
    Ok(pages)
}

fn rows(file: &Connection) -> Vec<Row> {
    let sql = "SELECT cancellation, number, once_only, started_at, ended_at, result
               FROM attempts ORDER BY cancellation, number";
    let mut select = file.prepare_cached(sql).unwrap();
    let read = select.query_map([], |row| {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
        ))
    });
    read.unwrap().map(Result::unwrap).collect()
}
