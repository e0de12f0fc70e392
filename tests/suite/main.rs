//! The tests that cross crates, in one binary so that they link once.

mod bar;
mod conformance;
mod engine_dial;
mod engine_fault;
mod engine_memory;
mod engine_outage;
mod engine_session;
mod engine_stage;
mod engine_tls;
mod engine_websocket;
mod protocol_agent;
mod protocol_client;
mod protocol_corpus;
mod protocol_hostile;
mod protocol_kms;
mod protocol_pair;
mod protocol_properties;
mod protocol_vectors;
