//! `assumptions.rs`: what is taken for true although nobody says so, for programs that ask the gateway itself.

use proc_macro2::TokenStream;
use quote::quote;

use super::{RustFile, length, literal};
use crate::openapi::document::{Assumption, Document};

pub(super) fn file(document: &Document) -> Result<RustFile, String> {
    let count = length(document.assumptions.len());
    let entries: Vec<TokenStream> = document
        .assumptions
        .iter()
        .map(|(id, assumption)| entry(id, assumption))
        .collect::<Result<_, _>>()?;
    let items = vec![
        quote!(
            use duka_core::evidence::{Assumption, Tried};
        ),
        quote! {
            /// Every assumption, those that decide about money first.
            pub static ASSUMPTIONS: [Assumption; #count] = [#(#entries),*];
        },
    ];
    Ok(RustFile {
        about:
            "What is taken for true of the gateway although no page and no recorded reply says so."
                .to_owned(),
        items,
    })
}

fn entry(id: &str, assumption: &Assumption) -> Result<TokenStream, String> {
    let text = |text: &str| literal(text, 2);
    let Assumption {
        about,
        place,
        money,
        variant,
        no_variant,
        probe,
        no_probe,
        ..
    } = assumption;
    let assumed = text(&assumption.assumed)?;
    let tolerance = text(&assumption.tolerance)?;
    let trial = text(&assumption.trial)?;
    let variants = match no_variant {
        Some(reason) => {
            let reason = text(reason)?;
            quote!(Tried::Not { why: #reason })
        }
        None => {
            let names = &variant.0;
            quote!(Tried::By(&[#(#names),*]))
        }
    };
    let probe = match (probe, no_probe) {
        (Some(name), _) => quote!(Tried::By(#name)),
        (None, Some(reason)) => {
            let reason = text(reason)?;
            quote!(Tried::Not { why: #reason })
        }
        (None, None) => return Err(format!("{id} has neither probe nor no-probe")),
    };
    Ok(quote! {
        Assumption {
            id: #id,
            assumed: #assumed,
            about: #about,
            place: #place,
            tolerance: #tolerance,
            trial: #trial,
            money: #money,
            variants: #variants,
            probe: #probe,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{part, sample};
    use super::*;

    #[test]
    fn the_table_says_what_to_try_and_why_something_cannot_be_tried() {
        let file = file(&sample("pesapal")).unwrap();
        insta::assert_snapshot!(part(&file, "pub static"), @r#"
        pub static ASSUMPTIONS: [Assumption; 2] = [
            Assumption {
                id: "soon",
                assumed: "A cancelled order shows `CANCELLED` soon after.",
                about: "cancel",
                place: "duka-core",
                tolerance: "The setting `settle`.",
                trial: "Cancel, then read the status every second.",
                money: true,
                variants: Tried::By(&["till.cancel_shows=late", "till.slow"]),
                probe: Tried::Not {
                    why: "cancels an order",
                },
            },
            Assumption {
                id: "unknown-order",
                assumed: "An unknown order is HTTP 404.",
                about: "status",
                place: "src/reply.rs",
                tolerance: "None.",
                trial: "ask for an unknown id",
                money: false,
                variants: Tried::Not {
                    why: "only one side is known",
                },
                probe: Tried::By("status_of_unknown_order"),
            },
        ];
        "#);
    }
}
