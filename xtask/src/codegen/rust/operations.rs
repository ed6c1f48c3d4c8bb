//! `operations.rs`: what the gateway can be asked, where, and whether twice.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{RustFile, doc, evidence, ident, length, literal, pascal};
use crate::openapi::Call;
use crate::openapi::document::{Document, Intent, Repeat};

/// The one operation that an adapter does by itself and nobody can ask for.
const OWN: &str = "token";

pub(super) fn file(document: &Document) -> Result<RustFile, String> {
    let calls: Vec<Call<'_>> = document.operations().collect();
    let constants: Vec<Ident> = calls.iter().map(constant_name).collect();
    let count = length(calls.len());
    let mut items = vec![quote! {
        use duka_core::evidence::{Evidence, Intent, OperationInfo, Repeat};
        use duka_core::gateway::Operation;
    }];
    items.push(quote! {
        /// Every operation, in the order in which the description has them.
        pub const OPERATIONS: [OperationInfo; #count] = [#(#constants),*];
    });
    for call in &calls {
        items.push(constant(call).map_err(|reason| format!("{}: {reason}", call.operation.id))?);
    }
    Ok(RustFile {
        about:
            "The gateway's operations: where each is called, and whether it may be called again."
                .to_owned(),
        items,
    })
}

fn constant_name(call: &Call<'_>) -> Ident {
    ident(&call.operation.id.to_uppercase())
}

fn constant(call: &Call<'_>) -> Result<TokenStream, String> {
    let Call {
        method,
        path,
        operation,
    } = *call;
    let about = doc(&format!("{}: `{method} {path}`.", operation.summary), 0);
    let constant = constant_name(call);
    let name = &operation.id;
    let asked_for = if name == OWN {
        quote!(None)
    } else {
        let variant = pascal(name);
        quote!(Some(Operation::#variant))
    };
    let intent = match operation.intent.ok_or("has no x-intent")? {
        Intent::Read => quote!(Read),
        Intent::Mutation => quote!(Mutation),
    };
    let repeat = match operation.repeat.ok_or("has no x-repeat")? {
        Repeat::Harmless => quote!(Harmless),
        Repeat::Once => quote!(Once),
        Repeat::Unknown => quote!(Unknown),
    };
    let unsupported = match &operation.unsupported {
        Some(reason) => {
            let reason = literal(reason, 1)?;
            quote!(Some(#reason))
        }
        None => quote!(None),
    };
    let known = evidence(
        operation.evidence,
        operation.source.as_deref(),
        &operation.assumption,
    )?;
    Ok(quote! {
        #about
        pub const #constant: OperationInfo = OperationInfo {
            name: #name,
            operation: #asked_for,
            method: #method,
            path: #path,
            intent: Intent::#intent,
            repeat: Repeat::#repeat,
            unsupported: #unsupported,
            evidence: #known,
        };
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{part, sample};
    use super::*;

    #[test]
    fn a_row_says_where_to_call_and_whether_twice() {
        let file = file(&sample("pesapal")).unwrap();
        insta::assert_snapshot!(part(&file, "/// Cancel an order"), @r#"
        /// Cancel an order: `POST /cancel`.
        pub const CANCEL: OperationInfo = OperationInfo {
            name: "cancel",
            operation: Some(Operation::Cancel),
            method: "POST",
            path: "/cancel",
            intent: Intent::Mutation,
            repeat: Repeat::Once,
            unsupported: None,
            evidence: Evidence::Documented("orders"),
        };
        "#);
    }

    #[test]
    fn what_is_not_offered_stands_there_with_its_reason() {
        let file = file(&sample("pesapal")).unwrap();
        let row = part(&file, "/// Give money back");
        assert!(
            row.contains("unsupported: Some(\"nobody has asked for it\")"),
            "{row}"
        );
        let table = part(&file, "pub const OPERATIONS");
        assert_eq!(
            table,
            "pub const OPERATIONS: [OperationInfo; 3] = [STATUS, CANCEL, REFUND];"
        );
    }

    #[test]
    fn an_operation_without_an_intent_is_refused() {
        let mut document = sample("pesapal");
        let cancel = document.paths.get_mut("/cancel").unwrap().post.as_mut();
        cancel.unwrap().intent = None;
        assert_eq!(file(&document).unwrap_err(), "cancel: has no x-intent");
    }
}
