//! `ChaosStore`, seen through the store that it is.

mod batch;
mod counts;
mod gate;
mod noting;
mod script;
