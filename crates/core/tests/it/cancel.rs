//! The rules of cancellation: the whole table, and the sentences that must hold in it.

use duka_core::OrderStatus;
use duka_core::cancel::{CancelRules, mermaid, table};

#[test]
fn the_whole_transition_table_where_a_repeat_is_harmless() {
    let rules = CancelRules::repeatable([OrderStatus::Unpaid, OrderStatus::Processing]);
    insta::assert_snapshot!(table(&rules));
}

#[test]
fn the_whole_transition_table_at_a_once_only_gateway() {
    let rules = CancelRules::once_only([OrderStatus::Unpaid, OrderStatus::Failed]);
    insta::assert_snapshot!(table(&rules));
}

#[test]
fn the_picture_of_the_life_of_a_cancellation() {
    insta::assert_snapshot!(mermaid());
}
