//! What no list and no configuration with something changed in it may be taken for.

use std::collections::HashMap;
use std::fs;

use duka_core::Money;
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::args::ListArgs;
use crate::config::Config;
use crate::fuzz::{finds, holds, mutated};

const CONFIG: &str = r#"store = "sqlite:orders.db"
[accounts.in]
gateway = "kwikpaisa"
api_key_env = "SHOP_IN_KEY"
secret_key_env = "SHOP_IN_SECRET"
environment = "sandbox"
[accounts.ke]
gateway = "pesapal"
consumer_key_env = "SHOP_KE_KEY"
consumer_secret_env = "SHOP_KE_SECRET"
"#;

const HEADER: &str = "account,order,created_at,amount,currency,reference\n";

const ROWS: &[&str] = &[
    "in,6116229263036,2026-05-13T08:34:00Z,105.00,INR,A-17",
    "in,A-18,2026-05-13T14:04:00+05:30,1599,INR,",
    "in,\"A-19\",2026-05-13 14:04:00 +0530,\"105.5\",INR,\"A, 19\"",
    "ke,96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11,2026-05-13T08:34:00Z,1500.00,KES,98771cd2",
    "ke,b945e4af-80a5-4ec1-8706-e03f8332fb04,2026-05-13T08:34:00Z,,,",
];

const OBJECTS: &[&str] = &[
    r#"{"account":"in","order":6116229263036,"created_at":"2026-05-13T08:34:00Z","amount":105.00,"currency":"INR","reference":"A-17"}"#,
    r#"{"account":"in","order":"A-18","created_at":"2026-05-13T14:04:00+05:30","amount":"1599","currency":"INR","reference":null}"#,
    r#"{"account":"ke","order":"96a5e1d9-5b0c-4b8e-9d3a-0c1f6f1f2a11","created_at":"2026-05-13T08:34:00Z","amount":1500.00,"currency":"KES","reference":"98771cd2"}"#,
];

const SECRET_CONFIGS: &[&str] = &[
    "[accounts.in]\ngateway = \"kwikpaisa\"\napi_key_env = \"SHOP_IN_KEY\"\nsecret_key_env = \"sk-live-canary-17\"\n",
    "[accounts.in]\ngateway = \"kwikpaisa\"\napi_key_env = \"SHOP_IN_KEY\"\nsecret_key = \"sk-live-canary-17\"\n",
    "[accounts.ke]\ngateway = \"pesapal\"\nconsumer_key_file = \"sk-live-canary-17\"\nconsumer_secret_env = \"SHOP_KE_SECRET\"\nenvironment = \"sk-live-canary-17\"\n",
    "[cancel]\nsettle = \"10m\"\n[http]\ntimeout = \"30s\"\nproxy = \"http://user:sk-live-canary-17@proxy.example:8080\"\n",
    CONFIG,
];

/// Writes a list and reads it back: what was read, and what is wrong with the rest.
struct List {
    folder: tempfile::TempDir,
    reading: Reading,
}

impl List {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = configuration(&folder, CONFIG).unwrap();
        let args = ListArgs {
            format: None,
            map: Vec::new(),
            delimiter: None,
            time_zone: None,
            decimal_comma: false,
            thousands_comma: false,
            skip_bad: false,
        };
        let reading = Reading::of(&args, &config, None).unwrap();
        Self { folder, reading }
    }

    fn read(&self, text: &str) -> Result<(Vec<TrackedOrder>, Vec<BadRow>), Failure> {
        let path = self.folder.path().join("orders");
        fs::write(&path, text).unwrap();
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        let rows = OrdersFile::open(&path)?.rows(&self.reading, now)?;
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for row in rows {
            match row {
                Ok(order) => good.push(order),
                Err(problem) => bad.push(problem),
            }
        }
        let lines = 1 + text.matches('\n').count() as u64;
        for problem in &bad {
            let line = problem.line;
            assert!((1..=lines).contains(&line), "{problem}");
            assert!(
                problem.to_string().starts_with(&format!("line {line}")),
                "{problem}"
            );
        }
        Ok((good, bad))
    }
}

fn configuration(folder: &tempfile::TempDir, text: &str) -> Result<Config, Failure> {
    let path = folder.path().join("duka.toml");
    fs::write(&path, text).unwrap();
    Config::load(Some(&path), None, &|_| Ok(None))
}

/// What stands in a row, by the name of its column.
type Said = HashMap<String, String>;

/// Whether an order is what a row says.
fn is(order: &TrackedOrder, said: &Said) -> bool {
    let word = |name: &str| {
        said.get(name)
            .map(String::as_str)
            .filter(|it| !it.is_empty())
    };
    let money = word("amount").zip(word("currency"));
    let money = money.map(|(amount, currency)| Money::parse(amount, currency).ok());
    let created_at = word("created_at").and_then(|text| {
        let joined = text
            .rsplit_once(' ')
            .map(|(day, offset)| format!("{}{offset}", day.trim_end()));
        text.parse().ok().or_else(|| joined?.parse().ok())
    });
    let id = word("order").unwrap_or_default();
    let same_id = if order.key.account.as_str() == "ke" {
        // A GUID has one form here, whatever it has there.
        let plain = |id: &str| id.replace(['-', '{', '}'], "").to_lowercase();
        plain(id) == plain(order.key.order.as_str())
    } else {
        id == order.key.order.as_str()
    };
    same_id
        && word("account") == Some(order.key.account.as_str())
        && order.money == money.flatten()
        && created_at == Some(order.created_at)
        && order.reference.as_deref() == word("reference")
}

fn in_csv(text: &str) -> Vec<Said> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(text.as_bytes());
    let names: Vec<_> = HEADER.trim().split(',').map(str::to_owned).collect();
    let rows = reader.records().skip(1).map(|row| {
        let cells: Vec<_> = row.unwrap().iter().map(|it| it.trim().to_owned()).collect();
        names.iter().cloned().zip(cells).collect()
    });
    rows.collect()
}

/// What stands in an object, as text; nothing, where that is none.
fn in_object(text: &str) -> Option<Said> {
    let members: HashMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    let read = |(name, value): (String, &RawValue)| {
        let value = match value.get() {
            "null" => String::new(),
            text => serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()),
        };
        (name.to_lowercase(), value.trim().to_owned())
    };
    Some(members.into_iter().map(read).collect())
}

/// Reads a list: the orders, and how many rows are named as bad.
type ReadList = fn(&List, &str) -> Option<(Vec<TrackedOrder>, usize)>;

fn read(list: &List, text: &str) -> Option<(Vec<TrackedOrder>, usize)> {
    let (good, bad) = list.read(text).ok()?;
    Some((good, bad.len()))
}

/// Names nothing.
fn silent(list: &List, text: &str) -> Option<(Vec<TrackedOrder>, usize)> {
    Some((list.read(text).ok()?.0, 0))
}

/// Leaves out what is not seen.
fn cleaning(list: &List, text: &str) -> Option<(Vec<TrackedOrder>, usize)> {
    let visible = |it: &char| matches!(it, ' '..='~' | '\n');
    read(list, &text.chars().filter(visible).collect::<String>())
}

fn lists(rows: &'static [&'static str], between: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec(mutated(rows), 1..4).prop_map(move |rows| rows.join(between))
}

/// A row that is more than a further line of the order before it.
fn is_filled(row: &Said) -> bool {
    let has = |name: &str| row.get(name).is_some_and(|it| !it.is_empty());
    has("amount") || has("created_at")
}

fn all_said(good: &[TrackedOrder], said: &[Said]) -> Result<(), TestCaseError> {
    for order in good {
        prop_assert!(said.iter().any(|row| is(order, row)), "{order:?}");
    }
    Ok(())
}

#[test]
fn a_mangled_row_of_csv_is_read_to_what_stands_in_it_or_named() {
    let list = List::new();
    let inputs = lists(ROWS, "\n").prop_map(|rows| format!("{HEADER}{rows}"));
    let property = |read: ReadList, text: String| {
        let Some((good, bad)) = read(&list, &text) else {
            return Ok(());
        };
        let mut said = in_csv(&text);
        let rows = said.iter().filter(|row| is_filled(row)).count();
        // Behind a quote that is never closed and has been named, each line is a row again.
        if bad > 0 {
            let lines = text.split('\n').skip(1);
            said.extend(lines.flat_map(|line| in_csv(&format!("{HEADER}{line}"))));
        }
        all_said(&good, &said)?;
        prop_assert!(
            good.len() + bad >= rows || text.contains('"'),
            "a row is lost"
        );
        Ok(())
    };
    holds("rows of CSV", 600, &inputs, |text| property(read, text));
    finds(1500, &inputs, |text| property(silent, text));
    finds(1500, &inputs, |text| property(cleaning, text));
}

#[test]
fn a_mangled_line_of_ndjson_is_read_to_what_stands_in_it_or_named() {
    let list = List::new();
    let inputs = lists(OBJECTS, "\n");
    let property = |read: ReadList, text: String| {
        let text = text.trim_start_matches('\u{feff}');
        if !text.as_bytes().trim_ascii_start().starts_with(b"{") {
            return Ok(());
        }
        let Some((good, bad)) = read(&list, text) else {
            return Ok(());
        };
        let lines: Vec<_> = text
            .split('\n')
            .filter(|line| !line.as_bytes().trim_ascii().is_empty())
            .collect();
        let said: Vec<_> = lines.iter().filter_map(|line| in_object(line)).collect();
        all_said(&good, &said)?;
        let items = said.iter().filter(|row| !is_filled(row)).count();
        let read = good.len() + bad;
        prop_assert!(
            read + items >= lines.len() && read <= lines.len(),
            "a line is lost"
        );
        Ok(())
    };
    holds("lines of NDJSON", 600, &inputs, |text| property(read, text));
    finds(1500, &inputs, |text| property(silent, text));
    finds(1500, &inputs, |text| property(cleaning, text));
}

#[test]
fn a_mangled_element_of_an_array_is_read_to_what_stands_in_it_or_named() {
    let list = List::new();
    let inputs = lists(OBJECTS, ",\n").prop_map(|rows| format!("[{rows}]"));
    let property = |read: ReadList, text: String| {
        let Some((good, bad)) = read(&list, &text) else {
            return Ok(());
        };
        // One comma behind the last element is read over.
        let closed = text.trim_end().strip_suffix(']').map(str::trim_end);
        let open = closed.map(|it| it.strip_suffix(',').unwrap_or(it));
        let text = open.map_or(text.clone(), |it| format!("{it}]"));
        let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(&text) else {
            prop_assert!(bad > 0, "what is no array is read as one");
            return Ok(());
        };
        let said: Vec<_> = elements
            .iter()
            .filter_map(|it| in_object(it.get()))
            .collect();
        all_said(&good, &said)?;
        prop_assert!(good.len() + bad <= elements.len());
        Ok(())
    };
    holds("elements of arrays", 600, &inputs, |text| {
        property(read, text)
    });
    finds(1500, &inputs, |text| property(silent, text));
    finds(1500, &inputs, |text| property(cleaning, text));
}

#[test]
fn a_mangled_configuration_is_read_or_refused_without_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |text: &str| configuration(&folder, text).err().map(|it| it.to_string());
    let keeps = |said: Option<String>| {
        let said = said.unwrap_or_default();
        prop_assert!(!said.contains("sk-live-canary-17"), "{said}");
        Ok(())
    };
    holds("configurations", 1000, &mutated(SECRET_CONFIGS), |text| {
        keeps(refused(&text))
    });
    // As the message of a TOML error would have it.
    finds(1500, &mutated(SECRET_CONFIGS), |text| {
        let read = toml::from_str::<toml::Table>(&text);
        keeps(read.err().map(|it| it.to_string()))
    });
}
