//! Tests of duka-kwikpaisa.
