//! What keeps the memory of this process from being written to a disk.

/// Turns core dumps off, and on Linux also lets no other process of this user read this one.
///
/// Best effort: where it is refused, the command still does its work.
pub(crate) fn no_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        let _ = setrlimit(Resource::Core, none);
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // A limit of 0 does not hold for a core_pattern that pipes to a program.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
