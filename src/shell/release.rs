//! What the cockpit asks about releases, asked of the cluster. Every question has an answer, also where there is none.

use crate::app::release::{Answer, Question, Surveyed};
use crate::cluster::{Connection, read};

pub(super) async fn ask(connection: &Connection, question: Question) -> Answer {
    match question {
        Question::Open { home, revision } => {
            let answer = read::open(connection, &home, revision).await;
            Answer::Opened {
                home,
                revision,
                answer: answer.map_err(|error| error.to_string()),
            }
        }
        Question::Live { home, addresses } => Answer::Live {
            found: read::live(connection, &addresses).await,
            home,
        },
        Question::Whole { home, addresses } => Answer::Whole {
            found: read::whole(connection, addresses).await,
            home,
        },
        Question::Survey { namespaces, records } => {
            let read::Surveyed { ledger, survey } = Box::pin(read::survey(connection, &namespaces, records)).await;
            Answer::Survey(Box::new(Surveyed { ledger, survey }))
        }
        Question::Claims { home, others } => Answer::Claims {
            claims: read::claims(connection, others).await,
            home,
        },
    }
}
