//! Uses up the memory that was freed and not given back, so that what an engine takes is seen.
//!
//! An allocator keeps what it is given back and hands it out again. So an engine that runs after
//! another, or after a check of answers, takes its state out of what they left, and the kernel
//! sees no growth: the second would seem to need nothing. In a process of its own each engine
//! would begin with nothing; here the same is brought about by holding on to everything that is
//! left over, for as long as the engine runs. Nothing is measured and no limit is changed.

use crate::host::usage;
use std::sync::mpsc;

/// Memory that is held so that nobody else gets it.
#[derive(Debug, Default)]
pub struct Ballast {
    #[cfg_attr(not(test), expect(dead_code, reason = "it is there to be held"))]
    blocks: Vec<Blocks>,
}

type Blocks = Vec<Box<[u8; BLOCK_BYTES]>>;

/// Small enough to fit into nearly every gap.
const BLOCK_BYTES: usize = 4096;

/// How much is taken between two looks at the memory in use. The kernel counts in batches, so a
/// smaller step could not be told from none.
const STEP_BYTES: usize = 4 << 20;

/// The most that is held per thread.
const HELD_BYTES_MAX: usize = 1 << 30;

impl Ballast {
    /// Takes what is left over, for this thread and for `threads` more. Allocators keep a share
    /// of the memory per thread, and the threads of an engine inherit those of earlier ones.
    pub fn take(threads: usize) -> Self {
        let mut blocks = vec![leftovers()];
        std::thread::scope(|scope| {
            let (taken, all_taken) = mpsc::channel();
            // Each lives until the last has taken its share, or two would get the same.
            let mut held = Vec::new();
            for _ in 0..threads {
                let (release, released) = mpsc::channel::<()>();
                held.push(release);
                let taken = taken.clone();
                scope.spawn(move || {
                    let _ = taken.send(leftovers());
                    let _ = released.recv();
                });
                blocks.extend(all_taken.recv());
            }
        });
        Self { blocks }
    }
}

/// Takes blocks until each of them is new to the process.
fn leftovers() -> Blocks {
    let mut blocks = Blocks::with_capacity(HELD_BYTES_MAX / BLOCK_BYTES);
    while blocks.len() * BLOCK_BYTES < HELD_BYTES_MAX {
        let Some(before) = usage::memory_bytes() else { break };
        blocks.extend((0..STEP_BYTES / BLOCK_BYTES).map(|_| Box::new([1; BLOCK_BYTES])));
        let grown = usage::memory_bytes().unwrap_or(u64::MAX).saturating_sub(before);
        if grown >= STEP_BYTES as u64 * 7 / 8 {
            break;
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_freed_is_taken() {
        let freed: Vec<Box<[u8; 1000]>> = (0..20_000).map(|_| Box::new([7; 1000])).collect();
        drop(freed);
        let ballast = Ballast::take(2);
        assert_eq!(ballast.blocks.len(), 3, "this thread and two more");
        for blocks in &ballast.blocks {
            assert!(blocks.len() * BLOCK_BYTES >= STEP_BYTES);
        }
    }
}
