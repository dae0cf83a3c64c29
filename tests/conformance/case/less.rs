//! What a case is with a part left out: acts from the end, objects, what hands did, members of charts, fields.

use super::Case;
use crate::shrink::Parts;

impl Parts for Case {
    /// Several objects at once come before one.
    fn less(&self) -> Vec<Self> {
        let mut found = Vec::new();
        for at in (0..self.acts.len()).rev() {
            let mut less = self.clone();
            less.acts.remove(at);
            if !less.acts.is_empty() {
                found.push(less);
            }
        }
        for many in [self.lines.len() / 2, self.lines.len() / 4, 1] {
            for at in (0..self.lines.len()).step_by(many.max(1)).rev() {
                if many > 1 || self.lines.len() > 1 {
                    let mut less = self.clone();
                    less.lines.drain(at..(at + many.max(1)).min(self.lines.len()));
                    found.push(less);
                }
            }
        }
        for at in (0..self.hands.len()).rev() {
            let mut less = self.clone();
            less.hands.remove(at);
            found.push(less);
        }
        for at in (0..self.members.len()).rev() {
            let mut less = self.clone();
            less.members.remove(at);
            found.push(less);
        }
        for (at, member) in self.members.iter().enumerate() {
            for field in 0..member.fields.len() {
                let mut less = self.clone();
                less.members[at].fields.remove(field);
                found.push(less);
            }
        }
        for (at, line) in self.lines.iter().enumerate() {
            for field in 0..line.fields.len() {
                let mut less = self.clone();
                less.lines[at].fields.remove(field);
                found.push(less);
            }
        }
        found.dedup();
        found
    }
}
