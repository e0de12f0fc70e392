//! Work that several ask for at once and that is done once: whoever comes while it is under way shares its result.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, FutureExt as _, Shared, WeakShared};

type Flight<V> = Shared<BoxFuture<'static, V>>;
type UnderWay<K, V> = HashMap<K, (u64, WeakShared<BoxFuture<'static, V>>)>;

/// What is under way, by key. It is driven by those who wait for it; when all have gone, so has the work.
pub(crate) struct Flights<K, V: Clone> {
    under_way: Arc<Mutex<UnderWay<K, V>>>,
    last: AtomicU64,
}

impl<K, V: Clone> Default for Flights<K, V> {
    fn default() -> Self {
        Self {
            under_way: Arc::default(),
            last: AtomicU64::new(0),
        }
    }
}

impl<K, V> Flights<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// The result of the work under this key, begun now if it is not under way.
    pub(crate) fn join<F>(&self, key: K, begin: impl FnOnce() -> F) -> Flight<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let mut under_way = lock(&self.under_way);
        if let Some(flight) = under_way.get(&key).and_then(|(_, flight)| flight.upgrade()) {
            return flight;
        }
        // What nobody waits for any more.
        under_way.retain(|_, (_, flight)| flight.upgrade().is_some());
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let work = begin();
        let (map, own_key) = (Arc::clone(&self.under_way), key.clone());
        let flight = async move {
            let value = work.await;
            // Whoever comes from now on begins anew. Another may have begun when this one was left for a moment.
            let mut under_way = lock(&map);
            if under_way.get(&own_key).is_some_and(|(of, _)| *of == number) {
                under_way.remove(&own_key);
            }
            value
        }
        .boxed()
        .shared();
        if let Some(weak) = flight.downgrade() {
            under_way.insert(key, (number, weak));
        }
        flight
    }
}

fn lock<K, V: Clone>(under_way: &Mutex<UnderWay<K, V>>) -> MutexGuard<'_, UnderWay<K, V>> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn many_that_ask_at_once_share_one_piece_of_work() {
        let flights = Arc::new(Flights::<&str, usize>::default());
        let (begun, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let ask = |key: &'static str| {
            let (begun, gate) = (Arc::clone(&begun), Arc::clone(&gate));
            flights.join(key, move || async move {
                let number = begun.fetch_add(1, Ordering::SeqCst);
                gate.acquire().await.unwrap().forget();
                number
            })
        };
        let flight = ask("a");
        let waiting: Vec<_> = (0..49).map(|_| tokio::spawn(ask("a"))).collect();
        gate.add_permits(1);
        assert_eq!(flight.await, 0);
        for waiter in waiting {
            assert_eq!(waiter.await.unwrap(), 0);
        }
        // Done is done: the next one begins anew.
        gate.add_permits(1);
        assert_eq!(ask("a").await, 1);
    }

    #[tokio::test]
    async fn work_that_all_have_left_is_begun_anew() {
        let flights = Flights::<u8, u8>::default();
        let abandoned = flights.join(1, std::future::pending);
        drop(abandoned);
        assert_eq!(flights.join(1, || async { 7 }).await, 7);
    }
}
