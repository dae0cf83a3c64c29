//! A described system, asked by a command in each pod: the operator's own words, without a shell, its answer taken in within
//! bounds. Nothing of ours is passed to it, a token least of all.

use super::{DEADLINE, spoken};
use crate::cluster::connect::Connection;
use crate::cluster::exec::{self, Call, Trouble};
use crate::model::Text;
use crate::model::raft::decode::LARGEST;
use crate::model::raft::described::Described;
use crate::model::raft::{Fault, Member, Reply, Said, Silence};

/// What is told of an answer that cannot be used.
const ASKED: &str = "its status";

/// Asks one pod, which has [`DEADLINE`] for its answer. A command that hangs is left behind.
pub(super) async fn ask(
    connection: &Connection,
    (namespace, member): (&str, &Member),
    description: &Described,
    (argv, container): (&[Text], &str),
) -> Reply {
    let argv: Vec<&str> = argv.iter().map(Text::as_str).collect();
    let call = Call {
        namespace,
        pod: &member.pod,
        container,
        argv: &argv,
        stdin: false,
    };
    let answered = exec::output(connection, call, LARGEST, DEADLINE);
    let answered = tokio::time::timeout(DEADLINE, answered).await;
    let mut said = spoken();
    let odd = match answered {
        Err(_elapsed) => return Reply::Silent(Silence::Stuck { after: DEADLINE }),
        Ok(Ok(output)) if output.exit.success() => description.read(&mut said, &output.out).err(),
        Ok(Ok(output)) => Some(format!("{}: {}", output.exit, output.said)),
        Ok(Err(Trouble::TooMuch(most))) => Some(format!("its answer is larger than {} KiB", most >> 10)),
        Ok(Err(Trouble::Refused(why))) if why.starts_with("403") => {
            return Reply::Silent(Silence::Forbidden { why: why.into() });
        }
        Ok(Err(trouble)) => {
            return Reply::Silent(Silence::Refused {
                why: trouble.to_string().into(),
            });
        }
    };
    if let Some(why) = odd {
        said = Said {
            faults: vec![Fault {
                asked: ASKED,
                why: why.into(),
            }],
            ..spoken()
        };
    }
    Reply::Said(Box::new(said))
}
