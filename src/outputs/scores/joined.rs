//! Copies the row groups of several Parquet files into one, without decoding them.

use std::fs::File;
use std::sync::Arc;

use parquet::column::reader::ColumnReader;
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;

use super::columns::properties;

/// A Parquet file to copy from.
pub(in crate::outputs) struct Columns {
    file: File,
    reader: SerializedFileReader<File>,
}

impl Columns {
    /// Reads the metadata at the end of the file.
    pub(in crate::outputs) fn read(file: File) -> Result<Self, String> {
        let reader = file.try_clone().map_err(ParquetError::from).and_then(SerializedFileReader::new);
        Ok(Self { reader: reader.map_err(|error| error.to_string())?, file })
    }

    /// Calls `show` with the label of each row; `None` if the read was not scored.
    pub(in crate::outputs) fn labels(&self, mut show: impl FnMut(Option<&[u8]>)) -> Result<(), String> {
        let columns = self.reader.metadata().file_metadata().schema_descr().columns();
        let Some(label) = columns.iter().position(|column| column.name() == "label") else {
            return Err("it has no column label".to_owned());
        };
        let groups = (0..self.groups()).map(|group| self.labels_of(group, label, &mut show));
        groups.collect::<Result<(), ParquetError>>().map_err(|error| error.to_string())
    }

    fn labels_of(&self, group: usize, column: usize, show: &mut dyn FnMut(Option<&[u8]>)) -> Result<(), ParquetError> {
        let group = self.reader.get_row_group(group)?;
        let ColumnReader::ByteArrayColumnReader(mut labels) = group.get_column_reader(column)? else {
            return Err(ParquetError::General("its column label holds no text".to_owned()));
        };
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        while labels.read_records(1 << 16, Some(&mut levels), None, &mut values)?.0 > 0 {
            let mut known = values.drain(..);
            for level in levels.drain(..) {
                let label = if level > 0 { known.next() } else { None };
                show(label.as_ref().map(ByteArray::data));
            }
        }
        Ok(())
    }

    /// The number of row groups.
    pub(in crate::outputs) fn groups(&self) -> usize {
        self.reader.num_row_groups()
    }
}

/// The Parquet file that is put together.
pub(in crate::outputs) struct Joined(SerializedFileWriter<Vec<u8>>);

impl Joined {
    /// Creates a file with the same columns as `part`.
    pub(in crate::outputs) fn like(part: &Columns) -> Self {
        let schema = part.reader.metadata().file_metadata().schema_descr().root_schema_ptr();
        let properties = Arc::new(properties());
        Self(SerializedFileWriter::new(Vec::new(), schema, properties).expect("it is written to memory"))
    }

    /// Adds a row group, and returns the bytes to be written next.
    pub(in crate::outputs) fn add(&mut self, part: &Columns, group: usize) -> Result<Vec<u8>, String> {
        if part.reader.metadata().file_metadata().schema() != self.0.schema_descr().root_schema() {
            return Err("its columns are not those of the first one".to_owned());
        }
        self.copy(part, group).map_err(|error| error.to_string())
    }

    fn copy(&mut self, part: &Columns, group: usize) -> Result<Vec<u8>, ParquetError> {
        let metadata = part.reader.metadata().row_group(group);
        let mut copied = self.0.next_row_group()?;
        for column in metadata.columns() {
            let result = ColumnCloseResult {
                bytes_written: column.compressed_size().try_into().unwrap_or(0),
                rows_written: metadata.num_rows().try_into().unwrap_or(0),
                metadata: column.clone(),
                bloom_filter: None,
                column_index: None,
                offset_index: None,
            };
            copied.append_column(&part.file, result)?;
        }
        copied.close()?;
        self.0.flush()?;
        Ok(std::mem::take(self.0.inner_mut()))
    }

    /// Returns the bytes that end the file.
    pub(in crate::outputs) fn end(self) -> Vec<u8> {
        self.0.into_inner().expect("it is written to memory")
    }
}
