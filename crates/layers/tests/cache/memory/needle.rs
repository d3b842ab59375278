//! Searching the memory of this process for a value that is nowhere in it but where it is looked for.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use strongroom_core::SecretValue;

const MASK: u8 = 0x5a;
/// How many bytes of a value count as a copy of it.
const PIECE: usize = 16;
/// The widest guard below a stack; what glibc reserves after an arena is far larger.
const WIDEST_GUARD: u64 = 1 << 16;

/// A random value, kept XOR-ed.
#[derive(Clone, Debug)]
pub(crate) struct Needle(Vec<u8>);

impl Needle {
    pub(crate) fn new() -> Self {
        let mut bytes = vec![0; 3 * PIECE];
        File::open("/dev/urandom").unwrap().read_exact_at(&mut bytes, 0).unwrap();
        bytes.iter_mut().for_each(|byte| *byte ^= MASK);
        Self(bytes)
    }

    /// The value itself. The buffer has its final size from the start, so no copy of it is left behind.
    pub(crate) fn value(&self) -> SecretValue {
        let mut bytes = Vec::with_capacity(self.0.len());
        bytes.extend(self.0.iter().map(|byte| byte ^ MASK));
        SecretValue::from(bytes)
    }

    /// How many pieces of it are in the writable memory of this process. What this does not look at: stacks
    /// and registers, the kernel, and pages that the allocator gave back.
    pub(crate) fn copies(&self) -> usize {
        let memory = File::open("/proc/self/mem").unwrap();
        // On the stack, where nothing is looked for.
        let mut window = [0; 1 << 13];
        let mut found = 0;
        for (start, end) in heaps() {
            let mut at = start;
            while at + PIECE as u64 <= end {
                let length = window.len().min(usize::try_from(end - at).unwrap());
                let Ok(read) = memory.read_at(&mut window[..length], at) else { break };
                found += self.count(&window[..read]);
                if read < PIECE {
                    break;
                }
                at += (read - PIECE + 1) as u64;
            }
        }
        found
    }

    fn count(&self, bytes: &[u8]) -> usize {
        let pieces: Vec<_> = self.0.chunks_exact(PIECE).collect();
        let is_piece = |bytes: &[u8]| {
            let masked =
                |piece: &&[u8]| bytes.iter().zip(*piece).all(|(byte, it)| byte ^ MASK == *it);
            pieces.iter().any(|piece| bytes[0] ^ MASK == piece[0] && masked(piece))
        };
        bytes.windows(PIECE).filter(|bytes| is_piece(bytes)).count()
    }
}

/// The writable memory that belongs to no file and is no stack.
fn heaps() -> Vec<(u64, u64)> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut guard = None;
    let mut heaps = Vec::new();
    for line in maps.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let (start, end) = words[0].split_once('-').unwrap();
        let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).unwrap());
        // The stack of a thread lies above a guard page.
        let is_stack = guard == Some(start);
        guard = (words[1].starts_with("---") && end - start <= WIDEST_GUARD).then_some(end);
        let name = words.get(5).copied().unwrap_or_default();
        if words[1].starts_with("rw") && !is_stack && (name.is_empty() || name == "[heap]") {
            heaps.push((start, end));
        }
    }
    heaps
}
