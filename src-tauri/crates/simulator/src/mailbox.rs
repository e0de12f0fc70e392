//! A bounded queue towards one side of a data channel, of frames as a rule. It outlives the connections on either side, so that a
//! client that comes back finds what waited for it. Several senders, one reader that matters at a time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

/// Frames waiting, at most `capacity` of them.
#[derive(Debug)]
pub(crate) struct Mailbox<T = Bytes> {
    frames: Mutex<VecDeque<T>>,
    capacity: usize,
    filled: Notify,
    emptied: Notify,
}

impl<T> Mailbox<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        let (filled, emptied) = (Notify::new(), Notify::new());
        Self {
            frames: Mutex::new(VecDeque::new()),
            capacity: capacity.max(1),
            filled,
            emptied,
        }
    }

    /// Takes the frame if there is room for it, else gives it back.
    pub(crate) fn offer(&self, frame: T) -> Result<(), T> {
        let mut frames = self.lock();
        if frames.len() >= self.capacity {
            return Err(frame);
        }
        frames.push_back(frame);
        drop(frames);
        self.filled.notify_one();
        Ok(())
    }

    /// Waits until there is room. If the future is dropped before that, the frame is gone.
    pub(crate) async fn send(&self, mut frame: T) {
        loop {
            let emptied = self.emptied.notified();
            match self.offer(frame) {
                Ok(()) => break,
                Err(back) => frame = back,
            }
            emptied.await;
        }
        // Another sender may be waiting for the room that is left.
        if self.has_room() {
            self.emptied.notify_one();
        }
    }

    /// Waits until there is room for a frame, without taking the room.
    pub(crate) async fn room(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.has_room() {
                return;
            }
            emptied.await;
        }
    }

    /// The oldest frame; waits for one. Cancel-safe.
    pub(crate) async fn recv(&self) -> T {
        loop {
            let filled = self.filled.notified();
            if let Some(frame) = self.try_recv() {
                return frame;
            }
            filled.await;
        }
    }

    /// The oldest frame, if there is one.
    pub(crate) fn try_recv(&self) -> Option<T> {
        let frame = self.lock().pop_front();
        if frame.is_some() {
            self.emptied.notify_one();
        }
        frame
    }

    /// Throws away what waits.
    pub(crate) fn clear(&self) {
        self.lock().clear();
        self.emptied.notify_one();
    }

    fn has_room(&self) -> bool {
        self.lock().len() < self.capacity
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<T>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_bounded() {
        let mailbox = Mailbox::new(2);
        assert!(mailbox.offer(Bytes::from_static(b"1")).is_ok());
        assert!(mailbox.offer(Bytes::from_static(b"2")).is_ok());
        assert_eq!(
            mailbox.offer(Bytes::from_static(b"3")),
            Err(Bytes::from_static(b"3"))
        );
        assert_eq!(mailbox.try_recv().as_deref(), Some(&b"1"[..]));
        assert!(mailbox.offer(Bytes::from_static(b"3")).is_ok());
    }

    #[tokio::test]
    async fn a_sender_waits_for_room_and_order_is_kept() {
        let mailbox = Mailbox::new(3);
        let sending = async {
            for number in 0..100_u8 {
                mailbox.send(Bytes::from(vec![number])).await;
            }
        };
        let receiving = async {
            for number in 0..100_u8 {
                assert_eq!(mailbox.recv().await.as_ref(), [number]);
            }
        };
        tokio::join!(sending, receiving);
    }

    #[tokio::test]
    async fn a_reader_that_gives_up_does_not_take_the_wake_up_with_it() {
        let mailbox = Mailbox::new(3);
        {
            let mut abandoned = std::pin::pin!(mailbox.recv());
            tokio::select! { biased; _ = &mut abandoned => panic!("nothing was sent"), () = std::future::ready(()) => {} }
            mailbox.send(Bytes::from_static(b"1")).await;
        }
        assert_eq!(mailbox.recv().await.as_ref(), b"1");
    }
}
