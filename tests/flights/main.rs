//! Flights on the sandbox: keys in, pictures and journal out, through the real client over a real socket.

#[path = "../support/flight.rs"]
mod flight;

mod looks;
