//! The table of operations.

use duka_core::evidence::{Evidence, Intent, OperationInfo, Repeatability, supports};
use duka_core::gateway::Operation;

const CANCEL: OperationInfo = OperationInfo {
    name: "cancel",
    operation: Some(Operation::Cancel),
    method: "POST",
    path: "/orders/cancel",
    intent: Intent::Mutation,
    repeat: Repeatability::Once,
    unsupported: None,
    evidence: Evidence::Documented("cancel-order"),
};

const REFUND: OperationInfo = OperationInfo {
    name: "refund",
    operation: Some(Operation::Refund),
    unsupported: Some("no user has asked for it yet"),
    ..CANCEL
};

const TOKEN: OperationInfo = OperationInfo {
    name: "token",
    operation: None,
    ..CANCEL
};

#[test]
fn an_operation_is_supported_if_its_row_gives_no_reason_against_it() {
    let table = [TOKEN, CANCEL, REFUND];
    assert!(supports(&table, Operation::Cancel));
    assert!(!supports(&table, Operation::Refund), "it is described only");
    assert!(!supports(&table, Operation::Create), "it has no row");
}
