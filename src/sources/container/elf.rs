//! As much of the ELF format as tells what a program needs beside itself (gABI chapters 4 and 5), 64 bit and little endian:
//! that of x86-64 and of AArch64.

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_STRTAB: u64 = 5;
const DT_SONAME: u64 = 14;

/// An object file of which at least the headers are there.
pub struct Elf<'a> {
    bytes: &'a [u8],
    segments: Vec<Segment>,
}

struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: u64,
}

impl<'a> Elf<'a> {
    /// `None` for whatever else it is.
    pub fn of(bytes: &'a [u8]) -> Option<Elf<'a>> {
        // Magic number, 64 bit, little endian.
        if bytes.get(..6)? != b"\x7fELF\x02\x01" {
            return None;
        }
        let (table, size, count) = (u64_at(bytes, 32)?, u16_at(bytes, 54)?, u16_at(bytes, 56)?);
        let segment = |n: u16| {
            let at = usize::try_from(table).ok()?.checked_add(usize::from(n) * usize::from(size))?;
            let field = |off: usize| u64_at(bytes, at.checked_add(off)?);
            let kind = u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?);
            Some(Segment { kind, offset: field(8)?, address: field(16)?, size: field(32)? })
        };
        let segments = (0..count).map(segment).collect::<Option<_>>()?;
        Some(Elf { bytes, segments })
    }
    /// The program that loads it; `None` if it is static.
    pub fn interpreter(&self) -> Option<String> {
        let segment = self.segments.iter().find(|s| s.kind == PT_INTERP)?;
        self.text(segment.offset)
    }
    /// The name by which others ask for it, if it is a library.
    pub fn soname(&self) -> Option<String> {
        let dynamic = self.segments.iter().find(|s| s.kind == PT_DYNAMIC)?;
        let entry = |n: u64| {
            let at = usize::try_from(dynamic.offset.checked_add(n * 16)?).ok()?;
            Some((u64_at(self.bytes, at)?, u64_at(self.bytes, at.checked_add(8)?)?))
        };
        let entries: Vec<(u64, u64)> = (0..dynamic.size / 16).map_while(entry).take_while(|(tag, _)| *tag != 0).collect();
        let value = |tag| entries.iter().find(|(t, _)| *t == tag).map(|(_, value)| *value);
        let strings = value(DT_STRTAB)?;
        let load = self.segments.iter().find(|s| s.kind == PT_LOAD && strings >= s.address && strings - s.address < s.size)?;
        self.text(load.offset.checked_add(strings - load.address)?.checked_add(value(DT_SONAME)?)?)
    }
    /// The text that begins here and ends with a zero.
    fn text(&self, offset: u64) -> Option<String> {
        let rest = self.bytes.get(usize::try_from(offset).ok()?..)?;
        let end = rest.iter().take(4096).position(|b| *b == 0)?;
        String::from_utf8(rest[..end].to_vec()).ok().filter(|text| !text.is_empty())
    }
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_and_its_c_library_are_read() {
        let me = std::fs::read("/proc/self/exe").unwrap();
        let me = Elf::of(&me).unwrap();
        assert_eq!(me.soname(), None);
        // A static build has none of both.
        let Some(interpreter) = me.interpreter() else { return };
        let loader = std::fs::read(&interpreter).unwrap();
        let name = interpreter.rsplit('/').next().unwrap();
        assert_eq!(Elf::of(&loader).unwrap().soname().as_deref(), Some(name));
        assert_eq!(Elf::of(&loader).unwrap().interpreter(), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_else_it_is_ends(mut bytes in proptest::collection::vec(0..=255_u8, 0..400), start in 0..2) {
            if start == 1 && bytes.len() > 6 {
                bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
            }
            let _ = Elf::of(&bytes).map(|elf| (elf.interpreter(), elf.soname()));
        }
    }
}
