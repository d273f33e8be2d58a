//! Code shared by the two networks of six frames, [`compact`](super::compact) and [`along`](super::along).

pub(super) mod layout;
pub(super) mod linear;
mod stem;
pub(super) mod table;
pub(super) mod winograd;
