//! The scores table in Parquet, written one row group at a time.
//!
//! Where a row group ends depends on the rows alone, so the same reads give the same file.

use std::fmt;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int32Type, Int64Type};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::row::Row;
use crate::outputs::judged::Judged;
use crate::outputs::table::Table;
use crate::reads::output::Content;

/// The rows of a group. A file holds at most 2^15 groups: more than 10^10 reads, since later groups are larger.
const ROWS: usize = 1 << 17;
/// The number of groups with [`ROWS`] rows; later ones have [`MANY_ROWS`].
const GROUPS: usize = 1 << 14;
const MANY_ROWS: usize = 1 << 20;
/// The bytes of names at which a group ends early: they are most of what is held in memory until then.
const NAMES: usize = 16 << 20;

const COLUMNS: &str = "
    required binary name (string);
    required int32 mate (integer(8, true));
    required int64 length;
    optional float probability;
    optional float posterior;
    optional binary label (string);
    optional int32 frame (integer(8, true));
    optional binary output (string);
    optional int64 coding_bases;
    optional int64 start;
    optional int64 end;";
const WINDOWS_COLUMNS: &str = "
    required int64 windows;
    optional float mean;
    optional float max;
    optional float fraction;";

/// The reason why writing cannot fail: it goes to memory, and the columns are those of the schema.
const SOUND: &str = "columns of the schema are written to memory";

/// The properties of the Parquet writer.
pub(super) fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        // All names differ, so a dictionary is useless.
        .set_column_dictionary_enabled("name".into(), false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_created_by(concat!("readseeker version ", env!("CARGO_PKG_VERSION")).to_owned())
        .build()
}

/// The scores table in Parquet.
pub(super) struct Parquet {
    /// Writes to a buffer that is emptied after each group; `None` after the end.
    writer: Option<SerializedFileWriter<Vec<u8>>>,
    group: Group,
    groups: usize,
    windows: bool,
}

/// The rows of the current group by column, until they are written.
#[derive(Default)]
struct Group {
    rows: usize,
    name_bytes: usize,
    names: Column<ByteArrayType>,
    mates: Column<Int32Type>,
    lengths: Column<Int64Type>,
    /// The columns of the probability and the posterior.
    scores: [Column<FloatType>; 2],
    labels: Column<ByteArrayType>,
    frames: Column<Int32Type>,
    outputs: Column<ByteArrayType>,
    /// The number of coding bases, and the positions of the first and the last one.
    places: [Column<Int64Type>; 3],
    windows: Column<Int64Type>,
    /// Mean, maximum and fraction of coding windows.
    pools: [Column<FloatType>; 3],
}

/// The values of a column, some of which may be missing.
struct Column<T: DataType> {
    values: Vec<T::T>,
    /// For each row 1, or 0 if its value is missing.
    levels: Vec<i16>,
}

impl<T: DataType> Default for Column<T> {
    fn default() -> Self {
        Self { values: Vec::new(), levels: Vec::new() }
    }
}

impl<T: DataType> Column<T> {
    fn push(&mut self, value: Option<T::T>) {
        self.levels.push(i16::from(value.is_some()));
        self.values.extend(value);
    }

    /// Writes and empties the column, as the next one of the group.
    fn write(&mut self, group: &mut SerializedRowGroupWriter<'_, Vec<u8>>) -> parquet::errors::Result<()> {
        let mut column = group.next_column()?.expect(SOUND);
        // For required columns, the levels are ignored.
        column.typed::<T>().write_batch(&self.values, Some(&self.levels), None)?;
        self.values.clear();
        self.levels.clear();
        column.close()
    }
}

impl Parquet {
    pub(super) fn new(windows: bool) -> Self {
        let windows_columns = if windows { WINDOWS_COLUMNS } else { "" };
        let schema = parse_message_type(&format!("message scores {{ {COLUMNS} {windows_columns} }}")).expect(SOUND);
        let writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties())).expect(SOUND);
        Self { writer: Some(writer), group: Group::default(), groups: 0, windows }
    }

    /// Writes the current group, and appends its bytes to `text`.
    fn write_group(&mut self, text: &mut Vec<u8>) -> parquet::errors::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let mut group = writer.next_row_group()?;
        self.group.write(self.windows, &mut group)?;
        group.close()?;
        self.groups += 1;
        writer.flush()?;
        text.append(writer.inner_mut());
        Ok(())
    }
}

impl Group {
    fn push(&mut self, row: &Row<'_>, windows: bool) {
        self.rows += 1;
        self.name_bytes += row.name.len();
        self.names.push(Some(row.name.to_vec().into()));
        self.mates.push(Some(row.mate.into()));
        self.lengths.push(Some(row.length.try_into().unwrap_or(i64::MAX)));
        self.scores[0].push(row.score.map(|score| score.probability));
        self.scores[1].push(row.score.map(|score| score.posterior));
        self.labels.push(row.score.map(|score| score.label.into()));
        self.frames.push(row.score.and_then(|score| score.frame).map(|frame| frame.number().into()));
        self.outputs.push(row.output.map(ByteArray::from));
        let places = [row.coding_bases, row.span.map(|(start, _)| start), row.span.map(|(_, end)| end)];
        for (column, place) in self.places.iter_mut().zip(places) {
            column.push(place.map(i64::from));
        }
        if windows {
            self.windows.push(Some(row.windows.map_or(0, |all| all.windows.try_into().unwrap_or(i64::MAX))));
            let pools = row.windows.map(|all| [all.mean, all.max, all.fraction()]);
            for (n, column) in self.pools.iter_mut().enumerate() {
                column.push(pools.map(|pools| pools[n]));
            }
        }
    }

    /// Writes and empties all columns, in the order of the schema.
    fn write(
        &mut self,
        windows: bool,
        group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    ) -> parquet::errors::Result<()> {
        self.names.write(group)?;
        self.mates.write(group)?;
        self.lengths.write(group)?;
        self.scores.iter_mut().try_for_each(|column| column.write(group))?;
        self.labels.write(group)?;
        self.frames.write(group)?;
        self.outputs.write(group)?;
        self.places.iter_mut().try_for_each(|column| column.write(group))?;
        if windows {
            self.windows.write(group)?;
            self.pools.iter_mut().try_for_each(|column| column.write(group))?;
        }
        (self.rows, self.name_bytes) = (0, 0);
        Ok(())
    }
}

impl fmt::Debug for Parquet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parquet").field("groups", &self.groups).field("rows", &self.group.rows).finish_non_exhaustive()
    }
}

impl Table for Parquet {
    fn holds(&self) -> Content {
        Content::Parquet
    }

    /// Readers of Parquet rely on strings being UTF-8.
    fn can_name(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok()
    }

    fn entries(&self, _read: &Judged<'_>) -> usize {
        1
    }

    fn push(&mut self, read: &Judged<'_>, _n: usize, text: &mut Vec<u8>) {
        self.group.push(&Row::of(read), self.windows);
        let most = if self.groups < GROUPS { ROWS } else { MANY_ROWS };
        if self.group.rows >= most || self.group.name_bytes >= NAMES {
            self.write_group(text).expect(SOUND);
        }
    }

    fn end(&mut self, text: &mut Vec<u8>) {
        if self.group.rows > 0 {
            self.write_group(text).expect(SOUND);
        }
        if let Some(writer) = self.writer.take() {
            text.append(&mut writer.into_inner().expect(SOUND));
        }
    }
}
