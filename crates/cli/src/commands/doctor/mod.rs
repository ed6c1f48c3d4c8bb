//! `duka doctor`: configuration, store, reachability, credentials, clock; what is wrong
//! and what to do about it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use duka_core::{AccountName, OrderId};
use duka_engine::Store;
use duka_engine::store::{Abandoned, AbandonedPage, ReportFilter, ReportPage};
use duka_http::{Intent, Request};
use jiff::Timestamp;
use serde::Serialize;
use url::Url;

use self::steps::Step;
use crate::accounts::{self, Caller};
use crate::args::DoctorArgs;
use crate::config::{Account, Config};
use crate::context::{Absent, Context, missing_store, store_path};
use crate::failure::{Exit, Failure};
use crate::output::{colorize, plain};

mod probe;
mod recorder;
mod steps;

/// How far a clock may be off before signatures are in danger, in seconds. The gateway's
/// own window is not documented; common ones are five minutes.
const CLOCK_TOLERANCE: i64 = 60;

/// More than a cancellation needs in the store's log, in bytes.
const ROOM: usize = 64 * 1024;

/// Records read from the store at a time.
const PAGE: u32 = 500;

#[derive(Debug, Serialize)]
struct Finding {
    check: String,
    ok: bool,
    #[serde(skip)]
    warns: bool,
    detail: String,
}

struct Findings {
    all: Vec<Finding>,
}

impl Findings {
    fn ok(&mut self, check: impl Into<String>, detail: impl Into<String>) {
        self.push(check.into(), true, detail.into());
    }

    fn fix(&mut self, check: impl Into<String>, detail: impl Into<String>) {
        self.push(check.into(), false, detail.into());
    }

    /// Nothing is wrong with the installation, and yet a person has something to do.
    fn warn(&mut self, check: impl Into<String>, detail: impl Into<String>) {
        self.ok(check, detail);
        if let Some(last) = self.all.last_mut() {
            last.warns = true;
        }
    }

    fn push(&mut self, check: String, ok: bool, detail: String) {
        let warns = false;
        self.all.push(Finding {
            check,
            ok,
            warns,
            detail,
        });
    }
}

/// What `--probe` adds, as one document.
#[derive(Debug, Serialize)]
struct Probed<'a> {
    findings: &'a [Finding],
    steps: &'a [Step],
    probes: &'a [probe::Finding],
}

pub(crate) async fn run(args: &DoctorArgs, context: &Context) -> Result<Exit, Failure> {
    let mut findings = Findings { all: Vec::new() };
    let mut wrong = Exit::Failed;
    let mut probes = Vec::new();
    let config = match context.config() {
        Err(failure) => {
            findings.fix("configuration", failure.to_string());
            wrong = failure.exit();
            None
        }
        Ok(config) => {
            let chosen = context.chosen(&config)?;
            let bound = context.bound(&config, args.bound.give_up_after);
            findings.ok("configuration", format!("read from {}", config.origin));
            if config.accounts.is_empty() {
                let missing = context.canceller(&config, Absent::Make).await.err();
                findings.fix(
                    "accounts",
                    missing.map_or_else(String::new, |f| f.to_string()),
                );
                wrong = Exit::Usage;
            }
            let checked = bound.within(check_store(&config, context, &mut findings));
            if let Err(end) = checked.await {
                findings.fix("store", format!("not checked to the end: {end}"));
            }
            let caller = context.caller(&config)?;
            for (name, account) in &config.accounts {
                if chosen.as_ref().is_none_or(|only| only == name) {
                    let checked = check_account(name, account, &caller, context, &mut findings);
                    let usable = match bound.within(checked).await {
                        Ok(usable) => usable,
                        Err(end) => {
                            let check = format!("{name}: in time");
                            findings.fix(check, format!("not checked to the end: {end}"));
                            false
                        }
                    };
                    // Without usable settings there is nothing to try; that was reported.
                    if args.probe && usable {
                        let probed = bound.within(async {
                            let known = known_order(name, &config, context).await;
                            probe::run(name, account, known, &caller, context).await
                        });
                        match probed.await {
                            Ok(probed) => probes.extend(probed?),
                            Err(end) => {
                                let check = format!("{name}: probes");
                                findings.fix(check, format!("not tried to the end: {end}"));
                            }
                        }
                    }
                }
            }
            Some(config)
        }
    };
    if args.probe {
        let steps = steps::of(config.as_ref());
        if context.output.is_json() {
            context.output.json(&Probed {
                findings: &findings.all,
                steps: &steps,
                probes: &probes,
            })?;
        } else {
            print(&findings, context)?;
            steps::print(&steps, &probes, context.output)?;
        }
    } else {
        print(&findings, context)?;
    }
    let healthy = findings.all.iter().all(|finding| finding.ok);
    Ok(if healthy { Exit::Done } else { wrong })
}

fn print(findings: &Findings, context: &Context) -> Result<(), Failure> {
    if context.output.is_json() {
        return context.output.json(&findings.all);
    }
    for finding in &findings.all {
        let word = match (finding.ok, finding.warns) {
            (false, _) => "fix",
            (true, true) => "warn",
            (true, false) => "ok",
        };
        // By hand: the codes of a colour count as letters where a width is given.
        let indent = " ".repeat(6 - word.len());
        let word = colorize(word);
        let line = format!(
            "{indent}{word}  {}: {}",
            finding.check,
            plain(&finding.detail)
        );
        context.output.line(&line)?;
    }
    Ok(())
}

/// A tracked order of this account, if there is one; a failing store was reported before.
async fn known_order(account: &AccountName, config: &Config, context: &Context) -> Option<OrderId> {
    let store = context.existing_store(config).await.ok()?;
    let page = AbandonedPage {
        which: Abandoned::ByAge,
        from: Timestamp::MIN,
        until: Timestamp::MAX,
        untouched_since: Timestamp::MAX,
        account: Some(account.clone()),
        after: None,
        limit: 1,
    };
    let mut orders = store.abandoned(page).await.ok()?;
    orders.pop().map(|order| order.key.order)
}

async fn check_store(config: &Config, context: &Context, findings: &mut Findings) {
    let missing = match missing_store(config) {
        Ok(missing) => missing,
        Err(failure) => return findings.fix("store", failure.to_string()),
    };
    if let Some(path) = missing {
        let shown = path.display();
        return match room_for(path) {
            Ok(()) => findings.ok(
                "store",
                format!("there is none at {shown} yet; the first command that needs it makes it"),
            ),
            Err(error) => findings.fix("store", format!("none can be made at {shown}: {error}")),
        };
    }
    // The file may be writable; SQLite writes into a log beside it first.
    let beside = store_path(config).map_or(Ok(()), room_for).err();
    let beside = beside.map(|error| {
        format!("nothing can be written beside it ({error}); make room on that disk, and let duka write in the store's folder")
    });
    let store = match context.open_store(config).await {
        Ok(store) => Ok(store),
        Err(failure) => Err(failure.to_string()),
    };
    let checked = match &store {
        Ok(store) => store.check().await.map_err(|error| error.to_string()),
        Err(problem) => Err(problem.clone()),
    };
    let holds = match (checked, beside) {
        (Ok(holds), None) => holds,
        (Ok(_), Some(problem)) => {
            return findings.fix("store", format!("{}: {problem}", config.store));
        }
        (Err(problem), None) => return findings.fix("store", problem),
        (Err(problem), Some(more)) => return findings.fix("store", format!("{problem}; {more}")),
    };
    findings.ok(
        "store",
        format!(
            "{} can be read and written: {} orders, {} cancellations, {} unsettled, {} waiting for review",
            config.store,
            holds.orders,
            holds.cancellations,
            holds.unsettled,
            holds.needs_review
        ),
    );
    if let Ok(store) = store {
        match store.waiting().await {
            Ok(0) => {}
            Ok(1) => findings.warn("pending", "1 waits for a person, see `duka pending`"),
            Ok(many) => findings.warn(
                "pending",
                format!("{many} wait for a person, see `duka pending`"),
            ),
            Err(error) => findings.fix("store", error.to_string()),
        }
        check_unsettled(store.as_ref(), config, findings).await;
    }
}

/// What no sweep will settle: it belongs to accounts that are not configured.
async fn check_unsettled(store: &dyn Store, config: &Config, findings: &mut Findings) {
    let mut page = ReportPage {
        which: ReportFilter::Unsettled,
        limit: PAGE,
        ..ReportPage::default()
    };
    let mut gone = BTreeMap::<AccountName, usize>::new();
    loop {
        let records = match store.report(page.clone()).await {
            Ok(records) => records,
            Err(error) => return findings.fix("store", error.to_string()),
        };
        if !page.advance(&records) {
            break;
        }
        for record in records {
            if !config.accounts.contains_key(&record.key.account) {
                *gone.entry(record.key.account).or_default() += 1;
            }
        }
    }
    for (account, count) in gone {
        let what = if count == 1 {
            format!("1 cancellation of account {account} is")
        } else {
            format!("{count} cancellations of account {account} are")
        };
        findings.fix(
            "store",
            format!(
                "{what} not settled, and no such account is configured; configure it again, by this name"
            ),
        );
    }
}

/// Tries whether there is room for a file in the folder of this one, and leaves none.
fn room_for(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let mut file = tempfile::tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(&[0; ROOM])?;
    // A full disk may be noticed only when the bytes get there.
    file.sync_all()
}

/// Checks one account; returns whether its settings suffice to call its gateway.
async fn check_account(
    name: &AccountName,
    account: &Account,
    caller: &Caller,
    context: &Context,
    findings: &mut Findings,
) -> bool {
    check_clock(name, account, caller, context, findings).await;
    let check = format!("{name}: credentials");
    match accounts::try_credentials(name, account, caller).await {
        Ok(Ok(detail)) => findings.ok(check, detail),
        Ok(Err(error)) => findings.fix(check, error.in_full().to_string()),
        Err(failure) => {
            findings.fix(check, failure.to_string());
            return false;
        }
    }
    true
}

/// Asks the gateway's front page, which needs no credentials, for the time.
async fn check_clock(
    name: &AccountName,
    account: &Account,
    caller: &Caller,
    context: &Context,
    findings: &mut Findings,
) {
    let reach = format!("{name}: reachable");
    let url = front_page(account);
    let mut shown = url.origin().ascii_serialization();
    if let Some(proxy) = caller.proxy() {
        shown.push_str(&format!(" through {proxy}"));
    }
    let reply = match caller
        .transport()
        .exchange(Request::get(url), Intent::Read)
        .await
    {
        Ok(reply) => reply,
        Err(error) => return findings.fix(reach, format!("{shown}: {}", error.in_full())),
    };
    findings.ok(reach, shown);
    let clock = format!("{name}: clock");
    match reply.date {
        None => findings.ok(clock, "the gateway does not send the time"),
        Some(theirs) => {
            let off = context.clock.now().duration_since(theirs).as_secs();
            let direction = if off > 0 { "ahead of" } else { "behind" };
            if off.abs() > CLOCK_TOLERANCE {
                findings.fix(
                    clock,
                    format!(
                        "this machine's clock is {} s {direction} the gateway's; set it by NTP, or signed requests may be refused",
                        off.abs()
                    ),
                );
            } else {
                findings.ok(
                    clock,
                    format!("within {CLOCK_TOLERANCE} s of the gateway's"),
                );
            }
        }
    }
}

fn front_page(account: &Account) -> Url {
    if let Some(base) = &account.base_url {
        return base.as_url().clone();
    }
    let text = account.gateway.url(account.system);
    Url::parse(text).expect("the addresses of the gateways are well formed")
}
