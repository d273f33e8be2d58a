//! The family `along`: calls along the read, a score for none and each of six frames every nine bases.

#[cfg_attr(not(test), expect(dead_code, reason = "the network that it decodes is not here yet"))]
mod decoder;
