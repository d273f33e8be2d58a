//! Reads GenBank and EMBL, which hold a sequence and its features in one file. Features have the same layout in both,
//! from the sixth column on, so one reader of our own handles both (`gb-io` reads GenBank alone).
//! (<https://www.ncbi.nlm.nih.gov/genbank/release/current/>, section 3.4; the EMBL user manual, section 3.4.)

use super::annotation::Annotation;
use super::feature::Feature;
use super::windows::Sequence;

/// The column, from 0, in which features begin.
const INDENT: usize = 5;

/// The finished records and the current one.
#[derive(Debug, Default)]
pub(super) struct FlatFile {
    done: Vec<Sequence>,
    record: Option<Record>,
}

#[derive(Debug, Default)]
struct Record {
    name: String,
    /// Whether the name is not an accession, so that another line may have one.
    has_other_name: bool,
    /// The number of bases stated in the first line.
    length: Option<usize>,
    features: Vec<Feature>,
    in_features: bool,
    has_sequence: bool,
    bases: Vec<u8>,
}

impl FlatFile {
    /// Whether a file that begins with this line is GenBank or EMBL.
    pub(super) fn starts_with(line: &[u8]) -> bool {
        line.starts_with(b"LOCUS ") || line.starts_with(b"ID   ")
    }

    /// Parses a line.
    pub(super) fn add(&mut self, line: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(line);
        match &mut self.record {
            Some(_) if text.trim_end() == "//" => {
                let record = self.record.take().expect("there is one");
                self.done.push(record.finish()?);
                Ok(())
            }
            Some(record) => record.add(&text),
            None if Self::starts_with(line) => {
                self.record = Some(Record::new(&text)?);
                Ok(())
            }
            None if text.trim().is_empty() => Ok(()),
            None => Err("expected a record's first line, LOCUS or ID".to_owned()),
        }
    }

    /// Returns all sequences, unless the file ends within a record.
    pub(super) fn finish(self) -> Result<Vec<Sequence>, String> {
        match self.record {
            None => Ok(self.done),
            Some(record) => Err(format!("the file ends within record {}: expected //", record.name)),
        }
    }
}

impl Record {
    fn new(line: &str) -> Result<Self, String> {
        let mut has_other_name = false;
        let (name, size) = if let Some(line) = line.strip_prefix("ID   ") {
            let fields: Vec<&str> = line.split(';').collect();
            let mut words = fields[0].split_whitespace();
            let name = words.next().unwrap_or_default();
            // Before 2006, entries had names of their own, and one more word; entries to be submitted have no name yet.
            has_other_name = words.next().is_some() || matches!(name, "" | "XXX");
            let version = fields.get(1).and_then(|field| field.trim().strip_prefix("SV "));
            let name = version.map_or_else(|| name.to_owned(), |version| format!("{name}.{version}"));
            (name, fields.last().map(|field| field.split_whitespace().collect()).unwrap_or_default())
        } else {
            let mut words = line.split_whitespace().skip(1);
            (words.next().unwrap_or_default().to_owned(), words.take(2).collect::<Vec<_>>())
        };
        let (length, unit) = (size.first(), size.get(1));
        if unit.is_some_and(|unit| unit.trim_end_matches('.').eq_ignore_ascii_case("aa")) {
            return Err("the record is a protein, which has no reads".to_owned());
        }
        Ok(Self { name, has_other_name, length: length.and_then(|length| length.parse().ok()), ..Self::default() })
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        if self.has_sequence {
            return self.add_bases(line);
        }
        if line.starts_with("FT   ") || (self.in_features && line.starts_with("     ")) {
            return self.add_feature(line.get(INDENT..).unwrap_or_default());
        }
        // The second is the line of EMBL versions before 2006.
        let version = line.strip_prefix("VERSION").or_else(|| line.strip_prefix("SV   "));
        if let Some(name) = version.and_then(|rest| rest.split_whitespace().next()) {
            name.clone_into(&mut self.name);
            self.has_other_name = false;
        }
        if let Some(accession) = line.strip_prefix("AC ").filter(|_| self.has_other_name).and_then(accession) {
            accession.clone_into(&mut self.name);
            self.has_other_name = false;
        }
        self.in_features = line.starts_with("FEATURES");
        self.has_sequence = line.starts_with("ORIGIN") || line.starts_with("SQ   ");
        Ok(())
    }

    fn add_feature(&mut self, line: &str) -> Result<(), String> {
        match (line.starts_with(' '), self.features.last_mut()) {
            (false, _) if !line.is_empty() => self.features.push(Feature::new(line)),
            (true, Some(feature)) => feature.add(line.trim())?,
            _ => {}
        }
        Ok(())
    }

    fn add_bases(&mut self, line: &str) -> Result<(), String> {
        for letter in line.bytes() {
            match letter {
                b'a'..=b'z' | b'A'..=b'Z' => self.bases.push(letter.to_ascii_uppercase()),
                b'0'..=b'9' | b' ' | b'\t' => {}
                _ => return Err(format!("expected bases, found {:?}", char::from(letter))),
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Sequence, String> {
        let Self { name, length, features, bases, .. } = self;
        if bases.is_empty() {
            return Err(format!("record {name} has no sequence"));
        }
        if let Some(length) = length.filter(|length| *length != bases.len()) {
            return Err(format!("record {name} has {} bases, but its first line says {length}", bases.len()));
        }
        let mut annotation = Annotation::default();
        for feature in features {
            feature.tell(bases.len(), &mut annotation).map_err(|what| format!("record {name}: {what}"))?;
        }
        Ok(Sequence { name, bases, annotation })
    }
}

/// The first accession of an `AC` line: `X56734; S46826;`, or `* _contig1` before a submission.
fn accession(rest: &str) -> Option<&str> {
    let name = rest.split(';').next()?.trim().trim_start_matches('*').trim();
    (!name.is_empty() && name != "XXX").then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::genome::Part;
    use crate::prediction::Strand;

    const GENBANK: &str = "\
LOCUS       SCU49845                  24 bp    DNA     linear   PLN 14-JUL-2016
DEFINITION  Made up,
            on two lines.
ACCESSION   U49845
VERSION     U49845.1  GI:1293613
FEATURES             Location/Qualifiers
     source          1..24
                     /organism=\"Made up\"
     CDS             <1..12
                     /codon_start=3
                     /product=\"a protein whose name goes
                     /on in the next line\"
     CDS             complement(join(14..16,
                     18..24))
CONTIG      join(U49846.1:1..20,
            U49847.1:1..4)
ORIGIN
        1 gatcctccat atacaacggt
       21 atcn
//

";

    const EMBL: &str = "\
ID   U49845; SV 1; linear; genomic DNA; STD; FUN; 24 BP.
XX
FH   Key             Location/Qualifiers
FH
FT   source          1..24
FT                   /organism=\"Made up\"
FT   CDS             <1..12
FT                   /codon_start=3
FT   CDS             complement(join(14..16,
FT                   18..24))
XX
SQ   Sequence 24 BP; 7 A; 7 C; 3 G; 6 T; 1 other;
     gatcctccat atacaacggt atcn                                               24
//
";

    fn read(text: &str) -> Result<Vec<Sequence>, String> {
        let mut file = FlatFile::default();
        text.lines().try_for_each(|line| file.add(line.as_bytes()))?;
        file.finish()
    }

    #[test]
    fn both_formats_say_the_same() {
        let old = EMBL
            .replace("U49845; SV 1; linear; genomic DNA; STD;", "SC49845    standard; DNA;")
            .replace("XX\nFH   Key", "SV   U49845.1\nFH   Key");
        for text in [GENBANK.to_owned(), EMBL.to_owned(), old, format!("{GENBANK}{GENBANK}")] {
            let records = read(&text).unwrap();
            assert_eq!(records.len(), text.matches("//\n").count());
            for Sequence { name, bases, annotation } in records {
                assert_eq!((&*name, &bases[..]), ("U49845.1", &b"GATCCTCCATATACAACGGTATCN"[..]));
                let part = |range, strand, phase| Part { range, strand, phase: Some(phase) };
                let expected =
                    [part(0..12, Strand::Plus, 2), part(17..24, Strand::Minus, 0), part(13..16, Strand::Minus, 2)];
                assert_eq!(annotation.parts, expected);
            }
        }
    }

    #[test]
    fn embl_entries_without_an_accession_in_their_first_line_are_named_by_the_next_best() {
        let first = "U49845; SV 1; linear; genomic DNA; STD; FUN; 24 BP.\n";
        for (id, lines, name) in [
            ("U49845; SV 1; linear; genomic DNA; STD; FUN; 24 BP.", "AC   U00001;\n", "U49845.1"),
            ("SC49845    standard; DNA; FUN; 24 BP.", "AC   U49845; S00001;\n", "U49845"),
            ("SC49845    standard; DNA; FUN; 24 BP.", "AC   U49845;\nXX\nSV   U49845.1\n", "U49845.1"),
            ("SC49845    standard; DNA; FUN; 24 BP.", "", "SC49845"),
            ("XXX; XXX; linear; XXX; XXX; XXX; 24 BP.", "AC   XXX;\nXX\nAC * _contig1\n", "_contig1"),
            ("XXX; XXX; linear; XXX; XXX; XXX; 24 BP.", "AC * _contig1\n", "_contig1"),
        ] {
            let text = EMBL.replace(first, &format!("{id}\n{lines}"));
            assert_eq!(read(&text).unwrap()[0].name, name, "{id}");
        }
    }

    #[test]
    fn what_is_cut_short_or_contradicts_itself_is_refused() {
        let cut = &GENBANK[..GENBANK.len() - 4];
        for (text, problem) in [
            (cut.to_owned(), "the file ends within record U49845.1"),
            (GENBANK.replace("   24 bp", "   25 bp"), "has 24 bases, but its first line says 25"),
            (GENBANK.replace("18..24", "18..25"), "lies beyond the 24 bases"),
            (GENBANK.replace("<1..12", "1-12"), "not a location"),
            (GENBANK.replace("atcn", "at*n"), "expected bases"),
            (GENBANK.replace(" bp ", " aa "), "is a protein"),
            (EMBL.replace(" BP.", " AA."), "is a protein"),
            (format!("{GENBANK}x\n"), "expected a record's first line"),
            (EMBL.replace("SQ   ", "CO   "), "has no sequence"),
        ] {
            let found = read(&text).unwrap_err();
            assert!(found.contains(problem), "{problem}: {found}");
        }
    }

    proptest! {
        #[test]
        fn damaged_files_are_refused_or_read_and_never_panic(
            is_embl in any::<bool>(),
            damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut bytes = if is_embl { EMBL } else { GENBANK }.as_bytes().to_vec();
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let mut file = FlatFile::default();
            if bytes.split(|&byte| byte == b'\n').try_for_each(|line| file.add(line)).is_ok()
                && let Ok(records) = file.finish()
            {
                for record in records {
                    let most = record.bases.len();
                    prop_assert!(record.annotation.parts.iter().all(|part| part.range.end <= most));
                }
            }
        }
    }
}
