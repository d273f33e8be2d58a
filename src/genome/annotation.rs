//! Reads from GFF3 and GTF where the genes of a genome are.
//!
//! Only five of the nine columns are needed, and a few words of the last one. That is less than a parser of the whole
//! format would return, and lines are read like those of all tables.

use std::collections::HashMap;
use std::ops::Range;

use crate::prediction::Strand;
use crate::reads::{self, Lines};

/// A part of a coding sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The range of the part on the sequence.
    pub range: Range<usize>,
    /// The strand of the part.
    pub strand: Strand,
    /// The number of bases to skip at the 5' end of the part until a codon starts, if known.
    pub phase: Option<u8>,
}

/// The annotation of one sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotation {
    /// The parts of coding sequences, in the order of the file.
    pub parts: Vec<Part>,
    /// Ranges that are neither surely coding nor surely non-coding: pseudogenes.
    pub unclear: Vec<Range<usize>>,
}

impl Annotation {
    /// Reads GFF3 or GTF and returns the annotation of each sequence by name. It is empty for a sequence that is only
    /// mentioned.
    pub async fn read(lines: &mut Lines) -> reads::Result<HashMap<String, Self>> {
        let mut gff = Gff::default();
        while let Some(line) = lines.next().await? {
            if line == b"##FASTA" {
                break;
            }
            if let Err(what) = gff.add(line) {
                return Err(lines.refuse(what));
            }
        }
        Ok(gff.0)
    }

    /// Fits the annotation to a sequence of this length. In a circular sequence, genes may go on beyond the end: that
    /// part is moved to the start.
    ///
    /// # Errors
    /// A message for people if a gene does not lie on such a sequence.
    pub fn on(self, length: usize) -> Result<Self, String> {
        let mut own = Self::default();
        for part in self.parts {
            let [before, after] = around(&part.range, length)?;
            let phase = |shift: usize| part.phase.map(|phase| [0, 1, 2][(usize::from(phase) + shift) % 3]);
            // Codons continue across the origin; each phase counts from the 5' end of its own part.
            let [of_before, of_after] = match part.strand {
                Strand::Plus => [part.phase, phase(part.range.start + 2 * length)],
                Strand::Minus => [phase(2 * after.len()), part.phase],
            };
            let pieces = [(before, of_before), (after, of_after)];
            own.parts.extend(pieces.into_iter().filter(|(range, _)| !range.is_empty()).map(|(range, phase)| Part {
                range,
                phase,
                ..part
            }));
        }
        for range in &self.unclear {
            own.unclear.extend(around(range, length)?.into_iter().filter(|range| !range.is_empty()));
        }
        Ok(own)
    }
}

/// Splits a range into the part before the end of a sequence of this length, and the part that continues at its start.
fn around(range: &Range<usize>, length: usize) -> Result<[Range<usize>; 2], String> {
    if !range.is_empty() && (range.start >= length || range.end - length.min(range.end) > range.start) {
        let (first, last) = (range.start + 1, range.end);
        return Err(format!("a gene at {first}-{last} does not lie on {length} bases: it is that of another sequence"));
    }
    Ok([range.start..range.end.min(length), 0..range.end.saturating_sub(length)])
}

/// The annotation of each sequence by name, as far as the lines of a GFF3 or GTF have been read.
#[derive(Debug, Default)]
pub(super) struct Gff(pub(super) HashMap<String, Annotation>);

impl Gff {
    /// Parses a line and adds it.
    pub(super) fn add(&mut self, line: &[u8]) -> Result<(), String> {
        let Some(Line { name, what }) = parse(line)? else { return Ok(()) };
        let own = self.0.entry(name).or_default();
        match what {
            What::Nothing => {}
            What::Part(part) => own.parts.push(part),
            What::Unclear(range) => own.unclear.push(range),
        }
        Ok(())
    }
}

/// The content of a line.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    name: String,
    what: What,
}

#[derive(Debug, PartialEq, Eq)]
enum What {
    Nothing,
    Part(Part),
    Unclear(Range<usize>),
}

fn parse(line: &[u8]) -> Result<Option<Line>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "the line is not UTF-8".to_owned())?;
    if let Some(region) = text.strip_prefix("##sequence-region") {
        let name = region.split_whitespace().next();
        return Ok(name.map(|name| Line { name: name.to_owned(), what: What::Nothing }));
    }
    if text.is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    if text.starts_with("LOCUS") || text.starts_with("ID   ") {
        return Err("expected GFF3 or GTF, found GenBank or EMBL, which hold the genome as well".to_owned());
    }
    let columns: Vec<&str> = text.split('\t').collect();
    let [name, _, kind, start, end, _, strand, phase, about, ..] = columns[..] else {
        return Err(format!("expected nine columns of GFF3 or GTF, found {}", columns.len()));
    };
    let is_unclear = kind.contains("pseudogen") || is_pseudo(about);
    let what = match kind {
        _ if is_unclear => What::Unclear(range(start, end)?),
        "CDS" => {
            What::Part(Part { range: range(start, end)?, strand: self::strand(strand)?, phase: self::phase(phase) })
        }
        // GTF leaves the stop codon out of the CDS.
        "stop_codon" => What::Part(Part { range: range(start, end)?, strand: self::strand(strand)?, phase: None }),
        _ => What::Nothing,
    };
    Ok(Some(Line { name: name.to_owned(), what }))
}

/// Parses the name of the sequence and the part of a coding sequence, if the line has one.
pub(super) fn part(line: &[u8]) -> Result<Option<(String, Part)>, String> {
    Ok(match parse(line)? {
        Some(Line { name, what: What::Part(part) }) => Some((name, part)),
        _ => None,
    })
}

/// Whether the last column says that a gene is broken, in the terms of NCBI, Ensembl, Prokka or Bakta.
fn is_pseudo(about: &str) -> bool {
    attributes(about).any(|(key, value)| match key {
        "pseudo" => value != "false",
        "pseudogene" => true,
        "gene_biotype" | "transcript_biotype" | "biotype" | "gene_type" | "transcript_type" => {
            value.contains("pseudogene")
        }
        _ => false,
    })
}

/// Iterates over keys and values of the last column, `key=value;` or `key "value";`. A quoted value may hold
/// semicolons.
fn attributes(about: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = about;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([';', ' ']);
        if rest.is_empty() {
            return None;
        }
        let (key, after) = rest.split_at(rest.find(['=', ' ', ';']).unwrap_or(rest.len()));
        let value = after.trim_start_matches(['=', ' ']);
        let quoted = value.strip_prefix('"').and_then(|value| value.split_once('"'));
        let (value, after) = quoted.unwrap_or_else(|| value.split_at(value.find(';').unwrap_or(value.len())));
        rest = after;
        Some((key, value.trim()))
    })
}

/// Parses a range given by its first and last base, counted from 1.
fn range(start: &str, end: &str) -> Result<Range<usize>, String> {
    let number = |text: &str| text.parse::<usize>().ok().filter(|number| *number > 0);
    match (number(start), number(end)) {
        (Some(start), Some(end)) if start <= end => Ok(start - 1..end),
        _ => Err(format!("expected two rising positions from 1 on, found \"{start}\" and \"{end}\"")),
    }
}

fn strand(text: &str) -> Result<Strand, String> {
    match text {
        "+" => Ok(Strand::Plus),
        "-" => Ok(Strand::Minus),
        _ => Err(format!("expected the strand + or -, found \"{text}\"")),
    }
}

fn phase(text: &str) -> Option<u8> {
    text.parse().ok().filter(|phase| *phase < 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(line: &str) -> What {
        parse(line.as_bytes()).unwrap().unwrap().what
    }

    #[test]
    fn coding_sequences_are_found_in_gff3_and_gtf() {
        let part = |range, strand, phase| What::Part(Part { range, strand, phase });
        assert_eq!(what("c\tx\tCDS\t1\t9\t.\t+\t0\tID=cds-1;Parent=g"), part(0..9, Strand::Plus, Some(0)));
        assert_eq!(what("c\tx\tCDS\t5\t5\t.\t-\t.\tgene_id \"g\";"), part(4..5, Strand::Minus, None));
        assert_eq!(what("c\tx\tstop_codon\t10\t12\t.\t+\t0\tgene_id \"g\";"), part(9..12, Strand::Plus, None));
        assert_eq!(what("c\tx\tgene\t1\t9\t.\t+\t.\tID=g"), What::Nothing);
        assert_eq!(parse(b"##sequence-region c 1 100").unwrap().unwrap().name, "c");
        assert_eq!((parse(b"").unwrap(), parse(b"# x").unwrap()), (None, None));
    }

    #[test]
    fn broken_genes_are_neither() {
        for line in [
            "c\tx\tpseudogene\t1\t9\t.\t+\t.\tID=g",
            "c\tx\tCDS\t1\t9\t.\t+\t0\tID=g;pseudo=true",
            "c\tx\tgene\t1\t9\t.\t+\t.\tID=g;gene_biotype=transcribed_pseudogene",
            "c\tx\tCDS\t1\t9\t.\t+\t0\tgene_id \"g\"; gene_biotype \"pseudogene\";",
        ] {
            assert_eq!(what(line), What::Unclear(0..9), "{line}");
        }
        for line in [
            "c\tx\tCDS\t1\t9\t.\t+\t0\tID=g;pseudo=false",
            "c\tx\tCDS\t1\t9\t.\t+\t0\tgene_id \"g\"; note \"an end; pseudogene-like; pseudo knot\"; pseudo \"false\";",
        ] {
            assert!(matches!(what(line), What::Part(_)), "{line}");
        }
    }

    #[test]
    fn a_gene_of_another_sequence_is_refused() {
        let on = |range: Range<usize>| Annotation { unclear: vec![range], ..Annotation::default() }.on(100);
        assert_eq!(on(90..130).unwrap().unclear, [90..100, 0..30]);
        assert_eq!(on(0..100).unwrap().unclear.into_iter().flatten().count(), 100);
        assert_eq!(on(50..150).unwrap().unclear, [50..100, 0..50]);
        for range in [100..101, 500..530, 50..151] {
            assert!(on(range.clone()).unwrap_err().contains("does not lie on 100 bases"), "{range:?}");
        }
    }

    #[test]
    fn values_in_quotes_may_hold_semicolons() {
        let all = |about| attributes(about).collect::<Vec<_>>();
        assert_eq!(all("ID=a;Note=b c;flag;x=;"), [("ID", "a"), ("Note", "b c"), ("flag", ""), ("x", "")]);
        assert_eq!(all("gene_id \"a; b\"; n 1 ; c \"\";"), [("gene_id", "a; b"), ("n", "1"), ("c", "")]);
        assert_eq!(all("size=5\";n=\"6;pseudo=true"), [("size", "5\""), ("n", "\"6"), ("pseudo", "true")]);
        assert_eq!(all(" ; "), []);
    }

    #[test]
    fn what_is_not_an_annotation_is_refused() {
        for (line, problem) in [
            ("LOCUS       NC_1", "found GenBank or EMBL"),
            (">c", "nine columns"),
            ("c\tx\tCDS\t0\t9\t.\t+\t0\tID=g", "rising positions"),
            ("c\tx\tCDS\t9\t1\t.\t+\t0\tID=g", "rising positions"),
            ("c\tx\tCDS\t1\t9\t.\t?\t0\tID=g", "the strand"),
        ] {
            let found = parse(line.as_bytes()).unwrap_err();
            assert!(found.contains(problem), "{line}: {found}");
        }
    }
}
