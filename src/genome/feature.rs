//! A feature of a GenBank or EMBL file, gathered from its lines, and its contribution to the annotation. Pure.

use super::annotation::{Annotation, Part};
use super::location::{self, Piece};

/// A feature, as far as it has been read.
#[derive(Clone, Debug)]
pub(super) struct Feature {
    key: String,
    location: String,
    has_qualifiers: bool,
    /// Whether a quoted value continues on the next line.
    is_quoting: bool,
    is_pseudo: bool,
    /// The position of the first base of the first whole codon, from 1.
    codon_start: usize,
}

impl Feature {
    /// Creates a feature from its first line, with its key and location.
    pub(super) fn new(line: &str) -> Self {
        let (key, location) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        Self {
            key: key.to_owned(),
            location: location.trim().to_owned(),
            has_qualifiers: false,
            is_quoting: false,
            is_pseudo: key.contains("pseudogen"),
            codon_start: 1,
        }
    }

    /// Adds another line of the feature.
    pub(super) fn add(&mut self, line: &str) -> Result<(), String> {
        let ends_quotation = line.matches('"').count() % 2 == 1;
        if self.is_quoting {
            self.is_quoting = !ends_quotation;
        } else if let Some(qualifier) = line.strip_prefix('/') {
            self.has_qualifiers = true;
            self.is_quoting = ends_quotation;
            self.qualify(qualifier)?;
        } else if !self.has_qualifiers {
            self.location.push_str(line);
        }
        Ok(())
    }

    fn qualify(&mut self, qualifier: &str) -> Result<(), String> {
        let (name, value) = qualifier.split_once('=').unwrap_or((qualifier, ""));
        match name {
            "pseudo" | "pseudogene" => self.is_pseudo = true,
            "codon_start" => {
                let start = value.trim_matches('"').parse().ok().filter(|start| (1..=3).contains(start));
                self.codon_start = start.ok_or_else(|| format!("/codon_start must be 1, 2 or 3, not {value}"))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds the feature to the annotation of its sequence, which has `bases` bases.
    pub(super) fn tell(&self, bases: usize, annotation: &mut Annotation) -> Result<(), String> {
        if !self.is_pseudo && self.key != "CDS" {
            return Ok(());
        }
        // The number of bases to skip until a codon starts; unknown after a piece of unknown length.
        let mut phase = Some(self.codon_start - 1);
        for piece in location::parse(&self.location)? {
            let Piece::Here(range, strand) = piece else {
                phase = None;
                continue;
            };
            if range.end > bases {
                return Err(format!("{} {} lies beyond the {bases} bases of its sequence", self.key, self.location));
            }
            let length = range.len();
            if self.is_pseudo {
                annotation.unclear.push(range);
            } else {
                let phase = phase.map(|phase| u8::try_from(phase).expect("below 3"));
                annotation.parts.push(Part { range, strand, phase });
            }
            phase = phase.map(|phase| (phase + 3 - length % 3) % 3);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prediction::Strand;

    fn told(lines: &[&str]) -> Annotation {
        let mut feature = Feature::new(lines[0]);
        lines[1..].iter().for_each(|line| feature.add(line).unwrap());
        let mut annotation = Annotation::default();
        feature.tell(1000, &mut annotation).unwrap();
        annotation
    }

    #[test]
    fn phases_go_on_from_piece_to_piece_in_the_direction_of_the_gene() {
        let parts =
            told(&["CDS             complement(join(1..10,", "21..40))", "/codon_start=2", "/gene=\"a\""]).parts;
        // `codon_start=2` skips one base of the first part; 19 follow, the last of which begins a codon.
        let expected = [(20..40, 1), (0..10, 2)];
        let expected = expected.map(|(range, phase)| Part { range, strand: Strand::Minus, phase: Some(phase) });
        assert_eq!(parts, expected);
        let parts = told(&["CDS join(1..4,U1.1:3..9,20..30)"]).parts;
        assert_eq!(parts.iter().map(|part| part.phase).collect::<Vec<_>>(), [Some(0), None]);
    }

    #[test]
    fn broken_genes_are_neither() {
        for lines in [
            &["gene join(1..4,6..9)", "/pseudo"][..],
            &["CDS join(1..4,6..9)", "/pseudogene=\"unitary\""],
            &["CDS join(1..4,6..9)", "/note=\"one line", "/and another\"", "/pseudo"],
        ] {
            let annotation = told(lines);
            assert_eq!((annotation.parts.len(), &annotation.unclear[..]), (0, &[0..4, 5..9][..]), "{lines:?}");
        }
        assert_eq!(told(&["CDS 1..9", "/note=\"one line", "/pseudo\""]).parts.len(), 1);
        assert_eq!(told(&["mRNA 1..9", "/gene=\"x\""]), Annotation::default());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(Feature::new("CDS 1..9").add("/codon_start=4").is_err());
        for place in ["1..1001", "x"] {
            assert!(Feature::new(&format!("CDS {place}")).tell(1000, &mut Annotation::default()).is_err());
        }
    }
}
