//! Row groups of several Parquet files as those of one: copied as they are, none is decoded.

use std::fs::File;
use std::sync::Arc;

use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;

use super::columns::properties;

/// A file to be copied from.
pub(in crate::outputs) struct Columns {
    file: File,
    reader: SerializedFileReader<File>,
}

impl Columns {
    /// Reads what its end says of it.
    pub(in crate::outputs) fn read(file: File) -> Result<Self, String> {
        let reader = file.try_clone().map_err(ParquetError::from).and_then(SerializedFileReader::new);
        Ok(Self { reader: reader.map_err(|error| error.to_string())?, file })
    }

    /// Its rows.
    pub(in crate::outputs) fn rows(&self) -> u64 {
        self.reader.metadata().file_metadata().num_rows().try_into().unwrap_or(0)
    }

    /// Its row groups.
    pub(in crate::outputs) fn groups(&self) -> usize {
        self.reader.num_row_groups()
    }
}

/// The file that is made of them.
pub(in crate::outputs) struct Joined(SerializedFileWriter<Vec<u8>>);

impl Joined {
    /// A file with the columns of this one.
    pub(in crate::outputs) fn like(part: &Columns) -> Self {
        let schema = part.reader.metadata().file_metadata().schema_descr().root_schema_ptr();
        let properties = Arc::new(properties());
        Self(SerializedFileWriter::new(Vec::new(), schema, properties).expect("it is written to memory"))
    }

    /// Adds a row group; what is to be written next.
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

    /// What a file ends with.
    pub(in crate::outputs) fn end(self) -> Vec<u8> {
        self.0.into_inner().expect("it is written to memory")
    }
}
