//! `docs/unverified.md`: everything that is assumed about the gateways, what decides about money first.

use crate::openapi::document::{Assumption, Document};

use super::Output;
use super::markdown::{code, count, name, point, sentence, stamp_of, table, wrapped};

const HEAD: [&str; 6] = [
    "assumed",
    "where",
    "tolerance or setting",
    "try at the sandbox",
    "emulator",
    "probe",
];

/// An assumption with its name.
type Entry<'a> = (&'a str, &'a Assumption);

/// The page; none without a description.
pub(super) fn page(documents: &[Document]) -> Option<Output> {
    let all: Vec<&Document> = documents.iter().collect();
    let first = all.first()?;
    let shared: Vec<Entry<'_>> = entries(first)
        .filter(|entry| all.len() > 1 && all.iter().all(|document| holds(document, entry)))
        .collect();
    let own: Vec<_> = all
        .iter()
        .map(|document| (*document, own(document, &shared)))
        .collect();
    let each = own.iter().flat_map(|(_, rows)| rows).chain(&shared);
    let counts = Counts::of(each.map(|(_, row)| *row));

    let mut text = format!(
        "{}\n\n{}\n",
        stamp_of(&all),
        counts.opening(&recorded(&all))
    );
    text.push_str(&counts.first_steps());
    for (document, rows) in &own {
        text.push_str(&checklist(name(document), rows));
    }
    text.push_str(&format!("\n## Every line\n\n{}\n", wrapped(LEGEND)));
    for (document, rows) in &own {
        text.push_str(&section(name(document), rows, Some(&document.gateway)));
    }
    text.push_str(&section("Every gateway", &money_first(shared), None));
    Some(Output {
        path: "docs/unverified.md".to_owned(),
        text,
    })
}

/// Of which gateways there are recorded replies, and of which there are none.
fn recorded(documents: &[&Document]) -> String {
    let line = |document: &&Document| {
        let mut sources = document.sources.values();
        match sources.find(|source| source.read.starts_with("recorded")) {
            Some(source) => format!(" Replies of {} were {}.", name(document), source.read),
            None => format!(" No reply of {} has been recorded.", name(document)),
        }
    };
    documents.iter().map(line).collect()
}

/// What is assumed of this gateway, and not of all in the same words.
fn own<'a>(document: &'a Document, shared: &[Entry<'_>]) -> Vec<Entry<'a>> {
    let entries = entries(document).filter(|(id, _)| !shared.iter().any(|(same, _)| same == id));
    money_first(entries.collect())
}

const LEGEND: &str = "★ decides about money. *Where* is the file of the adapter, or the crate, that decides so. \
    *Emulator* names the variants of `duka-emulator` that take the other sides, with the value where only one does \
    (`POST /_emulator/variants`); the suites run under each of them. *Probe* is the call by which `duka doctor --probe` tries the line, or why it does not.";

/// How many lines there are, and of which kinds.
struct Counts {
    all: usize,
    money: usize,
    varied: usize,
    probed: usize,
}

impl Counts {
    fn of<'a>(rows: impl Iterator<Item = &'a Assumption>) -> Self {
        let mut counts = Self {
            all: 0,
            money: 0,
            varied: 0,
            probed: 0,
        };
        for row in rows {
            counts.all += 1;
            counts.money += usize::from(row.money);
            counts.varied += usize::from(!row.variant.0.is_empty());
            counts.probed += usize::from(row.probe.is_some());
        }
        counts
    }

    fn opening(&self, recorded: &str) -> String {
        let Self {
            money,
            varied,
            probed,
            ..
        } = self;
        let text = format!(
            "# What nobody has verified yet\n\nEvery reading of a gateway is *documented* (a page says it), *observed* \
             (a recorded reply shows it) or *assumed*. This page lists what is assumed: where the code decides so, how \
             much it tolerates or which setting changes it, and what to try with a sandbox account.{recorded}\n\n{} in all: \
             {money} decide about money (★), {varied} are contradicted by the emulator on demand, {probed} can be tried \
             at the real gateway without doing anything there.",
            count(self.all, "line", "lines"),
        );
        wrapped(&text)
    }

    /// What to do first with a sandbox account.
    fn first_steps(&self) -> String {
        let steps = [
            format!(
                "`duka doctor --probe`, with the sandbox's keys. It creates, cancels and registers nothing, tries {} \
                 (those that name a *probe* below), and prints what the gateway really answered.",
                count(self.probed, "line", "lines")
            ),
            "By hand, what decides about money: the lists that follow.".to_owned(),
            "Then the other lines, where they matter to you. Report what you saw: a recorded reply makes a fact of an \
             assumption."
                .to_owned(),
        ];
        let mut text = "\n## Try these first\n\n".to_owned();
        for (step, number) in steps.iter().zip(1..) {
            text.push_str(&point(&format!("{number}. "), step));
            text.push('\n');
        }
        text
    }
}

/// What decides about money, as things to do.
fn checklist(title: &str, rows: &[Entry<'_>]) -> String {
    let money: Vec<_> = rows.iter().filter(|(_, row)| row.money).collect();
    if money.is_empty() {
        return String::new();
    }
    let mut text = format!("\n### ★ {title}\n\n");
    for (_, row) in money {
        let mut line = format!(
            "**{}** *Assumed:* {}",
            sentence(&row.trial),
            sentence(&row.assumed)
        );
        if row.probe.is_some() {
            line.push_str(" The probe tries a part of this.");
        }
        text.push_str(&point("- [ ] ", &line));
        text.push('\n');
    }
    text
}

fn section(title: &str, rows: &[Entry<'_>], gateway: Option<&str>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = rows.iter().map(|(_, row)| cells(row, gateway)).collect();
    format!("\n## {title}\n\n{}", table(&HEAD, &rows))
}

fn cells(row: &Assumption, gateway: Option<&str>) -> Vec<String> {
    let star = if row.money { "★ " } else { "" };
    let variants: Vec<String> = row.variant.0.iter().map(|name| code(name)).collect();
    let otherwise =
        |reason: &Option<String>| format!("no: {}", reason.as_deref().unwrap_or_default());
    vec![
        format!("{star}{}", row.assumed.trim()),
        place(&row.place, gateway),
        row.tolerance.clone(),
        row.trial.clone(),
        if variants.is_empty() {
            otherwise(&row.no_variant)
        } else {
            variants.join(", ")
        },
        row.probe
            .as_deref()
            .map_or_else(|| otherwise(&row.no_probe), code),
    ]
}

/// Where the code decides, as a link: to a crate, or to a file of the gateway's adapter.
fn place(place: &str, gateway: Option<&str>) -> String {
    let folder = place
        .strip_prefix("duka-")
        .map(|name| format!("crates/{name}"));
    let file = gateway
        .filter(|_| place.starts_with("src/"))
        .map(|gateway| format!("crates/{gateway}/{place}"));
    let shown = code(place.trim_start_matches("src/"));
    match folder.or(file) {
        Some(path) => format!("[{shown}](../{path})"),
        None => shown,
    }
}

fn entries(document: &Document) -> impl Iterator<Item = Entry<'_>> {
    document
        .assumptions
        .iter()
        .map(|(id, row)| (id.as_str(), row))
}

/// Whether the document assumes the very same.
fn holds(document: &Document, (id, row): &Entry<'_>) -> bool {
    document
        .assumptions
        .get(*id)
        .is_some_and(|other| cells(other, None) == cells(row, None))
}

fn money_first(mut rows: Vec<Entry<'_>>) -> Vec<Entry<'_>> {
    rows.sort_by_key(|(_, row)| !row.money);
    rows
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn what_decides_about_money_comes_first() {
        let page = page(&[sample::document()]).unwrap();
        assert_eq!(page.path, "docs/unverified.md");
        insta::assert_snapshot!(page.text, @"
        <!-- Generated by `cargo xtask codegen` from crates/till/openapi.yaml; do not edit by hand. -->

        # What nobody has verified yet

        Every reading of a gateway is *documented* (a page says it), *observed* (a recorded reply shows it) or *assumed*. This
        page lists what is assumed: where the code decides so, how much it tolerates or which setting changes it, and what to
        try with a sandbox account. Replies of Till were recorded 2024-03.

        2 lines in all: 1 decide about money (★), 1 are contradicted by the emulator on demand, 1 can be tried at the real
        gateway without doing anything there.

        ## Try these first

        1. `duka doctor --probe`, with the sandbox's keys. It creates, cancels and registers nothing, tries 1 line (those that
           name a *probe* below), and prints what the gateway really answered.
        2. By hand, what decides about money: the lists that follow.
        3. Then the other lines, where they matter to you. Report what you saw: a recorded reply makes a fact of an assumption.

        ### ★ Till

        - [ ] **Cancel, then read the status every second.** *Assumed:* A cancelled order shows `CANCELLED` soon after.

        ## Every line

        ★ decides about money. *Where* is the file of the adapter, or the crate, that decides so. *Emulator* names the variants
        of `duka-emulator` that take the other sides, with the value where only one does (`POST /_emulator/variants`); the
        suites run under each of them. *Probe* is the call by which `duka doctor --probe` tries the line, or why it does not.

        ## Till

        | assumed | where | tolerance or setting | try at the sandbox | emulator | probe |
        |---|---|---|---|---|---|
        | ★ A cancelled order shows `CANCELLED` soon after. | [`duka-core`](../crates/core) | The setting `settle`. | Cancel, then read the status every second. | `till.cancel_shows=late`, `till.slow` | no: cancels an order |
        | An unknown order is HTTP 404. | [`reply.rs`](../crates/till/src/reply.rs) | None. | ask for an unknown id | no: only one side is known | `status_of_unknown_order` |
        ");
    }

    #[test]
    fn what_is_assumed_of_every_gateway_stands_once() {
        let mut other = sample::document();
        other.gateway = "mpesa".to_owned();
        other.info.title = "Mpesa".to_owned();
        other.assumptions["soon"].trial = "Wait.".to_owned();
        let text = page(&[sample::document(), other]).unwrap().text;
        let titles: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("## "))
            .collect();
        assert_eq!(
            titles,
            [
                "## Try these first",
                "## Every line",
                "## Till",
                "## Mpesa",
                "## Every gateway"
            ]
        );
        assert_eq!(text.matches("| An unknown order is HTTP 404").count(), 1);
    }

    #[test]
    fn nothing_is_assumed_of_nothing() {
        assert_eq!(page(&[]), None);
    }
}
