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
