//! A model checker for the rules of cancellation: every interleaving of two workers, a store,
//! a network, a gateway, a customer and a clock, with the real [`duka_core::cancel::step`].
//!
//! Our own search rather than a library: it is short, its traces read as sentences, and it
//! proves that runs end by the shape of the finished graph.

mod actors;
mod gateway;
mod invariants;
mod moves;
mod search;
mod system;
mod workers;
mod world;

mod broken_systems;
mod correct_systems;
