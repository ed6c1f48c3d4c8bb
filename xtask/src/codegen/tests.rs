//! The generators, with a small description that has one of everything.

use super::*;

const SAMPLE: &str = include_str!("sample.yaml");

fn sample() -> Document {
    openapi::parse("pesapal", SAMPLE).unwrap()
}

/// A description whose statements were looked up among the project's own files.
fn resolved(text: &str) -> Result<Document, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut documents = vec![openapi::parse("pesapal", text)?];
    statements::resolve(root, &mut documents)?;
    Ok(documents.remove(0))
}

/// What is wrong with the sample once `from` has become `to`.
fn wrong(from: &str, to: &str) -> String {
    assert!(SAMPLE.contains(from), "{from}");
    openapi::parse("pesapal", &SAMPLE.replacen(from, to, 1)).unwrap_err()
}

/// The part of a generated text that begins with `start`, up to the next empty line.
fn part(text: &str, start: &str) -> String {
    let at = text
        .find(start)
        .unwrap_or_else(|| panic!("no {start} in {text}"));
    text[at..]
        .split("\n\n")
        .next()
        .unwrap()
        .trim_end()
        .to_owned()
}

#[test]
fn a_misspelt_key_is_named_with_its_line() {
    let line = 1 + SAMPLE
        .lines()
        .position(|line| line.contains("x-unused"))
        .unwrap();
    let error = wrong("x-unused", "x-idle");
    assert!(
        error.contains("x-idle") && error.contains(&format!("line {line}")),
        "{error}"
    );
}

#[test]
fn a_statement_says_where_it_is_from_or_what_is_assumed() {
    let known = "description: How much., x-source: recordings";
    let error = wrong(known, "description: How much.");
    assert!(
        error.contains("Order.amount has neither x-source nor x-assumption"),
        "{error}"
    );
    let error = wrong(known, "description: How much., x-source: nowhere");
    assert!(
        error.contains("Order.amount: x-source nowhere is not in x-sources"),
        "{error}"
    );
    let error = wrong("x-assumption: soon", "x-assumption: late");
    assert!(
        error.contains("x-assumption late is not in x-assumptions"),
        "{error}"
    );
    assert!(
        error.contains("x-assumptions.soon is used by no statement"),
        "{error}"
    );
}

#[test]
fn an_assumption_takes_sides_and_says_what_to_try() {
    let error = wrong("    no-probe: cancels an order\n", "");
    assert_eq!(error, "x-assumptions.soon needs either probe or no-probe");
    let error = wrong("    no-variant: only one side is known\n", "");
    assert_eq!(
        error,
        "x-assumptions.unknown-order needs either variant or no-variant"
    );
}

#[test]
fn names_lead_somewhere_and_back_to_no_place() {
    let error = wrong("responses/NotFound", "responses/Gone");
    assert!(
        error.contains("status.404: what its $ref names does not exist"),
        "{error}"
    );
    let error = wrong(
        "{$ref: \"#/components/schemas/CancelRequest\"}",
        "{type: object}",
    );
    assert!(
        error.contains("CancelRequest is part of no operation and no notification"),
        "{error}"
    );
    let error = wrong(
        "{$ref: \"#/components/schemas/StatusCode\"",
        "{$ref: \"#/components/schemas/Order\"",
    );
    assert!(error.contains("Order holds itself"), "{error}");
    let error = wrong("required: [id]", "required: [id, amount]");
    assert!(
        error.contains("requires amount, which it does not have"),
        "{error}"
    );
    let error = wrong("x-caller-may: wait, ", "");
    assert!(
        error.contains("needs both of x-error-kind and x-caller-may"),
        "{error}"
    );
    let error = wrong("      x-effect: once\n", "");
    assert_eq!(error, "cancel has no x-effect");
}

#[test]
fn a_member_of_the_description_is_in_the_wire_types_unless_it_says_otherwise() {
    let text = rust("types.rs", &sample()).unwrap();
    insta::assert_snapshot!(part(&text, "#[derive(Serialize)]"), @r#"
    #[derive(Serialize)]
    pub(crate) struct CancelRequest<'a> {
        /// The order, by its id.
        pub(crate) id: Box<RawValue>,
        /// A note.
        #[serde(rename = "merchantNote")]
        #[serde(skip_serializing_if = "Option::is_none")]
        pub(crate) merchant_note: Option<&'a str>,
    }
    "#);
    let order = part(&text, "pub(crate) struct Order");
    assert!(order.contains("pub(crate) amount: JsonScalar"), "{order}");
    assert!(!order.contains("paid_by"), "{order}");
}

#[test]
fn a_body_goes_one_way_only_and_what_is_sent_has_a_type() {
    let mut document = sample();
    let cancel = document.paths["/cancel"].post.clone().unwrap();
    let request = cancel.request_body.unwrap();
    let reply = document.paths["/order"]
        .get
        .as_mut()
        .unwrap()
        .responses
        .get_mut("200")
        .unwrap();
    reply.content = request.content;
    assert_eq!(
        rust("types.rs", &document).unwrap_err(),
        "pesapal: cancel: CancelRequest is both sent and read"
    );
    let mut document = sample();
    let cancel = document.paths["/cancel"].post.as_mut().unwrap();
    let media = cancel
        .request_body
        .as_mut()
        .unwrap()
        .content
        .values_mut()
        .next()
        .unwrap();
    media.schema.properties["id"].r#type.clear();
    let error = rust("types.rs", &document).unwrap_err();
    assert_eq!(
        error,
        "pesapal: cancel: CancelRequest.id is sent and has no type"
    );
}

#[test]
fn codes_and_operations_are_tables() {
    let codes = rust("codes.rs", &sample()).unwrap();
    let constant =
        "/// The code that stands for: not paid yet.\npub const PENDING: &str = \"not_paid\";";
    assert_eq!(part(&codes, "/// The code that stands"), constant);
    insta::assert_snapshot!(part(&codes, "pub static STATUS_CODES"), @r#"
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
    assert!(
        codes.contains("evidence: Evidence::Assumed(\"unknown-order\")"),
        "{codes}"
    );
    let operations = rust("operations.rs", &sample()).unwrap();
    insta::assert_snapshot!(part(&operations, "/// Cancel an order"), @r#"
    /// Cancel an order: `POST /cancel`.
    pub const CANCEL: OperationInfo = OperationInfo {
        name: "cancel",
        operation: Some(Operation::Cancel),
        method: "POST",
        path: "/cancel",
        intent: Intent::Mutation,
        repeat: Repeatability::Once,
        unsupported: None,
        evidence: Evidence::Documented("orders"),
    };
    "#);
}

#[test]
fn the_page_of_a_gateway_says_how_each_statement_is_known() {
    let page = gateway_page(&sample()).unwrap();
    insta::assert_snapshot!(part(&page, "| field | type | known | what it is |\n|---|---|---|---|\n| `order`"), @"
    | field | type | known | what it is |
    |---|---|---|---|
    | `order` | object | seen | The order. |
    | `order.id` | integer or string | seen | Its id. |
    | `order.amount` | number | seen | How much. |
    | `order.status` | `0` or `1` | page | Where it stands. |
    | `order.paid_by` | string | page | How it was paid. |
    | `order.code` | `not_paid` or `gone` | page | The errors. |
    ");
    let sent = "| `id` | string or integer, 1 to 50 characters, **required** | page | The order, by its id. Its JSON type is kept. |";
    assert!(page.contains(sent), "{page}");
    assert!(
        page.contains("- ★ A cancelled order shows `CANCELLED` soon after."),
        "{page}"
    );
    assert!(
        page.contains(
            "{ \"code\": \"200\", \"order\": { \"id\": 6116229263036, \"amount\": 10.5 } }"
        ),
        "{page}"
    );
}

#[test]
fn the_page_of_what_is_covered_gives_reasons_and_knows_every_operation() {
    let page_of = |document| page("coverage.md", &[document]);
    let text = page_of(resolved(SAMPLE).unwrap()).unwrap();
    assert!(
        text.contains("Sent, 2 of 2: `id`, `merchantNote`."),
        "{text}"
    );
    assert!(
        text.contains("| `order.paid_by` | Nothing is decided by it. |"),
        "{text}"
    );
    let mut unknown = resolved(SAMPLE).unwrap();
    unknown.paths["/cancel"].post.as_mut().unwrap().operation_id = "void".to_owned();
    assert!(
        page_of(unknown)
            .unwrap_err()
            .starts_with("coverage.md.j2: ")
    );
}

#[test]
fn a_statement_of_a_page_is_fulfilled_and_guarded_or_said_to_be_missing() {
    let error = wrong(", not-yet: no command keeps one", "");
    assert_eq!(
        error,
        "x-statements.orders: An order can be kept. needs where and test, or not-yet"
    );
    let error = wrong("  orders:\n    Notes:", "  goods:\n    Notes:");
    assert_eq!(error, "x-statements: x-source goods is not in x-sources");
}

#[test]
fn what_a_statement_names_exists() {
    let text = page("coverage.md", &[resolved(SAMPLE).unwrap()]).unwrap();
    insta::assert_snapshot!(part(&text, "| about |"), @r"
    | about | the page says | in `duka` | tests |
    |---|---|---|---|
    | Notes | An order can be read. | [core](../crates/core/src/lib.rs), `duka status` | [`every_status_word_reads_back`](../crates/core/tests/it/orders.rs) |
    | Notes | An order can be kept. | **not yet**: no command keeps one |  |
    ");
    let of = "pesapal: x-statements: An order can be read.: ";
    for (from, to, reason) in [
        ("core::every_status", "core::no_status", "there is no test"),
        (
            "core::every_status",
            "http::every_status",
            "there is no test",
        ),
        (
            "core::every_status_word_reads_back",
            "core::new",
            "core::new is in ",
        ),
        (
            "src/lib.rs",
            "src/goods.rs",
            "../crates/core/src/goods.rs: No such",
        ),
        (
            "src/lib.rs",
            "README.md#goods",
            "the page has no such heading",
        ),
    ] {
        assert!(SAMPLE.contains(from), "{from}");
        let error = resolved(&SAMPLE.replacen(from, to, 1)).unwrap_err();
        assert!(error.starts_with(of) && error.contains(reason), "{error}");
    }
    resolved(&SAMPLE.replace("core::every", "core::orders::every")).unwrap();
    resolved(&SAMPLE.replace("src/lib.rs", "README.md#cargo-features")).unwrap();
}

#[test]
fn what_every_gateway_assumes_stands_once_and_the_rest_money_first() {
    let mut other = sample();
    other.gateway = "kwikpaisa".to_owned();
    other.assumptions["soon"].r#try = "Wait.".to_owned();
    let text = page("unverified.md", &[sample(), other]).unwrap();
    assert!(
        text.contains("3 lines in all: 2 decide about money (★)"),
        "{text}"
    );
    assert_eq!(
        text.matches("| An unknown order is HTTP 404").count(),
        1,
        "{text}"
    );
    assert!(
        text.contains("| [`duka-core`](../crates/core) | The setting `settle`. | Wait. |"),
        "{text}"
    );
}

#[test]
fn only_what_stands_between_the_marks_is_replaced() {
    let page = "# Page\n<begin>\nold\n<end>\nrest\n";
    let new = replaced(page, "<begin>\n", "<end>", "a --> b\n").unwrap();
    assert_eq!(new, "# Page\n<begin>\na --> b\n<end>\nrest\n");
    assert_eq!(
        replaced(page, "<other>", "<end>", ""),
        Err("no mark <other>".to_owned())
    );
}

#[test]
fn a_fragment_becomes_a_sentence_and_a_heading_a_place() {
    assert_eq!(filters::sentence("its `id` counts"), "Its `id` counts.");
    assert_eq!(filters::small("Its `id` counts."), "its `id` counts");
    assert_eq!(filters::small("GET only."), "GET only");
    assert_eq!(
        filters::first_sentence("letters and - _ . : only. More."),
        "letters and - _ . : only."
    );
    assert_eq!(
        filters::anchor("Read an order's status"),
        "read-an-orders-status"
    );
    assert_eq!(filters::cell("`a|b`\n c"), "`a\\|b` c");
}
