//! The memory of this process: how many arenas the allocator has, and what is given back to the kernel.
#![expect(unsafe_code, reason = "each block says why it is sound")]

use libc::{c_int, c_void, dl_phdr_info, size_t};
use nix::unistd::{SysconfVar, sysconf};

/// Each of the two threads that answer has one, and the main thread; the others share one, however many they are. By default
/// there are eight for each core, and each keeps what its threads have freed.
#[cfg(target_env = "gnu")]
const ARENAS: c_int = 4;

/// Limits the arenas of the allocator; to be called before there are threads. Each reserves 64 MiB of address space: where
/// that has a limit there is one, for what one thread reserves is what another one lacks.
pub(crate) fn limit_arenas(has_limited_address_space: bool) {
    #[cfg(target_env = "gnu")]
    // SAFETY: mallopt(3) takes two numbers; a refusal changes nothing.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, if has_limited_address_space { 1 } else { ARENAS });
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
    // SAFETY: dl_iterate_phdr(3) calls `unmap` for each loaded object, with a description that is valid for the call.
    unsafe {
        libc::dl_iterate_phdr(Some(unmap), std::ptr::null_mut());
    }
}

/// Unmaps the pages of an object's segments that nobody can write to. They are those of its file, and stay in the page cache.
unsafe extern "C" fn unmap(object: *mut dl_phdr_info, _: size_t, _: *mut c_void) -> c_int {
    // SAFETY: dl_iterate_phdr(3) passes a description, whose headers are `dlpi_phnum` in number.
    let (address, headers) = unsafe {
        let object = &*object;
        (object.dlpi_addr, std::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()))
    };
    // 32-bit objects may have relocations in their code: such pages differ from the file's.
    let page = sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|page| u64::try_from(page).ok());
    let Some(page) = page.filter(|_| cfg!(target_pointer_width = "64")) else { return 0 };
    for header in headers {
        if header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W == 0 {
            let begin = (address + header.p_vaddr).next_multiple_of(page);
            let end = (address + header.p_vaddr + header.p_memsz) / page * page;
            if begin < end {
                let length = usize::try_from(end - begin).unwrap_or(0);
                // SAFETY: a segment without PF_W is a private mapping of a file that nothing in this process has written to, so
                // that the kernel reads the same bytes again. It contains whole pages of this segment only.
                unsafe {
                    libc::madvise(begin as *mut c_void, length, libc::MADV_DONTNEED);
                }
            }
        }
    }
    0
}
