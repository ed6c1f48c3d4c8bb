//! Links between items, as rustdoc understands them, made into links to docs.rs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::files::Files;
use crate::source;

/// What can be linked to: the crates, each with all of its code.
#[derive(Debug)]
pub(super) struct Links(BTreeMap<String, Crate>);

#[derive(Debug, Default)]
struct Crate {
    root: String,
    all: String,
}

/// How an item is declared, and what docs.rs calls its page.
const KINDS: [(&str, &str); 6] = [
    ("struct", "struct"),
    ("enum", "enum"),
    ("trait", "trait"),
    ("type", "type"),
    ("fn", "fn"),
    ("const", "constant"),
];

impl Links {
    pub(super) fn of(files: &Files) -> Self {
        let mut crates: BTreeMap<String, Crate> = BTreeMap::new();
        for file in files.rust().filter(|file| !file.is_test()) {
            let Some((member, path)) = file.member().zip(file.path.split_once("/src/")) else {
                continue;
            };
            let own = crates.entry(format!("duka_{member}")).or_default();
            if path.1 == "lib.rs" {
                own.root.clone_from(&file.code);
            }
            own.all.push_str(&file.code);
        }
        Self(crates)
    }

    /// `page` with its links to items leading to docs.rs, each address once at the end; or without those whose
    /// name is not known.
    pub(super) fn in_page(&self, page: &str, krate: &str) -> String {
        let mut out = String::new();
        let mut addresses = Vec::new();
        let mut rest = page;
        while let Some(at) = rest.find(['[', '`']) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let Some(link) = Link::first(rest) else {
                let (kept, after) = rest.split_at(code(rest).unwrap_or(1));
                out.push_str(kept);
                rest = after;
                continue;
            };
            let (whole, after) = rest.split_at(link.length);
            match self.address(link.target, krate) {
                Address::Elsewhere => out.push_str(whole),
                Address::Unknown => out.push_str(link.shown),
                Address::Item(address) => {
                    let Link { shown, target, .. } = link;
                    let bare = shown.trim_matches('`') == target;
                    let label = if bare { shown } else { target };
                    out.push_str(&if bare {
                        format!("[{shown}]")
                    } else {
                        format!("[{shown}][{target}]")
                    });
                    let line = format!("[{label}]: {address}\n");
                    if !addresses.contains(&line) {
                        addresses.push(line);
                    }
                }
            }
            rest = after;
        }
        out.push_str(rest);
        if !addresses.is_empty() {
            out.push('\n');
            out.extend(addresses);
        }
        out
    }

    fn address(&self, target: &str, krate: &str) -> Address {
        if target.contains("://") || target.starts_with('#') || target.contains('/') {
            return Address::Elsewhere;
        }
        let mut path: Vec<&str> = target.trim_end_matches("()").split("::").collect();
        let other = path.first().filter(|first| self.0.contains_key(**first));
        let krate = match other {
            Some(other) => (*other).to_owned(),
            None => krate.to_owned(),
        };
        if other.is_some() || path.first() == Some(&"crate") {
            path.remove(0);
        }
        let page = self.0.get(&krate).and_then(|own| own.page(&path));
        page.map_or(Address::Unknown, |page| {
            let package = krate.replace('_', "-");
            Address::Item(format!("https://docs.rs/{package}/latest/{krate}/{page}"))
        })
    }
}

/// The addresses at the end of `page` that lead to nothing in the documentation which was built into `folder`.
pub(crate) fn dead_links(page: &str, folder: &Path) -> Vec<String> {
    let leads_nowhere = |address: &&str| {
        let Some((_, page)) = address.split_once("/latest/") else {
            return true;
        };
        let (page, place) = page.split_once('#').unwrap_or((page, ""));
        let mark = format!("id=\"{place}\"");
        !fs::read_to_string(folder.join(page))
            .is_ok_and(|text| place.is_empty() || text.contains(&mark))
    };
    let addresses = page.lines().filter(|line| line.starts_with('['));
    let addresses = addresses.filter_map(|line| line.split_once("]: https://docs.rs/"));
    addresses
        .map(|(_, address)| address)
        .filter(leads_nowhere)
        .map(str::to_owned)
        .collect()
}

/// The length of the piece of code that `text` begins with: a block, or a part of a line.
fn code(text: &str) -> Option<usize> {
    let mark = if text.starts_with("```") { "```" } else { "`" };
    let inside = text.strip_prefix(mark)?;
    Some(inside.find(mark)? + 2 * mark.len())
}

enum Address {
    Item(String),
    Elsewhere,
    Unknown,
}

/// `[shown](target)`, or `` [`target`] ``.
struct Link<'a> {
    shown: &'a str,
    target: &'a str,
    length: usize,
}

impl<'a> Link<'a> {
    /// The link that `text` begins with.
    fn first(text: &'a str) -> Option<Self> {
        let (shown, after) = text.strip_prefix('[')?.split_once(']')?;
        let opened = shown.len() + 2;
        if let Some(target) = after.strip_prefix('(') {
            let target = target.split_once(')')?.0;
            let length = opened + target.len() + 2;
            return Some(Self {
                shown,
                target,
                length,
            });
        }
        let target = shown.strip_prefix('`')?.strip_suffix('`')?;
        Some(Self {
            shown,
            target,
            length: opened,
        })
    }
}

impl Crate {
    /// The page of an item and the place on it, below the crate's own address.
    fn page(&self, path: &[&str]) -> Option<String> {
        let (first, rest) = path.split_first()?;
        if self.is_public_module(first) {
            return match rest {
                [] => Some(format!("{first}/index.html")),
                [item, member @ ..] => self.item(&format!("{first}/"), item, member),
            };
        }
        // What a public module holds has its page there, wherever else it is exported.
        let folder = match self.exported_from(first) {
            Some(module) if self.is_public_module(module) => format!("{module}/"),
            Some(_) => String::new(),
            None if self.declares_itself(first) => String::new(),
            None => return None,
        };
        self.item(&folder, first, rest)
    }

    fn item(&self, folder: &str, name: &str, member: &[&str]) -> Option<String> {
        let declared =
            |keyword: &str| source::has_word(&self.all, &format!("pub {keyword} {name}"));
        if declared("mod") {
            return Some(format!("{folder}{name}/index.html"));
        }
        let (_, kind) = KINDS.iter().find(|(keyword, _)| declared(keyword))?;
        let page = format!("{folder}{kind}.{name}.html");
        let Some(member) = member.first() else {
            return Some(page);
        };
        let variant = member.starts_with(char::is_uppercase);
        Some(match *kind {
            "enum" if variant => format!("{page}#variant.{member}"),
            "struct" | "enum" => format!("{page}#method.{member}"),
            // Where on a trait's page a method stands depends on whether it has a body.
            _ => page,
        })
    }

    /// Whether `name` is an item of the crate's root itself.
    fn declares_itself(&self, name: &str) -> bool {
        let declared = |(keyword, _): &(&str, &str)| {
            source::has_word(&self.root, &format!("pub {keyword} {name}"))
        };
        KINDS.iter().any(declared)
    }

    fn is_public_module(&self, name: &str) -> bool {
        source::has_word(&self.root, &format!("pub mod {name};"))
    }

    /// The module that the crate's root takes `name` from.
    fn exported_from(&self, name: &str) -> Option<&str> {
        let exports = self.root.split("pub use ").skip(1);
        let exports = exports.filter_map(|export| export.split_once(';')?.0.split_once("::"));
        let mut named = exports.filter(|(_, names)| source::has_word(names, name));
        named.next().map(|(module, _)| module)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links() -> Links {
        Links::of(&Files::of(&[
            (
                "crates/core/src/lib.rs",
                "pub mod error;\nmod till;\npub use error::{Delivery, Error};\npub use till::Till;\n",
            ),
            (
                "crates/core/src/error.rs",
                "pub enum Delivery { NotSent }\npub struct Error;\n",
            ),
            ("crates/core/src/till.rs", "pub trait Till { fn open(); }\n"),
            ("crates/http/src/lib.rs", "pub fn send() {}\n"),
        ]))
    }

    fn linked(text: &str) -> String {
        links()
            .in_page(text, "duka_core")
            .replace("https://docs.rs/duka-core/latest/duka_core/", "…/")
    }

    #[test]
    fn an_item_is_linked_where_its_page_is() {
        let page = linked("a [`Till`] opens, [all](error) and [`Error`], [`Till`] again\n");
        insta::assert_snapshot!(page, @"
        a [`Till`] opens, [all][error] and [`Error`], [`Till`] again

        [`Till`]: …/trait.Till.html
        [error]: …/error/index.html
        [`Error`]: …/error/struct.Error.html
        ");
    }

    #[test]
    fn a_member_is_a_place_on_its_page() {
        let page = linked(
            "[never\nsent](Delivery::NotSent), [`error::Error::kind()`], [open](Till::open)\n",
        );
        insta::assert_snapshot!(page, @"
        [never
        sent][Delivery::NotSent], [`error::Error::kind()`], [open][Till::open]

        [Delivery::NotSent]: …/error/enum.Delivery.html#variant.NotSent
        [`error::Error::kind()`]: …/error/struct.Error.html#method.kind
        [Till::open]: …/trait.Till.html
        ");
    }

    #[test]
    fn another_crate_is_found_by_its_name() {
        let page = links().in_page("[`duka_core::Error`]\n", "duka_http");
        insta::assert_snapshot!(page, @"
        [`duka_core::Error`]

        [`duka_core::Error`]: https://docs.rs/duka-core/latest/duka_core/error/struct.Error.html
        ");
    }

    #[test]
    fn an_item_of_the_root_is_linked_there() {
        let page = links().in_page("[`send`]\n", "duka_http");
        insta::assert_snapshot!(page, @"
        [`send`]

        [`send`]: https://docs.rs/duka-http/latest/duka_http/fn.send.html
        ");
    }

    #[test]
    fn what_is_not_known_is_left_as_plain_text() {
        assert_eq!(
            linked("a [`Safe`] and [so on](Safe::open)"),
            "a `Safe` and so on"
        );
    }

    #[test]
    fn code_addresses_and_brackets_stay() {
        let text =
            "`[Till]`, [x], [page](https://example.com/a), [below](#below)\n\n```\n[`Till`]\n```\n";
        assert_eq!(linked(text), text);
    }

    #[test]
    fn an_address_without_a_page_or_a_place_on_it_is_dead() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("duka_core")).unwrap();
        let page = folder.path().join("duka_core/trait.Till.html");
        fs::write(page, "<p id=\"method.open\">").unwrap();
        let page = "[a](https://docs.rs/x)\n\
            [`Till`]: https://docs.rs/duka-core/latest/duka_core/trait.Till.html\n\
            [open]: https://docs.rs/duka-core/latest/duka_core/trait.Till.html#method.open\n\
            [shut]: https://docs.rs/duka-core/latest/duka_core/trait.Till.html#method.shut\n\
            [`Safe`]: https://docs.rs/duka-core/latest/duka_core/struct.Safe.html\n";
        assert_eq!(
            dead_links(page, folder.path()),
            [
                "duka-core/latest/duka_core/trait.Till.html#method.shut",
                "duka-core/latest/duka_core/struct.Safe.html"
            ]
        );
    }
}
