//! k-mers as token ids, in DNABERT's vocabulary: five special tokens, then all 4^k k-mers in the order A, T, C, G.
