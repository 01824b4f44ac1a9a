//! The memory of this process: the allocator, how many arenas it has, and what is given back to the kernel.
#![expect(unsafe_code, reason = "each block says why it is sound")]

mod allocator;
mod thread_cache;

use std::ffi::CStr;
use std::mem;
use std::ops::Range;

use libc::{c_int, c_void, dl_phdr_info, size_t};
use nix::unistd::{SysconfVar, sysconf};

pub(crate) use allocator::yielding;
pub(crate) use thread_cache::{free_for_all, take_cached_chunks};

/// Each of the two threads that answer has one, and the main thread; the others share one, however many they are. By default
/// there are eight for each core, and each keeps what its threads have freed.
#[cfg(target_env = "gnu")]
const ARENAS: c_int = 4;

/// Larger allocations are mappings of their own, and go back to the kernel when they are freed. This is glibc's own value, but
/// unless it is set, glibc raises it to the size of the largest mapping that was freed: then the next text of a scenario lies
/// in an arena, and keeps that from shrinking.
#[cfg(target_env = "gnu")]
const MAPPED_BYTES: c_int = 128 << 10;

/// Limits what the allocator keeps; to be called before there are threads. Each arena reserves 64 MiB of address space: where
/// that has a limit there is one, for what one thread reserves is what another one lacks.
pub(crate) fn limit_allocator(has_limited_address_space: bool) {
    #[cfg(target_env = "gnu")]
    // SAFETY: mallopt(3) takes two numbers; a refusal changes nothing.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, if has_limited_address_space { 1 } else { ARENAS });
        libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_BYTES);
    }
    #[cfg(not(target_env = "gnu"))]
    let _ = has_limited_address_space;
}

/// Gives back what was used for a moment: by the start, a reload, a crowd. It takes some milliseconds, at most.
///
/// That is free memory, of which glibc keeps much; and code and constants, which the kernel maps again, sixteen pages at a
/// time, when they are used again.
pub(crate) fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim(3) takes a number, touches nothing that is allocated, and may be called by any thread.
    unsafe {
        libc::malloc_trim(0);
    }
    let mut is_program = true;
    // SAFETY: dl_iterate_phdr(3) calls `unmap` for each loaded object, with a description that is valid for the call, and
    // with this pointer.
    unsafe {
        libc::dl_iterate_phdr(Some(unmap), (&raw mut is_program).cast());
    }
}

/// Unmaps the pages of an object's segments that nobody can write to. They are those of its file, and stay in the page cache.
///
/// `is_program` is a `bool`: set for the first object, which is the program.
unsafe extern "C" fn unmap(object: *mut dl_phdr_info, _: size_t, is_program: *mut c_void) -> c_int {
    // SAFETY: `give_back` passes a pointer to a bool of its own, which nobody else has.
    let is_program = mem::take(unsafe { &mut *is_program.cast::<bool>() });
    // SAFETY: dl_iterate_phdr(3) passes a description, whose headers are `dlpi_phnum` in number, and whose name is a string.
    let (address, name, headers) = unsafe {
        let object = &*object;
        (
            object.dlpi_addr,
            (!object.dlpi_name.is_null()).then(|| CStr::from_ptr(object.dlpi_name)),
            std::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()),
        )
    };
    // The kernel's own object, the vDSO, is in no file: its name, if it has one, is no path.
    let is_file = is_program || name.is_some_and(|name| name.to_bytes().contains(&b'/'));
    // 32-bit objects may have relocations in their code: such pages differ from the file's.
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|page| usize::try_from(page).ok());
    let is_usable = is_file && cfg!(target_pointer_width = "64");
    let (Some(page), Ok(address)) = (page.filter(|_| is_usable), usize::try_from(address)) else { return 0 };
    for header in headers {
        if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0 {
            let (Ok(offset), Ok(length)) = (usize::try_from(header.p_vaddr), usize::try_from(header.p_memsz))
            else {
                continue;
            };
            if let Some(pages) = whole_pages(address, offset, length, page) {
                // SAFETY: a segment without PF_W is a private mapping of a file that nothing in this process has written to, so
                // that the kernel reads the same bytes again. It contains whole pages of this segment only.
                unsafe {
                    libc::madvise(pages.start as *mut c_void, pages.len(), libc::MADV_DONTNEED);
                }
            }
        }
    }
    0
}

/// The pages that lie wholly within a segment, if there are any. An object whose addresses overflow was loaded elsewhere
/// than it says, which a vDSO may be.
fn whole_pages(address: usize, offset: usize, length: usize, page: usize) -> Option<Range<usize>> {
    let begin = address.checked_add(offset)?;
    let end = begin.checked_add(length)? / page * page;
    let begin = begin.checked_next_multiple_of(page)?;
    (begin < end).then_some(begin..end)
}

#[cfg(test)]
mod tests {
    use super::whole_pages;

    #[test]
    fn the_pages_of_a_segment_are_its_own_and_an_overflow_has_none() {
        const PAGE: usize = 0x1000;
        for (address, offset, length, expected) in [
            (0x10_0000, 0x2000, 0x3000, Some(0x10_2000..0x10_5000)),
            (0x10_0000, 0x2fff, 0x2002, Some(0x10_3000..0x10_5000)),
            (0x10_0000, 0x2001, 0x1ffe, None),
            (0x10_0000, 0x2000, 0, None),
            (0x10_0000, 0x2000, 0xfff, None),
            // As of a vDSO that is linked to the end of the address space.
            (usize::MAX - 0xffff, 0x1_0000, PAGE, None),
            (0x7000_0000, usize::MAX - 0xfff, 0x2000, None),
            (usize::MAX - 0xffff, 0x8000, 0x8001, None),
            (usize::MAX - 0xffff, 0xf001, 0x10, None),
            (0, usize::MAX, 0, None),
            (usize::MAX - 0xffff, 0x8000, 0x7fff, Some(usize::MAX - 0x7fff..usize::MAX - 0xfff)),
        ] {
            let found = whole_pages(address, offset, length, PAGE);
            assert_eq!(found, expected, "{length:#x} bytes at {address:#x} + {offset:#x}");
        }
    }
}
