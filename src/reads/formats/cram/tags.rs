//! Writes the tags of a record as BAM stores them. noodles' writer is not used: it accepts only ASCII, but htslib any
//! text.

use std::io;

use noodles::sam::alignment::record::Data;
use noodles::sam::alignment::record::data::field::Value;
use noodles::sam::alignment::record::data::field::value::Array;
use noodles::sam::alignment::record::data::field::value::array::Values;

use crate::reads::Problem;

/// Appends all tags of a record.
pub(super) fn write(data: &dyn Data<'_>, into: &mut Vec<u8>) -> io::Result<()> {
    for field in data.iter() {
        let (tag, value) = field?;
        let name: &[u8; 2] = tag.as_ref();
        into.extend_from_slice(name);
        match value {
            Value::Character(letter) => into.extend([b'A', letter]),
            Value::Int8(number) => number_of(b'c', &number.to_le_bytes(), into),
            Value::UInt8(number) => number_of(b'C', &number.to_le_bytes(), into),
            Value::Int16(number) => number_of(b's', &number.to_le_bytes(), into),
            Value::UInt16(number) => number_of(b'S', &number.to_le_bytes(), into),
            Value::Int32(number) => number_of(b'i', &number.to_le_bytes(), into),
            Value::UInt32(number) => number_of(b'I', &number.to_le_bytes(), into),
            Value::Float(number) => number_of(b'f', &number.to_le_bytes(), into),
            Value::String(text) => text_of(b'Z', name, text, into)?,
            Value::Hex(text) => text_of(b'H', name, text, into)?,
            Value::Array(array) => array_of(&array, into)?,
        }
    }
    Ok(())
}

fn number_of(kind: u8, bytes: &[u8], into: &mut Vec<u8>) {
    into.push(kind);
    into.extend_from_slice(bytes);
}

fn text_of(kind: u8, tag: &[u8], text: &[u8], into: &mut Vec<u8>) -> io::Result<()> {
    if text.contains(&0) {
        let name = tag.escape_ascii().to_string();
        return Err(io::Error::other(Problem::Tag { name, what: "holds a zero byte" }));
    }
    into.push(kind);
    into.extend_from_slice(text);
    into.push(0);
    Ok(())
}

fn array_of(array: &Array<'_>, into: &mut Vec<u8>) -> io::Result<()> {
    match array {
        Array::Int8(values) => elements(b'c', &**values, i8::to_le_bytes, into),
        Array::UInt8(values) => elements(b'C', &**values, u8::to_le_bytes, into),
        Array::Int16(values) => elements(b's', &**values, i16::to_le_bytes, into),
        Array::UInt16(values) => elements(b'S', &**values, u16::to_le_bytes, into),
        Array::Int32(values) => elements(b'i', &**values, i32::to_le_bytes, into),
        Array::UInt32(values) => elements(b'I', &**values, u32::to_le_bytes, into),
        Array::Float(values) => elements(b'f', &**values, f32::to_le_bytes, into),
    }
}

fn elements<N, const BYTES: usize>(
    kind: u8,
    values: &dyn Values<'_, N>,
    bytes: impl Fn(N) -> [u8; BYTES],
    into: &mut Vec<u8>,
) -> io::Result<()> {
    into.extend([b'B', kind]);
    let count = into.len();
    into.extend_from_slice(&[0; 4]);
    let mut number = 0_u32;
    for value in values.iter() {
        into.extend_from_slice(&bytes(value?));
        number += 1;
    }
    // The number of values is counted, since the file's claim may be wrong.
    into[count..][..4].copy_from_slice(&number.to_le_bytes());
    Ok(())
}
