//! A panel on the real side alone: approved, or found shut.

use pilothouse::model::{Act, World};

use super::{CLEARED, Stage, by_cockpit};
use std::sync::atomic::Ordering;

impl Stage<'_> {
    /// Sends an act through the panel; what comes of it is not compared.
    pub(crate) fn approved(&mut self, act: &dyn Fn(&World) -> Act) {
        let namespace = self.trial.namespace.clone();
        let flight = &mut self.real.flight;
        let act = act(flight.state().world());
        let sent = self.runtime.block_on(by_cockpit(flight, &namespace, &act));
        sent.unwrap_or_else(|why| panic!("{act}: {why}"));
        CLEARED.fetch_add(1, Ordering::Relaxed);
    }

    /// Opens the panel in front of an act and answers all it asks; why it stays shut, and the screen.
    pub(crate) fn shut(&mut self, act: &dyn Fn(&World) -> Act) -> String {
        let namespace = self.trial.namespace.clone();
        let flight = &mut self.real.flight;
        let act = act(flight.state().world());
        let (answered, shown) = self.runtime.block_on(async {
            flight.open_panel(&namespace, &act);
            let answered = flight.answer(&namespace).await;
            let shown = flight.line();
            flight.key(pilothouse::app::Key::Esc);
            (answered, shown)
        });
        let why = answered.expect_err("the panel opened");
        format!("{why}\n{shown}")
    }
}
