//! The command line.

mod create;
mod filters;
mod list;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use duka_core::money::Decimal;
use url::Url;

use crate::environment;
use crate::ranges::{AGE, PAUSE, TOTAL, WAIT, duration, number, share};

pub(crate) use self::create::{AttemptArgs, CreateArgs};
pub(crate) use self::filters::{Cells, FilterArgs, FormatArgs, ListFormat};
pub(crate) use self::list::ListArgs;

/// Creates, tracks and safely cancels payment orders at KwikPaisa and Pesapal.
///
/// Try `duka demo`: it needs no account and nothing set up.
///
/// Exit codes: 0 done as asked; 1 failed, with nothing known to be wrong with the request;
/// 2 bad usage or configuration; 3 not eligible, or refused by the gateway; 4 outcome
/// unknown, or waiting for a person.
#[derive(Debug, Parser)]
#[command(name = "duka", version, propagate_version = true, max_term_width = 100, after_help = environment::help())]
pub(crate) struct Args {
    /// Configuration file [default: duka.toml, if there is one]
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_name = "FILE"
    )]
    pub(crate) config: Option<PathBuf>,

    /// Where cancellations are kept: sqlite:PATH [default: sqlite:duka.db]
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_name = "URL"
    )]
    pub(crate) store: Option<String>,

    /// Account to use; may be left out when only one is configured
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_name = "NAME"
    )]
    pub(crate) account: Option<String>,

    /// Print JSON on stdout and nothing else there: one document; one for each line of `sweep`,
    /// `pending` and `report`
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,

    /// Say more on stderr; up to three times
    #[arg(short, long, global = true, help_heading = "Global options", action = ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Say nothing on stderr but errors
    #[arg(
        short,
        long,
        global = true,
        help_heading = "Global options",
        conflicts_with = "verbose"
    )]
    pub(crate) quiet: bool,

    /// When to use colours; NO_COLOR is honoured
    #[arg(
        long,
        global = true,
        help_heading = "Global options",
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub(crate) color: Color,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    pub(crate) fn choice(self) -> anstream::ColorChoice {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the main job against built-in gateways, and check the report against the truth
    ///
    /// Starts both gateways on loopback, creates orders, lets customers pay, fail, walk
    /// away or pay at the last moment, loses some replies, sweeps once, prints the report
    /// and compares it with what the gateways know. Exits 0 only if they agree.
    Demo(DemoArgs),
    /// Run both gateways on loopback, for development and tests
    Emulate(EmulateArgs),
    /// Pesapal's notification addresses
    #[command(subcommand)]
    Ipn(IpnCommand),
    /// Create an order, track it, and print where the customer pays
    ///
    /// Pesapal answers an id that it knows with the order that had it first: use an id once. An
    /// option that the account's gateway does not know is refused before anything is sent, except
    /// for --notification-id, --cancellation-url and --service-type, which are ignored there.
    Create(Box<CreateArgs>),
    /// Ask the gateway where an order stands
    Status(StatusArgs),
    /// Cancel one order safely
    ///
    /// Reads the status, writes the intent down, sends one request, verifies the
    /// result, and keeps a record of every step.
    Cancel(CancelArgs),
    /// Request a refund; at Pesapal, once per payment
    ///
    /// Reads the status, writes the intent down and sends one request, for the amount and in
    /// the currency that the status shows. Received is not refunded: the merchant approves it
    /// in the gateway's dashboard.
    ///
    /// Exit codes: 0 received; 3 not paid, refused, or asked for before; 4 whether it arrived
    /// is not known.
    Refund(RefundArgs),
    /// Track open orders from a file
    ///
    /// CSV with the header account,order,created_at,amount,currency (and, if you like,
    /// reference, shop_order, expires_at, method, note), or NDJSON or a JSON array with the same
    /// keys. Further columns are not read. --format and --map read the lists of shops. An amount
    /// or a currency may be blank; the amount of such an order cannot be compared with what its
    /// gateway shows. Ids that a spreadsheet has changed, such as 6.11623E+12, are refused: make
    /// their column text before the ids come into it.
    Track(TrackArgs),
    /// Cancel abandoned orders, and settle what is in doubt
    ///
    /// An order counts as abandoned by its age. A [[sweep.rule]] in duka.toml keeps orders or gives
    /// them another age, by method, account, reference_prefix, currency, min_amount, max_amount or
    /// note_contains; the first that fits counts, and `duka explain ORDER` says which.
    Sweep(SweepArgs),
    /// Hold an order: no sweep cancels it, and neither does `duka cancel`, until it is released
    ///
    /// Who holds it, and the note, stay in the log for ever. A request that was sent before is
    /// still settled, by reading the status, and is not repeated.
    Hold(HoldArgs),
    /// Release an order that is held
    Release(ReleaseArgs),
    /// Say what a sweep would do with an order now, by which rule, and why
    ///
    /// Reads the store, the rules in duka.toml and the order's status; nothing is sent or stored.
    /// Give the ages that the sweep is given.
    Explain(ExplainArgs),
    /// Print the reconciliation log
    Report(ReportArgs),
    /// List what needs a person: in doubt, waiting for review, or paid late; refunds, too
    ///
    /// One line each, cancellations first, the oldest first, and then the commands that settle them.
    Pending(PendingArgs),
    /// Record a person's decision about something pending
    ///
    /// Look the order up at the gateway's dashboard first. Who decided, and the note, stay
    /// in the log for ever.
    Resolve(ResolveArgs),
    /// Print one order's timeline
    Show(ShowArgs),
    /// Check configuration, store, gateways and clock, and say what to fix
    Doctor(DoctorArgs),
    /// Print shell completions
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// What a command does to orders, or to what is kept of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Its result can be had again.
    Reads,
    /// Its result may not be printed a second time.
    Changes,
}

impl Command {
    pub(crate) fn effect(&self) -> Effect {
        match self {
            Self::Create(_)
            | Self::Cancel(_)
            | Self::Refund(_)
            | Self::Track(_)
            | Self::Hold(_)
            | Self::Release(_)
            | Self::Resolve(_)
            | Self::Ipn(IpnCommand::Register { .. }) => Effect::Changes,
            Self::Sweep(args) if !args.dry_run => Effect::Changes,
            Self::Sweep(_)
            | Self::Ipn(IpnCommand::List(_))
            | Self::Demo(_)
            | Self::Emulate(_)
            | Self::Status(_)
            | Self::Explain(_)
            | Self::Report(_)
            | Self::Pending(_)
            | Self::Show(_)
            | Self::Doctor(_)
            | Self::Completions { .. } => Effect::Reads,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// How many orders, at both gateways together, from 1 to 100000
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = number::<u32>(1, 100_000),
        allow_negative_numbers = true)]
    pub(crate) orders: u32,
    /// Repeats a run: the same customers do the same things; from 0 to 18446744073709551615
    #[arg(long, value_parser = number::<u64>(0, u64::MAX), allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct EmulateArgs {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:4010")]
    pub(crate) listen: SocketAddr,
    /// Allow an address that other machines can reach; every client that reaches it can pay orders
    #[arg(long)]
    pub(crate) expose: bool,
    /// Repeats a run with faults of a given probability; from 0 to 18446744073709551615
    #[arg(long, default_value_t = 0, value_parser = number::<u64>(0, u64::MAX),
        allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// Where to send KwikPaisa's webhooks
    #[arg(long, value_name = "URL")]
    pub(crate) webhook_url: Option<Url>,
    /// Another answer where a real gateway's is not known; may be given again
    ///
    /// Such as pesapal.second_cancel=accepted. GET /_emulator/variants lists names, values and defaults,
    /// and POST sets them while the emulator runs.
    #[arg(long = "variant", value_name = "NAME=VALUE")]
    pub(crate) variants: Vec<String>,
    /// Begin with the snapshot in this file, if it is there, and write one when it ends
    ///
    /// Orders, notification addresses, tokens, variants and the clock; --variant counts more than the
    /// file. GET and PUT /_emulator/state give and take the same while the emulator runs.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IpnCommand {
    /// Register an address; prints the id that `create` needs
    Register {
        /// Where Pesapal is to send notifications
        url: Url,
        /// How it is to send them
        #[arg(long, default_value = "get")]
        method: IpnMethodArg,
        #[command(flatten)]
        bound: BoundArgs,
    },
    /// List the registered addresses
    List(BoundArgs),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum IpnMethodArg {
    Get,
    Post,
}

#[derive(Debug, clap::Args)]
pub(crate) struct OrderArgs {
    /// KwikPaisa: your order id. Pesapal: the tracking id, or the reference of a tracked
    /// order. At both: the shop's own number of a tracked order
    pub(crate) order: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) order: OrderArgs,
    /// Show times in UTC and not in local time; JSON always has UTC
    #[arg(long)]
    pub(crate) utc: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BoundArgs {
    /// Give up after so long, from 1ms to 1year, all tries, pauses and the store together [default: 3m, or
    /// http.give_up_after in duka.toml, or DUKA_GIVE_UP_AFTER]
    ///
    /// What has been sent by then is not taken back: exit code 4 says that its outcome is not
    /// known, 1 that nothing was sent. Up to 5 s more are taken to store an answer that is
    /// there already.
    #[arg(long, value_name = "DURATION", value_parser = duration(TOTAL))]
    pub(crate) give_up_after: Option<Duration>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) order: OrderArgs,
    #[command(flatten)]
    pub(crate) bound: BoundArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    pub(crate) order: OrderArgs,
    /// Why, for the record
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// Who asks for it, for the record [default: the user's name]
    #[arg(long, value_name = "WHO")]
    pub(crate) actor: Option<String>,
    /// How long to wait for what is in doubt, from 0s to 1year; a later sweep settles the rest. The
    /// command may take so much longer than --give-up-after
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration(WAIT))]
    pub(crate) wait: Duration,
    /// Cancel an order even if the gateway shows it with another amount than it is tracked or
    /// listed with
    #[arg(long)]
    pub(crate) no_amount_check: bool,
    #[command(flatten)]
    pub(crate) bound: BoundArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RefundArgs {
    #[command(flatten)]
    pub(crate) order: OrderArgs,
    /// How much, in the currency that the status shows [default: all that was paid]
    #[arg(long, value_name = "A", value_parser = amount, allow_negative_numbers = true)]
    pub(crate) amount: Option<Decimal>,
    /// Why; sent to the gateway
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) remarks: String,
    /// Who asks for it, as sent to the gateway [default: as --actor]
    #[arg(long, value_name = "U", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) username: Option<String>,
    /// Who asks for it, for the record [default: the user's name]
    #[arg(long, value_name = "WHO")]
    pub(crate) actor: Option<String>,
    #[command(flatten)]
    pub(crate) bound: BoundArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrackArgs {
    /// CSV, NDJSON or a JSON array; - for standard input
    #[arg(id = "orders", value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) list: ListArgs,
    /// Where a row says another amount, currency, age, reference, method or note than what is
    /// tracked, or than an earlier row, take what it says; without this, such a row is a bad one
    #[arg(long)]
    pub(crate) update: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SweepArgs {
    /// Sweep the orders of this file, CSV or JSON (- for standard input), instead of all
    /// tracked orders; they are tracked from then on
    #[arg(long, value_name = "FILE")]
    pub(crate) orders: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
    /// Where a row of --orders says another amount, currency, age, reference, method or note than
    /// what is tracked, or than an earlier row, take what it says; without this, such a row is a
    /// bad one
    #[arg(long, requires = "orders", conflicts_with = "dry_run")]
    pub(crate) update: bool,
    /// Read statuses, say what would be done, and send and store nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Read statuses, store and report what they show, and cancel nothing
    ///
    /// What is in doubt is settled by reading alone. Orders that are paid and were not known as
    /// paid are listed by themselves. Orders that a rule keeps or a person holds are read as well.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) reconcile_only: bool,
    #[command(flatten)]
    pub(crate) ages: AgeArgs,
    /// Work on at most so many orders, from 0 to 1000000000
    #[arg(long, value_name = "N", value_parser = number::<u64>(0, 1_000_000_000),
        allow_negative_numbers = true)]
    pub(crate) max: Option<u64>,
    /// Work on so many orders at a time, from 1 to 256
    #[arg(long, value_name = "N", default_value = "8", value_parser = number::<u16>(1, 256),
        allow_negative_numbers = true)]
    pub(crate) concurrency: u16,
    /// Begin or settle at most so many orders in a second, from 1 to 10000, for each account
    #[arg(long, value_name = "N", value_parser = number::<u32>(1, 10_000),
        allow_negative_numbers = true)]
    pub(crate) rate: Option<u32>,
    /// Stop an account when more than this share of its last orders failed, from 0 to 1
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = share,
        allow_negative_numbers = true)]
    pub(crate) error_rate: f64,
    /// Read again what was reported cancelled, failed or expired so recently (from 0s to 10years), to
    /// find late payments, and what waits for a person
    #[arg(long, value_name = "DURATION", value_parser = duration(AGE))]
    pub(crate) recheck: Option<Duration>,
    /// After the last order, how long to wait for what is in doubt, from 0s to 1year
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration(WAIT))]
    pub(crate) wait: Duration,
    /// Keep running, and sweep again so long (give or take a tenth) after each end; from
    /// 100ms to 1year
    #[arg(long, value_name = "DURATION", value_parser = duration(PAUSE))]
    pub(crate) every: Option<Duration>,
    /// Cancel an order even if the gateway shows it with another amount than it is tracked or
    /// listed with
    #[arg(long)]
    pub(crate) no_amount_check: bool,
    /// Why, for the record
    #[arg(long, default_value = "abandoned")]
    pub(crate) reason: String,
    /// Who asks for it, for the record
    #[arg(long, value_name = "WHO", default_value = "duka sweep")]
    pub(crate) actor: String,
}

/// The ages from which orders count as abandoned.
#[derive(Debug, clap::Args)]
pub(crate) struct AgeArgs {
    /// Leave younger orders to their customers, unless a rule has another age for them; from 0s to
    /// 10years [default: 30m, or sweep.min_age in duka.toml]
    #[arg(long, value_name = "DURATION", value_parser = duration(AGE))]
    pub(crate) min_age: Option<Duration>,
    /// Leave younger orders to their customers while a payment is under way (KwikPaisa's
    /// PROCESSING); from 0s to 10years [default: 24h, or sweep.processing_min_age in duka.toml]
    #[arg(long, value_name = "DURATION", value_parser = duration(AGE))]
    pub(crate) processing_min_age: Option<Duration>,
    /// Leave older orders alone; from 0s to 10years
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = duration(AGE))]
    pub(crate) look_back: Duration,
    /// Leave orders alone whose last action is more recent; from 0s to 10years [default: as
    /// --min-age]
    #[arg(long, value_name = "DURATION", value_parser = duration(AGE))]
    pub(crate) grace: Option<Duration>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) order: OrderArgs,
    #[command(flatten)]
    pub(crate) ages: AgeArgs,
    #[command(flatten)]
    pub(crate) bound: BoundArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct HoldArgs {
    #[command(flatten)]
    pub(crate) order: OrderArgs,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) note: String,
    /// Who decided
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) by: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReleaseArgs {
    #[command(flatten)]
    pub(crate) order: OrderArgs,
    /// Who decided [default: the user's name]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) by: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ResolveArgs {
    /// What is decided about: an id from `duka pending`, the beginning of one, or an order by its id,
    /// its reference or its shop order; - reads them from standard input
    ///
    /// One on each line there; of CSV, such as `duka pending --format csv` prints, the first column.
    /// All are looked up before the first decision is stored.
    #[arg(value_name = "ID|ORDER|-")]
    pub(crate) what: String,
    /// What was decided
    #[arg(long = "as", value_name = "DECISION")]
    pub(crate) decision: Decision,
    /// Who decided
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) by: String,
    /// Why, and by what evidence
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) note: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Decision {
    /// The order is cancelled at the gateway
    Cancelled,
    /// It is not
    NotCancelled,
    /// A finding, such as a late payment, or an order that was not created, has been dealt with
    Acknowledged,
    /// Of a refund: the gateway has the request
    Received,
    /// Of a refund: the gateway has none, and another may be made
    NotReceived,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// List what is not verified about the gateways yet, as steps for a sandbox account, and
    /// try the harmless ones
    ///
    /// Nothing is created, cancelled, refunded or registered. A step that uses wrong keys or a
    /// wrong clock on purpose is tried at the sandbox only.
    #[arg(long)]
    pub(crate) probe: bool,
    #[command(flatten)]
    pub(crate) bound: BoundArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) filters: FilterArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PendingArgs {
    /// Only this order: its id, the merchant's reference, or the shop's own number
    pub(crate) order: Option<String>,
    /// All that is known of each, and what to check, in some lines each
    #[arg(long, conflicts_with = "format")]
    pub(crate) long: bool,
    /// Read the status of each order that is listed, settle what the status settles, and list the
    /// rest; nothing is sent to change anything
    #[arg(long)]
    pub(crate) recheck: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) filters: FilterArgs,
}

fn amount(text: &str) -> Result<Decimal, String> {
    // The parser skips underscores; here they are a slip of the hand.
    let amount = Decimal::from_str_exact(text).ok();
    let amount = amount.filter(|amount| !text.contains('_') && *amount > Decimal::ZERO);
    amount.ok_or_else(|| "not a number above zero, such as 105.50".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Args::command().debug_assert();
    }
}
