//! Decodes consecutive gzip members as `gzip -d` does: zeros after the last one are padding.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_compression::tokio::bufread::GzipDecoder;
use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

use crate::reads::Problem;
use crate::reads::bytes::meter::Reach;
use crate::reads::bytes::relay::Relay;
use crate::reads::bytes::window::{Bytes, Window};

/// The flags of a member that must be zero (RFC 1952, 2.3.1.2): they may stand for fields that we cannot skip.
const RESERVED: u8 = 0xe0;

/// Decodes a file of gzip members, or the rest of one, on a thread of its own.
pub(super) fn members(stored: Window<Bytes>, reach: Arc<Reach>) -> Bytes {
    Box::new(Relay::reading(GzipMembers::new(stored), reach))
}

/// Reads the content of all members.
struct GzipMembers {
    state: State,
}

enum State {
    Member(Box<GzipDecoder<Window<Bytes>>>),
    /// The decoder is before or after a member.
    Between(Window<Bytes>),
    /// The decoder is in zeros after a member.
    Padding(Window<Bytes>),
    Ended,
}

impl GzipMembers {
    fn new(stored: Window<Bytes>) -> Self {
        Self { state: State::Between(stored) }
    }
}

impl AsyncRead for GzipMembers {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let next: fn(Window<Bytes>) -> State = match &mut self.state {
                State::Ended => return Poll::Ready(Ok(())),
                State::Member(decoder) => {
                    let before = into.filled().len();
                    ready!(Pin::new(decoder.as_mut()).poll_read(cx, into))?;
                    if into.filled().len() > before || into.remaining() == 0 {
                        return Poll::Ready(Ok(()));
                    }
                    State::Between
                }
                State::Between(stored) => match ready!(stored.poll_peek(cx, 4))? {
                    [] => |_| State::Ended,
                    [0x1f, _, _, flags, ..] if flags & RESERVED != 0 => return Poll::Ready(Err(unknown_flags())),
                    [0x1f, ..] => |stored| State::Member(Box::new(GzipDecoder::new(stored))),
                    [0, ..] => State::Padding,
                    [..] => return Poll::Ready(Err(garbage())),
                },
                State::Padding(stored) => {
                    let window = ready!(Pin::new(&mut *stored).poll_fill_buf(cx))?;
                    let zeros = window.iter().take_while(|&&byte| byte == 0).count();
                    if zeros < window.len() {
                        return Poll::Ready(Err(garbage()));
                    }
                    stored.skip(zeros);
                    if zeros > 0 { State::Padding } else { |_| State::Ended }
                }
            };
            self.state = match std::mem::replace(&mut self.state, State::Ended) {
                State::Member(decoder) => next(decoder.into_inner()),
                State::Between(stored) | State::Padding(stored) => next(stored),
                State::Ended => State::Ended,
            };
        }
    }
}

/// The error for garbage after the last member. gzip warns and goes on; what it was meant to be is not for us to say.
fn garbage() -> io::Error {
    io::Error::other(Problem::AfterEnd)
}

fn unknown_flags() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a gzip header has reserved flags")
}
