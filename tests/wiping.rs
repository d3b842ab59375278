//! S02, S03: after the last handle is gone, no copy of a key is left in this process's heap.
//!
//! Reads the process's own memory, so the key is kept XOR-ed wherever the test itself holds it. What it
//! does not check: stacks and registers, the kernel, and allocators that hand pages back.

#![cfg(target_os = "linux")]

use std::fs::File;
use std::os::unix::fs::{FileExt, PermissionsExt};

use strongroom::{Secrets, Settings};

const MASK: u8 = 0x5a;
/// How many bytes of the key count as a copy of it.
const NEEDLE: usize = 16;
/// Largest guard below a stack; what glibc reserves after an arena is far larger.
const MAX_GUARD: u64 = 1 << 16;

/// A random key, XOR-ed. `/dev/urandom` writes it straight into the buffer that is masked in place.
fn masked_key() -> Vec<u8> {
    let random = File::open("/dev/urandom").expect("a source of random bytes");
    let mut key = vec![0; 48];
    random.read_exact_at(&mut key, 0).expect("random bytes");
    // No newline at the end, which a file would lose.
    key.iter_mut().for_each(|byte| *byte = (*byte | 0x80) ^ MASK);
    key
}

/// Writes the key to a file byte by byte, so that no buffer holds it.
fn write(path: &std::path::Path, masked: &[u8]) {
    let file = File::create(path).expect("our own folder");
    for (offset, byte) in (0u64..).zip(masked) {
        file.write_all_at(&[byte ^ MASK], offset).expect("our own file");
    }
    file.set_permissions(std::fs::Permissions::from_mode(0o600)).expect("our own file");
}

/// How often a piece of the key is in the writable memory of this process.
fn copies(masked: &[u8]) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux");
    let memory = File::open("/proc/self/mem").expect("Linux");
    let mut guard = None;
    let regions = maps.lines().filter_map(|line| {
        let mut parts = line.split_whitespace();
        let (range, mode) = (parts.next()?, parts.next()?);
        let path = parts.nth(3).unwrap_or_default();
        let (start, end) = range.split_once('-')?;
        let (start, end) = (parse(start)?, parse(end)?);
        // A thread's stack lies above a guard page.
        let stack = guard == Some(start);
        guard = (mode.starts_with("---") && end - start <= MAX_GUARD).then_some(end);
        let heap = mode.starts_with("rw") && (path.is_empty() || path == "[heap]");
        (heap && !stack).then_some((start, end))
    });
    let mut found = 0;
    let pieces: Vec<_> = masked.chunks_exact(NEEDLE).collect();
    let mut window = vec![0; 1 << 16];
    for (start, end) in regions {
        let mut at = start;
        while at < end {
            let length = window.len().min(usize::try_from(end - at).expect("small"));
            let Ok(read) = memory.read_at(&mut window[..length], at) else { break };
            let is_piece = |bytes: &[u8]| {
                pieces.iter().any(|piece| {
                    bytes.iter().zip(*piece).all(|(byte, masked)| byte ^ MASK == *masked)
                })
            };
            found += window[..read].windows(NEEDLE).filter(|bytes| is_piece(bytes)).count();
            // The window is memory of this process too.
            window.fill(0);
            at += (read.max(NEEDLE) - NEEDLE + 1) as u64;
            if read < length || length < NEEDLE {
                break;
            }
        }
    }
    found
}

fn parse(hex: &str) -> Option<u64> {
    u64::from_str_radix(hex, 16).ok()
}

async fn use_key(folder: &std::path::Path) -> (usize, usize) {
    let masked = masked_key();
    write(&folder.join("signing-key"), &masked);
    let settings = Settings::from_pairs([("SECRETS_PROVIDER", "file")])
        .with("SECRETS_DIR", folder.to_string_lossy());
    let secrets = Secrets::from_settings(settings).await.expect("good settings");
    let held = {
        let secret = secrets.get("signing-key").await.expect("it is there");
        let signer =
            secrets.signer().await.expect("a good key").for_purpose("webhook").expect("a purpose");
        let signature = signer.sign(b"hi").await.expect("fresh");
        let verified = signer.verify(b"hi", &signature).await.expect("ours");
        let raw = secrets.raw_hmac("signing-key").await.expect("a good key");
        raw.verify(b"hi", &raw.sign(b"hi").expect("fresh")).expect("ours");
        assert!(verified.is_current() && secret.value().len() == 48);
        copies(&masked)
    };
    drop(secrets);
    (held, copies(&masked))
}

#[test]
fn s02_s03_no_copy_of_a_key_outlives_its_last_handle() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (held, left) = runtime.block_on(use_key(folder.path()));
    assert!(held > 0, "the search finds a key that is in use");
    assert_eq!(left, 0, "copies of pieces of the key are left in memory");
}
