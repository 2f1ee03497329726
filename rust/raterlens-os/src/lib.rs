//! Hints to the operating system that safe Rust has no word for.
#![allow(unsafe_code)] // Calls the C library; see the SAFETY note.

/// Large pages of x86-64 and of most others; spans are aligned to it, which is a multiple of every smaller page.
const HUGE_PAGE: usize = 2 << 20;

/// Asks for large pages under memory that has not been written yet.
///
/// Call it on a fresh `vec![0; n]` of many megabytes, before it is filled: the first touch of each 2 MiB then costs one page
/// fault instead of 512. Only a hint: contents never change, memory of less than a few large pages is left alone, and where the
/// system does not know or allow large pages nothing happens. Linux only; nothing elsewhere.
///
/// ```
/// let mut values = vec![0_f32; 3 << 20];
/// raterlens_os::prefer_huge_pages(&mut values);
/// assert!(values.iter().all(|&v| v == 0.0));
/// ```
pub fn prefer_huge_pages<T>(memory: &mut [T]) {
    if let Some((start, length)) = inner_span(memory.as_ptr() as usize, size_of_val(memory)) {
        advise(memory.as_mut_ptr().cast(), start, length);
    }
}

/// Offset and length in bytes of the part that begins and ends on large pages; `None` when it is not worth it.
fn inner_span(address: usize, bytes: usize) -> Option<(usize, usize)> {
    let start = address.checked_next_multiple_of(HUGE_PAGE)? - address;
    let length = bytes.checked_sub(start)? / HUGE_PAGE * HUGE_PAGE;
    (length >= 2 * HUGE_PAGE).then_some((start, length))
}

#[cfg(target_os = "linux")]
fn advise(memory: *mut u8, start: usize, length: usize) {
    // SAFETY: `start + length` is at most the size of the slice that `memory` points to (`inner_span` subtracted), so the span
    // lies within memory that the caller borrows exclusively. MADV_HUGEPAGE changes neither contents nor protection, and a
    // failure (old kernel, switched off) changes nothing, so that its result may be dropped.
    unsafe {
        let _ = libc::madvise(memory.add(start).cast(), length, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
fn advise(_memory: *mut u8, _start: usize, _length: usize) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_lie_inside_and_on_large_pages() {
        let mib = 1 << 20;
        assert_eq!(inner_span(2 * mib, 8 * mib), Some((0, 8 * mib)));
        // From 3 MiB: the next large page is at 4, the last whole one ends at 10.
        assert_eq!(inner_span(3 * mib, 8 * mib), Some((mib, 6 * mib)));
        assert_eq!(inner_span(3 * mib, 4 * mib), None);
        assert_eq!(inner_span(3 * mib, 100), None);
        assert_eq!(inner_span(usize::MAX - 10, 5), None);
    }

    #[test]
    fn contents_stay() {
        let mut values: Vec<u32> = (0..3 << 20).collect();
        prefer_huge_pages(&mut values);
        assert!(values.iter().copied().eq(0..3 << 20));
        prefer_huge_pages::<u8>(&mut []);
    }
}
