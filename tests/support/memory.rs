//! The memory of this process.

use std::fs;

/// Returns how many bytes of this process are in memory; zero where the system does not tell.
#[must_use]
pub fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| {
            let resident = text.split_whitespace().nth(1)?;
            resident.parse::<usize>().ok()
        });
    pages.unwrap_or(0) * rustix::param::page_size()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_seen() {
        let before = resident();
        let block = vec![1_u8; 32 * 1024 * 1024];
        assert!(resident() - before >= block.len() / 2);
    }
}
