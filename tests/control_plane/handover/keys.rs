//! A whole handover by keys into the cockpit, as an operator walks it on the night: sign, look, answer, approve.

use std::time::Duration;

use pilothouse::app::{Event, Key};
use pilothouse::runbook::run::Due;

use crate::flight::Flight;
use crate::hands::FINGER;
use crate::trial::Trial;

/// From one thing that is due to the next; the kit's helms are slow on a machine that also builds something.
const PATIENCE: Duration = Duration::from_mins(2);

/// A person looks before he signs.
const LOOK: Duration = Duration::from_millis(1_500);
/// A panel that has changed so often under the answers is another finding.
const LOOKS: usize = 6;

impl Flight {
    /// Walks the run that is on to its end. `always` holds whenever a person is waited for.
    pub(crate) async fn walk_run(&mut self, trial: &Trial<'_>, always: impl Fn()) -> String {
        for _ in 0..super::operator::CALLS {
            let came = self
                .within(PATIENCE, |state| {
                    state.runs().on().is_some_and(|on| {
                        matches!(
                            on.standing.due,
                            Due::Sign | Due::Begin(_) | Due::Act(_) | Due::Decide(_) | Due::Over
                        )
                    })
                })
                .await;
            assert!(came, "nothing is due:\n{}", self.text());
            let on = self.state().runs().on().expect("a run");
            let due = on.standing.due.clone();
            let step = on.run.step().map(|step| step.id.clone()).unwrap_or_default();
            match due {
                Due::Over => return on.run.ending(),
                Due::Sign => {
                    always();
                    self.sign_run().await;
                }
                Due::Begin(_) | Due::Act(_) => {
                    always();
                    self.act_of_run(trial, &step).await;
                }
                other => panic!("{step}: {other:?}\n{}", self.text()),
            }
        }
        panic!("it does not end:\n{}", self.text());
    }

    /// Signs every item of a step that does nothing.
    async fn sign_run(&mut self) {
        self.key(Key::Esc);
        self.keys("R");
        // what is sensed has to be seen before anything is signed
        let sensed = self
            .within(PATIENCE, |state| {
                let sign_off = state.runs().on().and_then(|on| on.sign_off.as_ref());
                sign_off.is_some_and(|sign_off| {
                    let mut items = sign_off.items().iter();
                    items.all(|item| item.asks_person() || item.state.passes())
                })
            })
            .await;
        assert!(sensed, "{}", self.text());
        // what changed under the checklist voids what was signed, and a person signs again
        for _ in 0..LOOKS {
            self.sign_once().await;
            let signed = self
                .within(PATIENCE / 4, |state| {
                    state.runs().on().is_none_or(|on| !matches!(on.standing.due, Due::Sign))
                })
                .await;
            if signed {
                return;
            }
            eprintln!("a checklist is signed again:\n{}", self.text());
        }
        panic!("it is not signed:\n{}", self.text());
    }

    /// Looks at the checklist, signs each of its items that a person may sign, and says yes.
    async fn sign_once(&mut self) {
        // keys that come before it was looked at are thrown away
        self.live(LOOK).await;
        let sign_off = self.state().runs().on().and_then(|on| on.sign_off.as_ref());
        let mut left: Vec<bool> = sign_off
            .map(|sign_off| {
                let items = sign_off.items().iter();
                items.map(|item| item.asks_person() && !item.state.passes()).collect()
            })
            .unwrap_or_default();
        self.keys("g");
        for _ in 0..left.len() * 4 + 64 {
            if let Some(at) = self.state().run_item()
                && std::mem::take(left.get_mut(at).unwrap_or(&mut false))
            {
                self.keys(" ");
            }
            self.live(FINGER).await;
            self.keys("j");
        }
        self.key(Key::Ctrl('y'));
    }

    /// One act through its panel.
    async fn act_of_run(&mut self, trial: &Trial<'_>, step: &str) {
        self.key(Key::Esc);
        self.keys("R");
        self.take(Event::Resize {
            width: 170,
            height: 120,
        });
        self.keys("a");
        let open = self.within(PATIENCE, pilothouse::app::State::at_gate).await;
        assert!(open, "no panel of {step}:\n{}", self.text());
        // helm renders, and the panel opens anew with what it says: whoever is quick answers twice
        let mut answered = Err(String::new());
        for _ in 0..LOOKS {
            self.live(LOOK).await;
            answered = self.answer(&trial.namespace).await;
            if answered.is_ok() {
                break;
            }
        }
        assert!(answered.is_ok(), "{step}: {answered:?}\n{}", self.text());
        self.approve(&trial.namespace).await;
        self.key(Key::Esc);
        // the next thing is due when this one has been seen to stand
        let step = step.to_owned();
        self.within(Duration::from_secs(1), |state| {
            state
                .runs()
                .on()
                .is_some_and(|on| on.run.step().is_none_or(|now| now.id != step))
        })
        .await;
    }
}
