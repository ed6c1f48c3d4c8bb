//! `wire/types.rs`: the bodies as they go over the wire, with exactly the members that are sent or read.

use indexmap::IndexMap;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::{RustFile, doc, first_sentence, ident};
use crate::openapi::component_name;
use crate::openapi::document::{Document, Media, Operation, Schema};

/// How an adapter reads a member without a firm type.
struct Tolerant {
    /// Where its type for that is.
    import: TokenStream,
    /// A text, a number or whatever came instead.
    scalar: TokenStream,
    /// Something that is read on its own later.
    nested: TokenStream,
    /// What a struct of them derives.
    derives: TokenStream,
    /// What a struct of them has after its name.
    lifetime: TokenStream,
    /// What each member says to serde. A default for the whole struct would read every member, and the compiler would
    /// not notice one that nobody else reads.
    says: TokenStream,
}

fn tolerant(gateway: &str) -> Result<Tolerant, String> {
    match gateway {
        "kwikpaisa" => Ok(Tolerant {
            import: quote!(
                use super::Scalar;
            ),
            scalar: quote!(Option<Scalar>),
            nested: quote!(Option<Box<RawValue>>),
            derives: quote!(Default, Deserialize),
            lifetime: TokenStream::new(),
            says: TokenStream::new(),
        }),
        "pesapal" => Ok(Tolerant {
            import: quote!(
                use super::envelope::Loose;
            ),
            scalar: quote!(Loose<'a>),
            nested: quote!(Loose<'a>),
            derives: quote!(Deserialize),
            lifetime: quote!(<'a>),
            says: quote!(borrow, default),
        }),
        other => Err(format!("nobody has said how replies of {other} are read")),
    }
}

/// Which way a body goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Sent,
    Read,
}

pub(super) fn file(document: &Document) -> Result<RustFile, String> {
    let tolerant = tolerant(&document.gateway)?;
    let mut bodies = Bodies {
        document,
        found: IndexMap::new(),
    };
    for call in document.operations() {
        if call.operation.unsupported.is_none() {
            bodies.operation(call.operation, Way::Sent, Way::Read)?;
        }
    }
    for call in document.notifications() {
        bodies.operation(call.operation, Way::Read, Way::Sent)?;
    }
    let mut structs = Vec::new();
    for (name, (way, schema)) in &bodies.found {
        let made = match way {
            Way::Sent => sent(document, name, schema),
            Way::Read => Ok(read(document, name, schema, &tolerant)),
        };
        structs.extend(made.map_err(|reason| format!("{name}: {reason}"))?);
    }
    let mut items = imports(&structs, &tolerant);
    items.append(&mut structs);
    Ok(RustFile {
        about: "The bodies as they go over the wire: exactly the members that are sent or read, so that the compiler \
                finds one that is not."
            .to_owned(),
        items,
    })
}

/// What the structs need, and no more: from others, and from the adapter itself.
fn imports(structs: &[TokenStream], tolerant: &Tolerant) -> Vec<TokenStream> {
    let all: String = structs.iter().map(ToString::to_string).collect();
    let uses = |word: &str| all.split(|c: char| !c.is_alphanumeric()).any(|w| w == word);
    let serde = match (uses("Deserialize"), uses("Serialize")) {
        (true, true) => quote!(
            use serde::{Deserialize, Serialize};
        ),
        (true, false) => quote!(
            use serde::Deserialize;
        ),
        (false, _) => quote!(
            use serde::Serialize;
        ),
    };
    let raw = uses("RawValue").then(|| {
        quote!(
            use serde_json::value::RawValue;
        )
    });
    let own = (uses("Scalar") || uses("Loose")).then(|| tolerant.import.clone());
    [quote!(#serde #raw)].into_iter().chain(own).collect()
}

/// The bodies that are needed, each after the one that it is part of.
struct Bodies<'a> {
    document: &'a Document,
    found: IndexMap<&'a str, (Way, &'a Schema)>,
}

impl<'a> Bodies<'a> {
    fn operation(
        &mut self,
        operation: &'a Operation,
        asked: Way,
        answered: Way,
    ) -> Result<(), String> {
        let media = |media: &'a Media| &media.schema;
        let request = operation.request_body.iter();
        for schema in request.flat_map(|body| body.content.values()).map(media) {
            self.schema(schema, asked)?;
        }
        for response in operation.responses.values() {
            let response = self.document.resolved(response);
            for schema in response.content.values().map(media) {
                self.schema(schema, answered)?;
            }
        }
        Ok(())
    }

    fn schema(&mut self, schema: &'a Schema, way: Way) -> Result<(), String> {
        let Some(name) = schema.reference.as_deref().and_then(component_name) else {
            return self.parts(schema, way);
        };
        let component = self.document.resolved(schema);
        match self.found.get(name) {
            Some((known, _)) if *known == way => return Ok(()),
            Some(_) => return Err(format!("{name} is both sent and read")),
            None if members(component, way).next().is_some() => {
                self.found.insert(name, (way, component));
            }
            None => {}
        }
        self.parts(component, way)
    }

    fn parts(&mut self, schema: &'a Schema, way: Way) -> Result<(), String> {
        for part in schema.all_of.iter().chain(schema.items.as_deref()) {
            self.schema(part, way)?;
        }
        for (_, member) in members(schema, way) {
            self.schema(member, way)?;
        }
        Ok(())
    }
}

/// The members of a body that are its own, which an envelope's are not, and that are sent or read.
fn members(schema: &Schema, way: Way) -> impl Iterator<Item = (&String, &Schema)> {
    let inline = schema.all_of.iter().flat_map(|part| &part.properties);
    let all = schema.properties.iter().chain(inline);
    all.filter(move |(_, member)| match way {
        Way::Sent => member.unsent.is_none(),
        Way::Read => member.unread.is_none(),
    })
}

/// A struct whose members are read as they come.
fn read(document: &Document, name: &str, schema: &Schema, tolerant: &Tolerant) -> Vec<TokenStream> {
    let Tolerant {
        derives,
        lifetime,
        says,
        ..
    } = tolerant;
    let fields = members(schema, Way::Read).map(|(key, member)| {
        let about = about(document, member);
        let (field, rename) = field_name(key);
        let rename = rename.then(|| quote!(rename = #key));
        let parts: Vec<&TokenStream> = [says]
            .into_iter()
            .chain(&rename)
            .filter(|part| !part.is_empty())
            .collect();
        let attribute = (!parts.is_empty()).then(|| quote!(#[serde(#(#parts),*)]));
        let kind = match is_nested(document, member) {
            true => &tolerant.nested,
            false => &tolerant.scalar,
        };
        quote!(#about #attribute pub(crate) #field: #kind,)
    });
    let (about, name) = (doc(&schema.description, 0), ident(name));
    vec![quote! {
        #about
        #[derive(#derives)]
        pub(crate) struct #name #lifetime { #(#fields)* }
    }]
}

/// A struct all of whose members somebody has to fill.
fn sent(document: &Document, name: &str, schema: &Schema) -> Result<Vec<TokenStream>, String> {
    let mut fields = Vec::new();
    for (key, member) in members(schema, Way::Sent) {
        let place = |reason| format!("{key}: {reason}");
        let about = about(document, member);
        let (field, rename) = field_name(key);
        let rename = rename.then(|| quote!(#[serde(rename = #key)]));
        let kind = sent_type(document, member).map_err(place)?;
        let required = schema.required.contains(key);
        fields.push(match required {
            true => quote!(#about #rename pub(crate) #field: #kind,),
            false => quote! {
                #about
                #rename
                #[serde(skip_serializing_if = "Option::is_none")]
                pub(crate) #field: Option<#kind>,
            },
        });
    }
    let lifetime = borrows(document, schema).then(|| quote!(<'a>));
    let (about, name) = (doc(&schema.description, 0), ident(name));
    Ok(vec![quote! {
        #about
        #[derive(Serialize)]
        pub(crate) struct #name #lifetime { #(#fields)* }
    }])
}

/// The type of a member that is sent: texts are borrowed, what must keep its digits is written by whoever fills it.
fn sent_type(document: &Document, member: &Schema) -> Result<TokenStream, String> {
    let resolved = document.resolved(member);
    if member.exact || resolved.exact {
        return Ok(quote!(Box<RawValue>));
    }
    if is_nested(document, member) {
        if let Some(items) = &resolved.items {
            let item = sent_type(document, items)?;
            return Ok(quote!(Vec<#item>));
        }
        let name = member.reference.as_deref().and_then(component_name);
        let name = name.ok_or("an object that is sent needs a component of its own")?;
        let lifetime = borrows(document, resolved).then(|| quote!(<'a>));
        let name = ident(name);
        return Ok(quote!(#name #lifetime));
    }
    match resolved.kind.0.as_slice() {
        [kind] if kind == "string" => Ok(quote!(&'a str)),
        [kind] if kind == "integer" => Ok(quote!(i64)),
        [kind] if kind == "boolean" => Ok(quote!(bool)),
        [] => Err("has no type".to_owned()),
        kinds => Err(format!("{} needs x-exact to be sent", kinds.join(" or "))),
    }
}

/// Whether a body that is sent borrows anything.
fn borrows(document: &Document, schema: &Schema) -> bool {
    members(schema, Way::Sent).any(|(_, member)| {
        let resolved = document.resolved(member);
        let exact = member.exact || resolved.exact;
        let text = resolved.kind.0 == ["string"];
        let inner = resolved.items.as_deref().unwrap_or(resolved);
        !exact && (text || borrows(document, document.resolved(inner)))
    })
}

/// Whether a member is an object or a list.
fn is_nested(document: &Document, member: &Schema) -> bool {
    let resolved = document.resolved(member);
    let kinds = &resolved.kind.0;
    kinds.iter().any(|kind| kind == "object" || kind == "array") || !resolved.all_of.is_empty()
}

/// What a member says of itself, in a sentence; what it refers to speaks for it where it is silent.
fn about(document: &Document, member: &Schema) -> TokenStream {
    let own = match member.description.is_empty() {
        true => &document.resolved(member).description,
        false => &member.description,
    };
    match own.is_empty() {
        true => TokenStream::new(),
        false => doc(first_sentence(own), 1),
    }
}

/// The member's name in Rust, and whether it has another one on the wire.
fn field_name(key: &str) -> (Ident, bool) {
    let mut name = String::new();
    let mut follows_small = false;
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && follows_small {
            name.push('_');
        }
        follows_small = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        name.push(letter.to_ascii_lowercase());
    }
    let renamed = name != key;
    (ident(&name), renamed)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{part, sample};
    use super::*;

    /// The sample with an id that may be a number or a text.
    fn sendable(gateway: &str) -> Document {
        let mut document = sample(gateway);
        let request = document.components.schemas.get_mut("CancelRequest");
        request.unwrap().properties["id"].exact = true;
        document
    }

    #[test]
    fn a_request_has_what_is_sent_and_keeps_its_digits() {
        let mut document = sendable("pesapal");
        let request = document
            .components
            .schemas
            .get_mut("CancelRequest")
            .unwrap();
        request.properties["note"].unsent = None;
        let file = file(&document).unwrap();
        insta::assert_snapshot!(part(&file, "#[derive(Serialize)]"), @r#"
        #[derive(Serialize)]
        pub(crate) struct CancelRequest<'a> {
            /// The order, by the id that it was created with, in the very type that it had in that call.
            pub(crate) id: Box<RawValue>,
            /// A note.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub(crate) note: Option<&'a str>,
        }
        "#);
    }

    #[test]
    fn a_reply_has_what_is_read_and_takes_it_as_it_comes() {
        let owned = file(&sendable("kwikpaisa")).unwrap();
        insta::assert_snapshot!(part(&owned, "use serde"), @r#"
        use serde::{Deserialize, Serialize};
        use serde_json::value::RawValue;
        "#);
        insta::assert_snapshot!(part(&owned, "#[derive(Default, Deserialize)]\npub(crate) struct StatusReply"), @r#"
        #[derive(Default, Deserialize)]
        pub(crate) struct StatusReply {
            /// The order.
            pub(crate) order: Option<Box<RawValue>>,
        }
        "#);
        insta::assert_snapshot!(part(&owned, "#[derive(Default, Deserialize)]\npub(crate) struct Order"), @r#"
        #[derive(Default, Deserialize)]
        pub(crate) struct Order {
            /// Its id.
            pub(crate) id: Option<Scalar>,
            /// How much.
            pub(crate) amount: Option<Scalar>,
            /// Where it stands.
            pub(crate) status: Option<Scalar>,
        }
        "#);
        let borrowed = file(&sendable("pesapal")).unwrap();
        insta::assert_snapshot!(part(&borrowed, "#[derive(Deserialize)]\npub(crate) struct Envelope"), @r#"
        #[derive(Deserialize)]
        pub(crate) struct Envelope<'a> {
            /// How the call went.
            #[serde(borrow, default)]
            pub(crate) code: Loose<'a>,
        }
        "#);
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let document = sample("pesapal");
        assert_eq!(
            file(&document).unwrap_err(),
            "CancelRequest: id: string or integer needs x-exact to be sent"
        );
        assert_eq!(
            file(&sample("till")).unwrap_err(),
            "nobody has said how replies of till are read"
        );
    }

    #[test]
    fn a_body_goes_one_way_only() {
        let mut document = sample("pesapal");
        let cancel = document.paths["/cancel"].post.as_ref().unwrap();
        let body = &cancel.request_body.as_ref().unwrap().content["application/json"];
        let reference = body.schema.reference.clone();
        let status = document.paths["/order/{id}"].get.as_mut().unwrap();
        let reply = status.responses.get_mut("200").unwrap();
        reply.content["application/json"].schema.reference = reference;
        assert_eq!(
            file(&document).unwrap_err(),
            "CancelRequest is both sent and read"
        );
    }

    #[test]
    fn members_are_named_as_rust_has_it() {
        let named = |key| {
            let (name, renamed) = field_name(key);
            (name.to_string(), renamed)
        };
        assert_eq!(named("order_id"), ("order_id".to_owned(), false));
        assert_eq!(named("expiryDate"), ("expiry_date".to_owned(), true));
        assert_eq!(
            named("OrderTrackingId"),
            ("order_tracking_id".to_owned(), true)
        );
        assert_eq!(
            named("kwikX_order_id"),
            ("kwik_x_order_id".to_owned(), true)
        );
        assert_eq!(named("type"), ("r#type".to_owned(), false));
    }
}
