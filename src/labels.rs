//! Reads labelled reads: a table (DNABERT's `dev.tsv`, or sequences with labels and perhaps frames and groups), or
//! reads with the truth in their headers.

mod named;
mod read;
mod table;

use async_stream::try_stream;
use futures::Stream;

use crate::error::Result;
use crate::reads::Lines;
use named::Named;
pub(crate) use read::Read;
use table::Columns;

/// The reads of a file.
pub(crate) fn reads(lines: &mut Lines) -> impl Stream<Item = Result<Read>> + Send {
    try_stream! {
        let first = lines.next().await?.map(<[u8]>::to_vec);
        if let Some(mut named) = first.as_deref().and_then(Named::starting_with) {
            while let Some(read) = named.next(lines).await? {
                yield read;
            }
            return;
        }
        let header = first.ok_or_else(|| "expected a header line: the table is empty".to_owned());
        let columns = header.and_then(|header| Columns::of(&header)).map_err(|what| lines.refuse(what))?;
        let mut number = 0;
        while let Some(read) = columns.next(lines, number + 1).await? {
            number += 1;
            yield read;
        }
    }
}
