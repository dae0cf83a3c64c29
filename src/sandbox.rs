//! A cluster in a box (this root is a placeholder of the branch `controllers`; the one of branch `sandbox` wins).

pub mod controllers;
pub mod scenario;
pub mod store;

mod status {
    /// The store's refusal, as far as controllers look at it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StoreError {
        pub code: u16,
        pub message: String,
    }
}

impl std::fmt::Display for status::StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
