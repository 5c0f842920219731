//! Reports running out of memory like any other fault of the system.
//!
//! Where the system has no more memory for it, Rust's standard library ends a program with SIGABRT, as a bug does. What
//! stages had in hand then is like what a kill leaves: the next run goes on from there.

#![allow(unsafe_code)]

use ecgfm_system::Fault;
use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::sync::atomic::{AtomicU8, Ordering};

/// Exit code of the program where there is no more memory.
static EXIT_CODE: AtomicU8 = AtomicU8::new(1);

/// Sets the exit code for the end of the program where there is no more memory.
pub(crate) fn set_exit_code(code: u8) {
    EXIT_CODE.store(code, Ordering::Relaxed);
}

/// The system's allocator, but for the end of a program that it has no memory for.
struct ReportingAllocator;

#[global_allocator]
static ALLOCATOR: ReportingAllocator = ReportingAllocator;

// SAFETY: every call is handed on to the system's allocator with the arguments as they came, under the same promises of
// the caller, and what it returns is handed back. A null pointer ends the process instead of being returned.
unsafe impl GlobalAlloc for ReportingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        require_memory(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        require_memory(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        require_memory(unsafe { System.realloc(memory, layout, size) }, size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// Returns the memory; ends the program on a null pointer.
#[inline]
fn require_memory(memory: *mut u8, size: usize) -> *mut u8 {
    if memory.is_null() {
        exit_out_of_memory(size);
    }
    memory
}

/// Says what is missing and ends the program. Allocates nothing: numbers are written as they are formatted.
#[cold]
fn exit_out_of_memory(size: usize) -> ! {
    let advice = Fault::NoMemory.advice();
    let _ = writeln!(
        std::io::stderr(),
        "error: there is no more memory: the system refused {size} bytes\nhelp: {advice}; what is done stays done"
    );
    crate::exit::exit_now(EXIT_CODE.load(Ordering::Relaxed))
}
