//! Carries what a program prints through its filter to our own stream, in a thread: so that a reader who does not read
//! keeps nobody from handing on signals.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::base::ports::Filter;

/// One stream on its way.
pub(super) struct Pump {
    /// A byte asks for all that is there to be carried, its end for that and no more.
    orders: Option<PipeWriter>,
    /// A byte says that it is carried, its end that the thread has ended.
    answers: PipeReader,
}

/// The most that a pipe or terminal holds when a program has ended; what its children print later is theirs.
const HELD: usize = 1 << 20;

const PIECE: usize = 1 << 16;

impl Pump {
    /// Carries from `source` to `target`, until the source ends or nobody reads the target.
    pub(super) fn start(
        source: OwnedFd,
        target: BorrowedFd<'static>,
        filter: Box<dyn Filter>,
    ) -> io::Result<Self> {
        let (order_end, orders) = io::pipe()?;
        let (answers, answer_end) = io::pipe()?;
        let mut carrier = Carrier { source, target, filter, orders: order_end, answers: answer_end };
        thread::Builder::new().name("pump".into()).spawn(move || carrier.carry())?;
        Ok(Self { orders: Some(orders), answers })
    }

    /// Waits until all that was printed so far is carried, or a moment if nobody reads it.
    pub(super) fn flush(&mut self) {
        let asked = self.orders.as_mut().is_some_and(|orders| orders.write_all(b"!").is_ok());
        if asked && is_ready(self.answers.as_fd(), Some(FLUSH)) {
            // Its end is an answer too.
            let _ = self.answers.read(&mut [0]);
        }
    }

    /// The program has ended: what is there is the rest.
    pub(super) fn end(&mut self) {
        self.orders = None;
    }

    /// Readable when the thread has ended.
    pub(super) fn answers(&self) -> BorrowedFd<'_> {
        self.answers.as_fd()
    }
}

const FLUSH: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

struct Carrier {
    source: OwnedFd,
    target: BorrowedFd<'static>,
    filter: Box<dyn Filter>,
    orders: PipeReader,
    answers: PipeWriter,
}

/// What a carrier was told.
enum Order {
    Carry,
    Flush,
    End,
}

impl Carrier {
    fn carry(&mut self) {
        let mut piece = Zeroizing::new(vec![0; PIECE]);
        loop {
            let goes_on = match self.wait() {
                Order::Carry => self.carry_piece(&mut piece).is_some(),
                Order::Flush => {
                    let goes_on = self.carry_rest(&mut piece);
                    goes_on && self.answers.write_all(b"!").is_ok()
                }
                Order::End => {
                    self.carry_rest(&mut piece);
                    false
                }
            };
            if !goes_on {
                break;
            }
        }
        let mut rest = Zeroizing::new(Vec::new());
        self.filter.finish(&mut rest);
        // Nobody reads it any more: there is nobody to tell.
        let _ = write_all(self.target, &rest);
    }

    fn wait(&mut self) -> Order {
        let mut both = [
            PollFd::from_borrowed_fd(self.source.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.orders.as_fd(), PollFlags::IN),
        ];
        while poll(&mut both, None) == Err(Errno::INTR) {}
        let [_, orders] = both.map(|one| !one.revents().is_empty());
        if !orders {
            return Order::Carry;
        }
        match self.orders.read(&mut [0]) {
            Ok(1) => Order::Flush,
            _ => Order::End,
        }
    }

    /// Carries what is there; false when that was the last of it.
    fn carry_rest(&mut self, piece: &mut [u8]) -> bool {
        let mut carried = 0;
        while carried < HELD && is_ready(self.source.as_fd(), Some(Timespec { tv_sec: 0, tv_nsec: 0 })) {
            let Some(count) = self.carry_piece(piece) else { return false };
            carried += count;
        }
        true
    }

    /// Carries the next piece; `None` at the end, of the source or of its reader.
    fn carry_piece(&mut self, piece: &mut [u8]) -> Option<usize> {
        let count = match rustix::io::read(&self.source, &mut *piece) {
            Err(Errno::INTR | Errno::AGAIN) => return Some(0),
            Ok(count) if count > 0 => count,
            // A terminal ends with an error.
            _ => return None,
        };
        let mut out = Zeroizing::new(Vec::with_capacity(count));
        self.filter.push(piece.get(..count).unwrap_or_default(), &mut out);
        write_all(self.target, &out).ok().map(|()| count)
    }
}

fn is_ready(descriptor: BorrowedFd<'_>, timeout: Option<Timespec>) -> bool {
    let mut one = [PollFd::from_borrowed_fd(descriptor, PollFlags::IN)];
    loop {
        match poll(&mut one, timeout.as_ref()) {
            Err(Errno::INTR) => {}
            result => return result.is_ok_and(|count| count > 0),
        }
    }
}

fn write_all(target: BorrowedFd<'_>, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::write(target, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            // Somebody who shares it with us has made it so.
            Err(Errno::AGAIN) => {
                let _ = poll(&mut [PollFd::from_borrowed_fd(target, PollFlags::OUT)], None);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
