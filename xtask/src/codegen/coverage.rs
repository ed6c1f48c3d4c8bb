//! `docs/coverage.md`: every operation and member of every gateway, and whether it is used, or why not.
//!
//! What has no reason not to be used is used: the wire types are generated from exactly those members, and a member
//! that nothing sends or reads would be dead code, which the compiler reports.

mod reached;

use crate::openapi::Call;
use crate::openapi::document::{Document, Schema};

use super::Output;
use super::fields::{self, Field};
use super::markdown::{anchor, code, name, point, sentence, stamp_of, table, wrapped};

/// Where each operation is in the library, and which commands use it.
const PLACES: [(&str, &str, &str); 10] = [
    ("create", "`Gateway::create`", "`duka create`"),
    (
        "status",
        "`Gateway::status`",
        "`duka status`, and whatever acts on an order",
    ),
    (
        "cancel",
        "`Gateway::cancel`, by way of `Canceller`",
        "`duka cancel`, `duka sweep`",
    ),
    ("refund", "`Gateway::refund`", "`duka refund`"),
    (
        "token",
        "by itself, before a call that needs one",
        "`duka doctor`",
    ),
    (
        "register_ipn",
        "`Pesapal::register_ipn`",
        "`duka ipn register`",
    ),
    (
        "list_ipns",
        "`Pesapal::list_ipns`",
        "`duka ipn list`, `duka doctor`",
    ),
    ("webhook", "`WebhookVerifier::verify`", ""),
    ("ipn_get", "`Ipn::from_query`, `Ipn::reply`", ""),
    ("ipn_post", "`Ipn::from_json`, `Ipn::reply`", ""),
];

/// The page; none without a description, and an error where something is neither used nor explained.
pub(super) fn page(documents: &[Document]) -> Result<Option<Output>, String> {
    if documents.is_empty() {
        return Ok(None);
    }
    let covered = documents
        .iter()
        .map(Covered::of)
        .collect::<Result<Vec<_>, _>>()?;
    let all: Vec<&Document> = documents.iter().collect();
    let mut text = format!("{}\n\n{}\n\n", stamp_of(&all), wrapped(OPENING));
    let rows: Vec<Vec<String>> = covered.iter().map(Covered::counts).collect();
    text.push_str(&table(
        &[
            "gateway",
            "operations",
            "notifications",
            "fields sent",
            "fields read",
            "statuses",
            "error codes",
        ],
        &rows,
    ));
    for gateway in &covered {
        text.push_str(&gateway.section());
    }
    Ok(Some(Output {
        path: "docs/coverage.md".to_owned(),
        text,
    }))
}

const OPENING: &str = "# What of the gateways' APIs is covered\n\nEvery operation that a gateway documents for its orders, \
    and every field of what is sent and what comes back: used, or not and why. What the gateways are like is told in \
    their reference pages; what of it nobody has verified yet, in [unverified.md](unverified.md).\n\nA field without a \
    reason is used, which the compiler proves: the wire types are generated from exactly those fields, and one that \
    nothing sends or reads is dead code. What is in a reply and described nowhere is left alone.";

/// One gateway with all that is used of it.
struct Covered<'a> {
    document: &'a Document,
    operations: Vec<Operation<'a>>,
    notifications: Vec<Operation<'a>>,
    /// What every reply has.
    envelope: Vec<Field<'a>>,
}

/// An operation, or a notification.
struct Operation<'a> {
    call: Call<'a>,
    library: &'static str,
    command: &'static str,
    sent: Vec<Member<'a>>,
    read: Vec<Member<'a>>,
}

/// A member of a message, and the reason not to use it.
struct Member<'a> {
    path: String,
    unused: Option<&'a str>,
}

impl<'a> Covered<'a> {
    fn of(document: &'a Document) -> Result<Self, String> {
        reached::everything(document)?;
        let sent_by_us = |call| Operation::of(document, call, false);
        let sent_to_us = |call| Operation::of(document, call, true);
        Ok(Self {
            document,
            operations: document
                .operations()
                .map(sent_by_us)
                .collect::<Result<_, _>>()?,
            notifications: document
                .notifications()
                .map(sent_to_us)
                .collect::<Result<_, _>>()?,
            envelope: document
                .schema(fields::ENVELOPE)
                .map(|schema| fields::of(document, schema))
                .unwrap_or_default(),
        })
    }

    fn counts(&self) -> Vec<String> {
        let supported = |operations: &[Operation<'_>]| {
            let supported = operations
                .iter()
                .filter(|operation| operation.refused().is_none());
            of(supported.count(), operations.len())
        };
        let every = || self.operations.iter().chain(&self.notifications);
        let sent: Vec<bool> = every()
            .flat_map(|operation| used(&operation.sent))
            .collect();
        let envelope = self.envelope.iter().map(|field| field.unused.is_none());
        let read: Vec<bool> = every()
            .flat_map(|operation| used(&operation.read))
            .chain(envelope)
            .collect();
        let share = |used: &[bool]| of(used.iter().filter(|used| **used).count(), used.len());
        let rows = |component: &str| {
            let rows = self
                .document
                .schema(component)
                .map_or(0, |schema| schema.one_of.len());
            rows.to_string()
        };
        let statuses = ["OrderStatus", "StatusCode"].into_iter();
        vec![
            format!(
                "[{0}](#{1})",
                name(self.document),
                anchor(name(self.document))
            ),
            supported(&self.operations),
            supported(&self.notifications),
            share(&sent),
            share(&read),
            statuses
                .map(rows)
                .find(|count| count != "0")
                .unwrap_or_else(|| "0".to_owned()),
            rows("ErrorCode"),
        ]
    }

    fn section(&self) -> String {
        let document = self.document;
        let mut text = format!(
            "\n## {}\n\n[What this gateway is like](gateways/{}.md)\n\n",
            name(document),
            document.gateway
        );
        let rows = |operations: &[Operation<'_>]| -> Vec<Vec<String>> {
            operations.iter().map(Operation::row).collect()
        };
        let head = ["operation", "call", "in the library", "in the program"];
        text.push_str(&table(&head, &rows(&self.operations)));
        text.push('\n');
        let mut notifications = rows(&self.notifications);
        notifications.iter_mut().for_each(|row| row.truncate(3));
        text.push_str(&table(
            &["notification", "call", "in the library"],
            &notifications,
        ));
        let headers = headers(document);
        if !headers.is_empty() {
            text.push_str(&format!("\n### Headers\n\n{headers}"));
        }
        if !self.envelope.is_empty() {
            let members: Vec<Member<'_>> = self.envelope.iter().map(Member::of).collect();
            text.push_str("\n### What every reply has\n\n");
            text.push_str(&listed("Read", &members));
        }
        for operation in self.operations.iter().chain(&self.notifications) {
            text.push_str(&operation.section());
        }
        if !document.out_of_scope.is_empty() {
            text.push_str("\n### Out of scope\n\n");
            for row in &document.out_of_scope {
                let line = format!("**{}**: {}", row.what.trim(), sentence(&row.why));
                text.push_str(&format!("{}\n", point("- ", &line)));
            }
        }
        text
    }
}

impl<'a> Operation<'a> {
    fn of(document: &'a Document, call: Call<'a>, to_us: bool) -> Result<Self, String> {
        let id = &call.operation.id;
        let Some((_, library, command)) = PLACES.iter().find(|(place, ..)| place == id) else {
            return Err(format!(
                "{}: nobody knows where {id} is supported",
                document.gateway
            ));
        };
        let refused = call.operation.unsupported.as_deref();
        let member = |field: &Field<'a>| Member {
            path: field.path.clone(),
            unused: refused.or(field.unused),
        };
        let members = |schema: &'a Schema| -> Vec<Member<'a>> {
            let fields = fields::of(document, schema);
            fields
                .iter()
                .filter(|field| !field.shared)
                .map(member)
                .collect()
        };
        let own = call
            .operation
            .parameters
            .iter()
            .filter(|own| own.reference.is_none());
        let mut asked: Vec<Member<'a>> = own
            .map(|parameter| Member {
                path: parameter.name.clone(),
                unused: refused,
            })
            .collect();
        let body = call
            .operation
            .request_body
            .iter()
            .flat_map(|body| body.content.values());
        asked.extend(body.flat_map(|media| members(&media.schema)));
        let success = call
            .operation
            .responses
            .iter()
            .filter(|(status, _)| status.starts_with('2'));
        let answered =
            success.flat_map(|(_, response)| document.resolved(response).content.values());
        let mut answers: Vec<Member<'a>> = Vec::new();
        for one in answered.flat_map(|media| members(&media.schema)) {
            // The same body may come under two HTTP statuses.
            if !answers.iter().any(|known| known.path == one.path) {
                answers.push(one);
            }
        }
        let (sent, read) = if to_us {
            (answers, asked)
        } else {
            (asked, answers)
        };
        Ok(Self {
            call,
            library,
            command,
            sent,
            read,
        })
    }

    fn refused(&self) -> Option<&str> {
        self.call.operation.unsupported.as_deref()
    }

    fn row(&self) -> Vec<String> {
        let Call {
            method,
            path,
            operation,
        } = self.call;
        let place = if path.starts_with('/') {
            format!("`{method} {path}`")
        } else {
            code(method)
        };
        let (library, command) = match self.refused() {
            Some(reason) => (format!("**no**: {reason}"), ""),
            None => (self.library.to_owned(), self.command),
        };
        vec![
            operation.summary.clone(),
            place,
            library,
            command.to_owned(),
        ]
    }

    fn section(&self) -> String {
        if self.refused().is_some() || (self.sent.is_empty() && self.read.is_empty()) {
            return String::new();
        }
        let lists = [("Sent", &self.sent), ("Read", &self.read)];
        let lists = lists.into_iter().filter(|(_, members)| !members.is_empty());
        let lists: Vec<String> = lists.map(|(word, members)| listed(word, members)).collect();
        format!(
            "\n### {}\n\n{}",
            self.call.operation.summary,
            lists.join("\n")
        )
    }
}

impl<'a> Member<'a> {
    fn of(field: &Field<'a>) -> Self {
        Self {
            path: field.path.clone(),
            unused: field.unused,
        }
    }
}

/// The headers of every call, and those of a reply that are looked at.
fn headers(document: &Document) -> String {
    let parameters = document.components.parameters.values();
    let mut sent: Vec<&str> = parameters
        .filter(|parameter| parameter.location == "header")
        .map(|parameter| parameter.name.as_str())
        .collect();
    for scheme in document.components.security_schemes.values() {
        let name = scheme.name.as_deref().unwrap_or("Authorization");
        if !sent.contains(&name) {
            sent.push(name);
        }
    }
    let mut read: Vec<&str> = Vec::new();
    let every = document
        .operations()
        .flat_map(|call| call.operation.responses.values());
    for name in every.flat_map(|response| document.resolved(response).headers.keys()) {
        if !read.contains(&name.as_str()) {
            read.push(name);
        }
    }
    let line = |word: &str, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| code(name)).collect();
        point("", &format!("{word}: {}.", names.join(", "))) + "\n"
    };
    let mut lines = Vec::new();
    if !sent.is_empty() {
        lines.push(line("Sent with every call that needs them", &sent));
    }
    if !read.is_empty() {
        lines.push(line("Read", &read));
    }
    lines.join("\n")
}

/// What is used in a line, and what is not in a table with the reasons.
fn listed(word: &str, members: &[Member<'_>]) -> String {
    let used: Vec<String> = members
        .iter()
        .filter(|member| member.unused.is_none())
        .map(|member| code(&member.path))
        .collect();
    let share = of(used.len(), members.len());
    let mut text = if used.is_empty() {
        format!("{word}: none of {}.\n", members.len())
    } else {
        format!(
            "{}\n",
            point("", &format!("{word}, {share}: {}.", used.join(", ")))
        )
    };
    let mut reasons: Vec<&str> = Vec::new();
    for reason in members.iter().filter_map(|member| member.unused) {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    let rows: Vec<Vec<String>> = reasons
        .iter()
        .map(|reason| {
            let with = members
                .iter()
                .filter(|member| member.unused == Some(*reason));
            let paths: Vec<String> = with.map(|member| code(&member.path)).collect();
            vec![paths.join(", "), sentence(reason)]
        })
        .collect();
    if !rows.is_empty() {
        let not = format!("not {}", word.to_lowercase());
        text.push_str(&format!("\n{}", table(&[&not, "why"], &rows)));
    }
    text
}

fn used<'a>(members: &'a [Member<'_>]) -> impl Iterator<Item = bool> + use<'a> {
    members.iter().map(|member| member.unused.is_none())
}

fn of(used: usize, all: usize) -> String {
    format!("{used} of {all}")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn every_member_is_used_or_says_why_not() {
        let page = page(&[sample::document()]).unwrap().unwrap();
        assert_eq!(page.path, "docs/coverage.md");
        insta::assert_snapshot!(page.text, @"
        <!-- Generated by `cargo xtask codegen` from crates/till/openapi.yaml; do not edit by hand. -->

        # What of the gateways' APIs is covered

        Every operation that a gateway documents for its orders, and every field of what is sent and what comes back: used, or
        not and why. What the gateways are like is told in their reference pages; what of it nobody has verified yet, in
        [unverified.md](unverified.md).

        A field without a reason is used, which the compiler proves: the wire types are generated from exactly those fields, and
        one that nothing sends or reads is dead code. What is in a reply and described nowhere is left alone.

        | gateway | operations | notifications | fields sent | fields read | statuses | error codes |
        |---|---|---|---|---|---|---|
        | [Till](#till) | 2 of 3 | 1 of 1 | 2 of 3 | 9 of 11 | 2 | 1 |

        ## Till

        [What this gateway is like](gateways/till.md)

        | operation | call | in the library | in the program |
        |---|---|---|---|
        | Read an order's status | `GET /order/{id}` | `Gateway::status` | `duka status`, and whatever acts on an order |
        | Cancel an order | `POST /cancel` | `Gateway::cancel`, by way of `Canceller` | `duka cancel`, `duka sweep` |
        | Give money back | `POST /payout` | **no**: nobody has asked for it | |

        | notification | call | in the library |
        |---|---|---|
        | An order has changed | `POST` | `WebhookVerifier::verify` |

        ### Headers

        Sent with every call that needs them: `X-KEY`.

        Read: `Retry-After`.

        ### What every reply has

        Read, 1 of 1: `code`.

        ### Read an order's status

        Sent, 1 of 1: `id`.

        Read, 4 of 5: `order`, `order.id`, `order.amount`, `order.status`.

        | not read | why |
        |---|---|
        | `order.paid_by` | Nothing is decided by it. |

        ### Cancel an order

        Sent, 1 of 2: `id`.

        | not sent | why |
        |---|---|
        | `note` | Nobody reads it. |

        ### An order has changed

        Read, 4 of 5: `orders`, `orders[].id`, `orders[].amount`, `orders[].status`.

        | not read | why |
        |---|---|
        | `orders[].paid_by` | Nothing is decided by it. |

        ### Out of scope

        - **Payouts**: They are no orders.
        ");
    }

    #[test]
    fn a_schema_that_nothing_uses_is_an_error() {
        let mut document = sample::document();
        let lost = Schema::default();
        document.components.schemas.insert("Lost".to_owned(), lost);
        let error = page(&[document]).unwrap_err();
        assert_eq!(
            error,
            "till: in no operation and no notification, 1 schema: Lost"
        );
    }

    #[test]
    fn an_operation_that_is_nowhere_is_an_error() {
        let mut document = sample::document();
        let cancel = document.paths["/cancel"].post.as_mut().unwrap();
        cancel.id = "void".to_owned();
        let error = page(&[document]).unwrap_err();
        assert_eq!(error, "till: nobody knows where void is supported");
    }

    #[test]
    fn nothing_covers_nothing() {
        assert_eq!(page(&[]), Ok(None));
    }
}
