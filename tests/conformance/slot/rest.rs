//! When a slot is at rest, and what the laws make of a world there. Knows what the kit's kubelet ends by itself, which is
//! no law's business.

use pilothouse::laws::settle;
use pilothouse::model::workload::PodPhase;
use pilothouse::model::{Body, Kind, Object, World};

use super::Slot;
use crate::picture::{self, Frame, Picture};

/// A Job gives up after seven failures.
const MOST_ENDS: usize = 8;

impl Slot {
    /// Whether no law has anything more to do, and no pod that ends by itself is still to do so.
    pub(super) fn at_rest(&self, world: &World) -> bool {
        let mut attachments = world.of_kind(Kind::VolumeAttachment);
        let attached = attachments.all(|object| {
            let attachment = object.body.attachment();
            attachment.is_some_and(|attachment| attachment.status.attached)
        });
        if ending(world) || !attached {
            return false;
        }
        let mut end = world.clone();
        settle(&mut end, &self.conditions, &mut |_, _| {});
        draw(&end, world) == draw(world, world)
    }

    /// What the laws make of a world whose pods end by themselves, which is no law's business.
    pub(super) fn ended(&self, mut world: World) -> World {
        for _ in 0..MOST_ENDS {
            let ends: Vec<Object> = world.of_kind(Kind::Pod).filter_map(|object| ended(object)).collect();
            if ends.is_empty() {
                break;
            }
            for pod in ends {
                world.put(pod);
            }
            settle(&mut world, &self.conditions, &mut |_, _| {});
        }
        world
    }
}

pub(super) fn draw(world: &World, before: &World) -> Picture {
    picture::picture(world, before, &Frame::Whole)
}

/// Whether a pod runs that the kit's kubelet will end by itself.
pub(super) fn ending(world: &World) -> bool {
    world.of_kind(Kind::Pod).any(|object| ended(object).is_some())
}

/// A running pod as it is once the kit's kubelet has ended it, where it does so by itself.
fn ended(object: &Object) -> Option<Object> {
    let end = match object.meta.labels.get("kit/ends")? {
        "completed" => PodPhase::Succeeded,
        _ => PodPhase::Failed,
    };
    let mut object = object.clone();
    let deleting = object.meta.deleting();
    let Body::Pod(pod) = &mut object.body else { return None };
    let runs = pod.status.phase == PodPhase::Running && !deleting;
    pod.status.phase = end;
    pod.status.conditions.ready = false;
    runs.then_some(object)
}
