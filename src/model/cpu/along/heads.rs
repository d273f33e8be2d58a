//! Computes the logits of the positions from the features of the six frames.

use super::super::aligned::{Aligned, LINE};
use super::super::frames::linear::{Linear, padded_inputs};
use super::super::isa::Isa;
use super::super::packed::Packing;
use super::ALL_FRAMES;
use super::activate::{activate, dot};
use super::shape::Shape;
use super::six::Six;

/// The number of logits of a position: none, then the frames.
pub(super) const LOGITS: usize = 1 + ALL_FRAMES;

/// The weights, laid out for the kernels.
#[derive(Debug)]
pub(super) struct Heads {
    frame: Single,
    none_hidden: Linear,
    none: Single,
}

/// A linear layer with one output.
#[derive(Debug)]
struct Single {
    weights: Aligned,
    bias: f32,
}

/// Working memory.
#[derive(Debug, Default)]
pub(super) struct Room {
    frames: Aligned,
    seen: Aligned,
    hidden: Aligned,
    none: Aligned,
}

impl Heads {
    pub(super) fn new<E>(
        shape: Shape,
        packing: Packing,
        mut tensor: impl FnMut(&str, &[usize]) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let c = shape.channels;
        let weight = tensor("none.hidden.weight", &[c, 2 * c])?;
        let bias = tensor("none.hidden.bias", &[c])?;
        let none_hidden = Linear::new(&weight, &bias, &padded_inputs(&[c; 2]), packing);
        let mut single = |name: &str| {
            let weights = Aligned::padded(&tensor(&format!("{name}.weight"), &[1, c])?, c.next_multiple_of(LINE));
            Ok(Single { weights, bias: tensor(&format!("{name}.bias"), &[1])?[0] })
        };
        Ok(Self { frame: single("frame")?, none_hidden, none: single("none.logit")? })
    }

    pub(super) fn make_room(positions: usize, channels: usize, room: &mut Room) {
        room.frames.reserve(ALL_FRAMES * positions);
        room.seen.reserve(2 * positions * channels);
        room.hidden.reserve(positions * channels);
        room.none.reserve(positions);
    }

    /// Computes the logits of all positions of `h`, whose frames follow each other.
    ///
    /// # Safety
    /// The CPU must have `I`'s instructions, and the room be made for as many positions.
    #[inline(always)]
    pub(super) unsafe fn forward<I: Isa>(&self, h: Six<'_>, room: &mut Room, logits: &mut [f32]) {
        let Six { x, positions, channels, .. } = h;
        let Room { frames, seen, hidden, none } = room;
        // SAFETY: the caller's promises.
        unsafe {
            let Single { weights, bias } = &self.frame;
            dot::<I::Register>(x, ALL_FRAMES * positions, (weights, *bias), frames);
            h.seen::<I::Register>(seen);
            self.none_hidden.forward::<I>(seen, 2 * channels, positions, hidden);
            activate::<I::Register>(hidden, positions, channels);
            let Single { weights, bias } = &self.none;
            dot::<I::Register>(hidden, positions, (weights, *bias), none);
        }
        let (each, _) = logits.as_chunks_mut::<LOGITS>();
        for (position, logits) in each.iter_mut().enumerate() {
            logits[0] = none[position];
            for (frame, logit) in logits[1..].iter_mut().enumerate() {
                let row = if frame < ALL_FRAMES / 2 { position } else { positions - 1 - position };
                *logit = frames[frame * positions + row];
            }
        }
    }
}
