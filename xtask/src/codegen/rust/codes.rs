//! `codes.rs`: the tables of statuses and error codes, and how a row is found.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};

use super::{RustFile, doc, evidence, ident, length, literal, pascal};
use crate::openapi::document::{Document, Row, Schema};
use crate::openapi::node::Node;

pub(super) fn file(document: &Document) -> Result<RustFile, String> {
    let statuses = table(document, "x-order-status", |row| row.order_status.is_some())?;
    let errors = table(document, "x-error-kind", |row| row.error_kind.is_some())?;
    let mut items = vec![quote! {
        use duka_core::evidence::Evidence;
        use duka_core::{ErrorKind, OrderStatus};
    }];
    items.extend(status_items(statuses, errors)?);
    items.extend(error_items(errors)?);
    Ok(RustFile {
        about: "The gateway's statuses of orders and its error codes, with what each means to us. Whatever does not \
                stand here stays unknown."
            .to_owned(),
        items,
    })
}

/// The one enumeration all of whose rows have this mark.
fn table<'a>(
    document: &'a Document,
    mark: &str,
    has: impl Fn(&Row) -> bool,
) -> Result<&'a Schema, String> {
    let mut found = document
        .components
        .schemas
        .values()
        .filter(|schema| schema.one_of.iter().any(&has));
    match (found.next(), found.next()) {
        (Some(one), None) if one.one_of.iter().all(has) => Ok(one),
        (Some(_), None) => Err(format!("a row beside others with {mark} has none")),
        (Some(_), Some(_)) => Err(format!("more than one enumeration has {mark}")),
        (None, _) => Err(format!("no enumeration has {mark}")),
    }
}

/// Whether the values of an enumeration are numbers; all of them are, or none.
fn has_numbers(schema: &Schema) -> Result<bool, String> {
    let numbers = schema.one_of.iter().map(|row| match row.value {
        Node::Integer(_) => Ok(true),
        Node::Text(_) => Ok(false),
        Node::Null | Node::Bool(_) | Node::Decimal(_) | Node::List(_) | Node::Map(_) => {
            Err(format!("{} is neither a text nor an integer", row.value))
        }
    });
    let numbers: Vec<bool> = numbers.collect::<Result<_, _>>()?;
    match numbers.iter().all(|number| *number == numbers[0]) {
        true => Ok(numbers[0]),
        false => Err("an enumeration has both texts and numbers".to_owned()),
    }
}

/// A value as it stands in a table.
fn value(node: &Node) -> TokenStream {
    match node {
        Node::Integer(number) => Literal::i64_unsuffixed(*number).to_token_stream(),
        Node::Text(text) => text.to_token_stream(),
        Node::Null | Node::Bool(_) | Node::Decimal(_) | Node::List(_) | Node::Map(_) => {
            node.to_string().to_token_stream()
        }
    }
}

fn status_items(schema: &Schema, errors: &Schema) -> Result<Vec<TokenStream>, String> {
    let numbers = has_numbers(schema)?;
    let conditions = schema.one_of.iter().any(|row| row.only_with.is_some());
    let rows: Vec<TokenStream> = schema
        .one_of
        .iter()
        .map(|row| status_row(row, numbers, conditions.then_some(errors)))
        .collect::<Result<_, _>>()?;
    let count = length(rows.len());
    let key = numbers.then(|| {
        quote! {
            /// The number that decides.
            pub number: i64,
        }
    });
    let word = match numbers {
        true => doc("The word that comes with it.", 1),
        false => doc("As it stands in a reply.", 1),
    };
    let condition = conditions.then(|| {
        quote! {
            /// The error code that must come with it; without one, no error may.
            pub only_with: Option<&'static str>,
        }
    });
    let row = quote! {
        /// One status of an order.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct StatusCode {
            #key
            #word
            pub text: &'static str,
            /// What it means.
            pub status: OrderStatus,
            #condition
            /// Whether an order in it may be cancelled.
            pub cancellable: bool,
            /// How this meaning is known.
            pub evidence: Evidence,
        }
    };
    let about = doc(&schema.description, 0);
    let rows = quote! {
        #about
        pub static STATUS_CODES: [StatusCode; #count] = [#(#rows),*];
    };
    Ok(vec![row, rows, status_lookup(numbers)])
}

/// `errors` are those that a row may need, where any needs one.
fn status_row(row: &Row, numbers: bool, errors: Option<&Schema>) -> Result<TokenStream, String> {
    let place = |reason: String| format!("{}: {reason}", row.value);
    let own = value(&row.value);
    let (key, text) = if numbers {
        let title = row.title.as_deref();
        let title = title.ok_or_else(|| place("a number needs a title".to_owned()))?;
        (Some(quote!(number: #own,)), title.to_token_stream())
    } else {
        (None, own)
    };
    let status = row.order_status.as_deref().map(pascal);
    let condition = errors.map(|errors| match &row.only_with {
        Some(code) => {
            let code = named(errors, code)?;
            Ok(quote!(only_with: Some(#code),))
        }
        None => Ok(quote!(only_with: None,)),
    });
    let condition = condition.transpose().map_err(place)?;
    let cancellable = row.cancellable == Some(true);
    let known = evidence(row.evidence, row.source.as_deref(), &row.assumption)?;
    Ok(quote! {
        StatusCode {
            #key
            text: #text,
            status: OrderStatus::#status,
            #condition
            cancellable: #cancellable,
            evidence: #known,
        }
    })
}

fn status_lookup(numbers: bool) -> TokenStream {
    if numbers {
        quote! {
            /// The row of a status number.
            pub fn status_code(number: i64) -> Option<&'static StatusCode> {
                STATUS_CODES.iter().find(|row| row.number == number)
            }
        }
    } else {
        quote! {
            /// What a status means; [`OrderStatus::Unknown`] with its own text if it is not listed,
            /// in a case of its own included.
            pub fn order_status(text: &str) -> OrderStatus {
                STATUS_CODES
                    .iter()
                    .find(|row| row.text == text)
                    .map_or_else(
                        || OrderStatus::Unknown(text.to_owned()),
                        |row| row.status.clone(),
                    )
            }
        }
    }
}

fn error_items(schema: &Schema) -> Result<Vec<TokenStream>, String> {
    let numbers = has_numbers(schema)?;
    let rows: Vec<TokenStream> = schema
        .one_of
        .iter()
        .map(|row| error_row(row, numbers))
        .collect::<Result<_, _>>()?;
    let count = length(rows.len());
    let (key, lookup) = if numbers {
        let key = quote! {
            /// The HTTP status; the body of the error repeats it.
            pub http: u16,
        };
        let lookup = quote! {
            /// The row of an HTTP status, if it is listed as an error.
            pub fn error_code(http: u16) -> Option<&'static ErrorCode> {
                ERROR_CODES.iter().find(|row| row.http == http)
            }
        };
        (key, lookup)
    } else {
        let key = quote! {
            /// As it stands in the reply.
            pub code: &'static str,
        };
        let lookup = quote! {
            /// The row of an error code, in either case.
            pub fn error_code(code: &str) -> Option<&'static ErrorCode> {
                ERROR_CODES.iter().find(|row| row.code.eq_ignore_ascii_case(code))
            }
        };
        (key, lookup)
    };
    let row = quote! {
        /// One error of the gateway.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct ErrorCode {
            #key
            /// What kind of failure it is.
            pub kind: ErrorKind,
            /// What the gateway says of it, in short.
            pub meaning: &'static str,
            /// What whoever called may do next.
            pub caller_may: &'static str,
            /// How this is known.
            pub evidence: Evidence,
        }
    };
    let about = doc(&schema.description, 0);
    let rows = quote! {
        #about
        pub static ERROR_CODES: [ErrorCode; #count] = [#(#rows),*];
    };
    let named = schema.one_of.iter().filter_map(constant);
    Ok(named.chain([row, rows, lookup]).collect())
}

/// A name for the code of a row that has a title, for the code that asks for this very one.
fn constant(row: &Row) -> Option<TokenStream> {
    let name = ident(row.title.as_deref()?);
    let about = doc(
        &format!("The code that stands for: {}.", row.description),
        0,
    );
    let code = value(&row.value);
    Some(quote! {
        #about
        pub const #name: &str = #code;
    })
}

/// The error code by its name, where it has one.
fn named(errors: &Schema, code: &str) -> Result<TokenStream, String> {
    let mut rows = errors.one_of.iter();
    let row = rows.find(|row| row.value.text() == Some(code));
    let row = row.ok_or_else(|| format!("x-only-with {code} is no error code"))?;
    Ok(match &row.title {
        Some(name) => ident(name).to_token_stream(),
        None => code.to_token_stream(),
    })
}

fn error_row(row: &Row, numbers: bool) -> Result<TokenStream, String> {
    let own = value(&row.value);
    let key = match &row.title {
        _ if numbers => quote!(http: #own),
        Some(name) => {
            let name = ident(name);
            quote!(code: #name)
        }
        None => quote!(code: #own),
    };
    let kind = row.error_kind.as_deref().map(pascal);
    let meaning = literal(&row.description, 2)?;
    let next = row.caller_may.as_deref().unwrap_or_default();
    let next = literal(next, 2)?;
    let known = evidence(row.evidence, row.source.as_deref(), &row.assumption)?;
    Ok(quote! {
        ErrorCode {
            #key,
            kind: ErrorKind::#kind,
            meaning: #meaning,
            caller_may: #next,
            evidence: #known,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{part, sample};
    use super::*;

    /// Statuses by number, one of which needs an error, as Pesapal has them.
    fn with_numbers() -> Document {
        let mut document = sample("pesapal");
        let schemas = &mut document.components.schemas;
        let codes = schemas.get_mut("ErrorCode").unwrap();
        codes.one_of[0].value = Node::Text("not_paid".to_owned());
        codes.one_of[0].title = Some("PENDING".to_owned());
        let statuses = &mut schemas.get_mut("OrderStatus").unwrap().one_of;
        for (number, row) in (0..).zip(statuses.iter_mut()) {
            row.title = Some(row.value.text().unwrap().to_owned());
            row.value = Node::Integer(number);
        }
        statuses[0].only_with = Some("not_paid".to_owned());
        document
    }

    #[test]
    fn statuses_are_a_table() {
        let file = file(&sample("kwikpaisa")).unwrap();
        insta::assert_snapshot!(part(&file, "pub static STATUS_CODES"), @r#"
        pub static STATUS_CODES: [StatusCode; 2] = [
            StatusCode {
                text: "OPEN",
                status: OrderStatus::Unpaid,
                cancellable: true,
                evidence: Evidence::Documented("orders"),
            },
            StatusCode {
                text: "PAID",
                status: OrderStatus::Paid,
                cancellable: false,
                evidence: Evidence::Documented("orders"),
            },
        ];
        "#);
        let lookup = part(&file, "pub fn order_status");
        assert!(
            lookup.starts_with("pub fn order_status(text: &str) -> OrderStatus {"),
            "{lookup}"
        );
    }

    #[test]
    fn a_status_may_need_an_error_which_has_a_name_then() {
        let file = file(&with_numbers()).unwrap();
        insta::assert_snapshot!(part(&file, "pub static STATUS_CODES"), @r#"
        pub static STATUS_CODES: [StatusCode; 2] = [
            StatusCode {
                number: 0,
                text: "OPEN",
                status: OrderStatus::Unpaid,
                only_with: Some(PENDING),
                cancellable: true,
                evidence: Evidence::Documented("orders"),
            },
            StatusCode {
                number: 1,
                text: "PAID",
                status: OrderStatus::Paid,
                only_with: None,
                cancellable: false,
                evidence: Evidence::Documented("orders"),
            },
        ];
        "#);
        insta::assert_snapshot!(part(&file, "/// The code that stands for"), @r#"
        /// The code that stands for: no such order.
        pub const PENDING: &str = "not_paid";
        "#);
        insta::assert_snapshot!(part(&file, "pub static ERROR_CODES"), @r#"
        pub static ERROR_CODES: [ErrorCode; 1] = [ErrorCode {
            code: PENDING,
            kind: ErrorKind::NotFound,
            meaning: "no such order",
            caller_may: "check the id",
            evidence: Evidence::Assumed("unknown-order"),
        }];
        "#);
    }

    #[test]
    fn a_table_that_cannot_be_told_is_refused() {
        let mut mixed = with_numbers();
        let statuses = mixed.components.schemas.get_mut("OrderStatus").unwrap();
        statuses.one_of[1].value = Node::Text("PAID".to_owned());
        assert_eq!(
            file(&mixed).unwrap_err(),
            "an enumeration has both texts and numbers"
        );
        let mut gap = with_numbers();
        let statuses = gap.components.schemas.get_mut("OrderStatus").unwrap();
        statuses.one_of[1].order_status = None;
        assert_eq!(
            file(&gap).unwrap_err(),
            "a row beside others with x-order-status has none"
        );
        let mut none = with_numbers();
        none.components.schemas.shift_remove("ErrorCode");
        assert_eq!(file(&none).unwrap_err(), "no enumeration has x-error-kind");
    }
}
