//! Runs a pickle: a stack, a memo, and the few instructions that a state dict needs.
//!
//! After Python's `pickletools`, protocols 2 to 5. Instructions that call, import or subclass in ways
//! that no state dict needs are refused with their name.

use std::collections::HashMap;

use crate::calls;
use crate::error::{printable, PickleError};
use crate::input::Input;
use crate::value::{Global, Id, Node, Values};

/// The most values on the stack at once.
const MOST_ON_STACK: usize = 1 << 20;
const NEWEST_PROTOCOL: u8 = 5;

/// Runs a pickle to its end; gives its values and the number of the last one, its result.
pub(crate) fn run(pickle: &[u8]) -> Result<(Values, Id), PickleError> {
    let mut input = Input::new(pickle);
    let mut machine = Machine::default();
    loop {
        let opcode = input.byte()?;
        if opcode == b'.' {
            let root = machine.pop()?;
            return Ok((machine.values, root));
        }
        machine.step(opcode, &mut input)?;
    }
}

#[derive(Default)]
struct Machine {
    values: Values,
    stack: Vec<Id>,
    /// Heights of the stack at which a mark lies; nothing below the last one can be taken.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

impl Machine {
    fn step(&mut self, opcode: u8, input: &mut Input<'_>) -> Result<(), PickleError> {
        match opcode {
            0x80 => check_protocol(input.byte()?),
            0x95 => input.u64().map(drop), // FRAME: only for reading ahead
            b'N' => self.push_new(Node::None),
            0x88 | 0x89 => self.push_new(Node::Bool),
            b'K' => {
                let n = input.byte()?;
                self.push_new(Node::Int(n.into()))
            }
            b'M' => {
                let n = input.u16()?;
                self.push_new(Node::Int(n.into()))
            }
            b'J' => {
                let n = input.i32()?;
                self.push_new(Node::Int(n.into()))
            }
            0x8a => {
                let n = input.long()?;
                self.push_new(Node::Int(n))
            }
            b'G' => {
                input.f64_big_endian()?;
                self.push_new(Node::Float)
            }
            0x8c | b'U' => {
                let length = input.byte()?;
                self.push_text(input, length.into())
            }
            b'X' | b'T' => {
                let length = input.u32()?;
                self.push_text(input, length.into())
            }
            0x8d => {
                let length = input.u64()?;
                self.push_text(input, length)
            }
            b'q' => {
                let at = input.byte()?;
                self.memorise(at.into())
            }
            b'r' => {
                let at = input.u32()?;
                self.memorise(at.into())
            }
            0x94 => self.memorise(self.memo.len() as u64),
            b'h' => {
                let at = input.byte()?;
                self.recall(at.into())
            }
            b'j' => {
                let at = input.u32()?;
                self.recall(at.into())
            }
            b'c' => self.push_global(input.line()?, input.line()?),
            b'i' => Err(forbidden(input.line()?, input.line()?)), // INST: import and call at once
            _ => self.step_on_stack(opcode),
        }
    }

    /// Instructions that need nothing but the stack.
    fn step_on_stack(&mut self, opcode: u8) -> Result<(), PickleError> {
        match opcode {
            b'(' => self.mark(),
            b'0' => self.pop_or_unmark(),
            b'1' => self.pop_to_mark().map(drop),
            b'2' => {
                let top = self.top()?;
                self.push(top)
            }
            b')' => self.push_new(Node::Tuple(Box::default())),
            0x85..=0x87 => {
                let items = self.pop_many(usize::from(opcode - 0x84))?;
                self.push_new(Node::Tuple(items.into()))
            }
            b't' => {
                let items = self.pop_to_mark()?;
                self.push_new(Node::Tuple(items.into()))
            }
            b']' => self.push_new(Node::List(Vec::new())),
            b'l' => {
                let items = self.pop_to_mark()?;
                self.push_new(Node::List(items))
            }
            b'a' => {
                let item = self.pop()?;
                self.extend_list(&[item])
            }
            b'e' => {
                let items = self.pop_to_mark()?;
                self.extend_list(&items)
            }
            b'}' => self.push_new(Node::Dict(Vec::new())),
            b'd' => {
                let items = self.pop_to_mark()?;
                self.push_new(Node::Dict(Vec::new()))?;
                self.extend_dict(&items)
            }
            b's' => {
                let pair = self.pop_many(2)?;
                self.extend_dict(&pair)
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.extend_dict(&items)
            }
            0x93 => self.stack_global(),
            b'R' => {
                let arguments = self.pop()?;
                let function = self.pop()?;
                let made = calls::reduce(&mut self.values, function, arguments)?;
                self.push(made)
            }
            b'b' => {
                let state = self.pop()?;
                calls::build(&self.values, self.top()?, state)
            }
            b'Q' => {
                let id = self.pop()?;
                let made = calls::persistent_load(&mut self.values, id)?;
                self.push(made)
            }
            _ => Err(PickleError::Instruction(instruction_name(opcode))),
        }
    }

    fn push(&mut self, id: Id) -> Result<(), PickleError> {
        if self.stack.len() >= MOST_ON_STACK {
            return Err(PickleError::TooLarge(format!(
                "more than {MOST_ON_STACK} values on the stack of its description"
            )));
        }
        self.stack.push(id);
        Ok(())
    }

    fn push_new(&mut self, node: Node) -> Result<(), PickleError> {
        let id = self.values.add(node)?;
        self.push(id)
    }

    fn push_text(&mut self, input: &mut Input<'_>, length: u64) -> Result<(), PickleError> {
        let text = input.text(length)?;
        self.push_new(Node::Text(text.into()))
    }

    fn push_global(&mut self, module: &str, name: &str) -> Result<(), PickleError> {
        let global = Global::named(module, name).ok_or_else(|| forbidden(module, name))?;
        self.push_new(Node::Global(global))
    }

    fn stack_global(&mut self) -> Result<(), PickleError> {
        let pair = self.pop_many(2)?;
        let text = |n: usize| {
            pair.get(n)
                .and_then(|id| self.values.text(*id))
                .map(str::to_owned)
        };
        match (text(0), text(1)) {
            (Some(module), Some(name)) => self.push_global(&module, &name),
            _ => Err(PickleError::damaged(
                "it names a type by something that is no text",
            )),
        }
    }

    /// Height of the stack below which nothing can be taken.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn top(&self) -> Result<Id, PickleError> {
        match self.stack.last() {
            Some(top) if self.stack.len() > self.floor() => Ok(*top),
            _ => Err(underflow()),
        }
    }

    fn pop(&mut self) -> Result<Id, PickleError> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Id>, PickleError> {
        let height = self.stack.len().checked_sub(count);
        let height = height
            .filter(|h| *h >= self.floor())
            .ok_or_else(underflow)?;
        Ok(self.stack.split_off(height))
    }

    fn mark(&mut self) -> Result<(), PickleError> {
        if self.marks.len() >= MOST_ON_STACK {
            return Err(PickleError::TooLarge(format!(
                "more than {MOST_ON_STACK} marks in its description"
            )));
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, PickleError> {
        let height = self.marks.pop().ok_or_else(underflow)?;
        Ok(self.stack.split_off(height.min(self.stack.len())))
    }

    fn pop_or_unmark(&mut self) -> Result<(), PickleError> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    fn memorise(&mut self, at: u64) -> Result<(), PickleError> {
        let top = self.top()?;
        // Each entry took at least one byte of the pickle, whose size is limited.
        self.memo.insert(at, top);
        Ok(())
    }

    fn recall(&mut self, at: u64) -> Result<(), PickleError> {
        let found = self.memo.get(&at).copied();
        self.push(
            found.ok_or_else(|| PickleError::damaged("it refers to a value that is not there"))?,
        )
    }

    fn extend_list(&mut self, items: &[Id]) -> Result<(), PickleError> {
        let top = self.top()?;
        match self.values.get_mut(top)? {
            Node::List(list) => {
                list.extend_from_slice(items);
                Ok(())
            }
            other => Err(PickleError::damaged(format!(
                "it appends to {}",
                other.kind()
            ))),
        }
    }

    fn extend_dict(&mut self, items: &[Id]) -> Result<(), PickleError> {
        let top = self.top()?;
        let Node::Dict(dict) = self.values.get_mut(top)? else {
            return Err(PickleError::damaged(
                "it sets an entry of something that is no dictionary",
            ));
        };
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(PickleError::damaged(
                "a dictionary in it has a key without a value",
            ));
        }
        dict.extend(pairs.iter().map(|[key, value]| (*key, *value)));
        Ok(())
    }
}

fn underflow() -> PickleError {
    PickleError::damaged("its description of the tensors takes a value that is not there")
}

fn forbidden(module: &str, name: &str) -> PickleError {
    PickleError::Forbidden {
        global: printable(&format!("{module}.{name}")),
    }
}

fn check_protocol(protocol: u8) -> Result<(), PickleError> {
    if protocol <= NEWEST_PROTOCOL {
        return Ok(());
    }
    Err(PickleError::Instruction(format!(
        "PROTO {protocol} (protocols 2 to {NEWEST_PROTOCOL} are read)"
    )))
}

/// The names of `pickletools` for instructions that exist but are not read here.
fn instruction_name(opcode: u8) -> String {
    let name = match opcode {
        b'P' => "PERSID",
        b'o' => "OBJ",
        0x81 => "NEWOBJ",
        0x92 => "NEWOBJ_EX",
        0x82 => "EXT1",
        0x83 => "EXT2",
        0x84 => "EXT4",
        b'I' => "INT",
        b'L' => "LONG",
        0x8b => "LONG4",
        b'F' => "FLOAT",
        b'S' => "STRING",
        b'V' => "UNICODE",
        b'p' => "PUT",
        b'g' => "GET",
        b'B' => "BINBYTES",
        b'C' => "SHORT_BINBYTES",
        0x8e => "BINBYTES8",
        0x96 => "BYTEARRAY8",
        0x97 => "NEXT_BUFFER",
        0x98 => "READONLY_BUFFER",
        0x8f => "EMPTY_SET",
        0x90 => "ADDITEMS",
        0x91 => "FROZENSET",
        _ => return format!("{opcode:#04x}"),
    };
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(pickle: &[u8]) -> String {
        run(pickle).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn functions_that_do_something_are_refused_by_name() {
        // pickle.dumps of an object whose __reduce__ gives (os.system, ("id",)), protocols 0, 2 and 4.
        for (pickle, name) in [
            (
                &b"cposix\nsystem\np0\n(Vid\np1\ntp2\nRp3\n."[..],
                "posix.system",
            ),
            (
                b"\x80\x02cposix\nsystem\nq\x00X\x02\x00\x00\x00idq\x01\x85q\x02Rq\x03.",
                "posix.system",
            ),
            (
                b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.",
                "posix.system",
            ),
            (b"\x80\x02c__builtin__\neval\n.", "__builtin__.eval"),
            (b"(S'id'\nios\nsystem\n.", "STRING"),
            (b"(ios\nsystem\n.", "os.system"),
            // Near misses of what is allowed.
            (
                b"ctorch._utils\n_rebuild_tensor_v3\n.",
                "torch._utils._rebuild_tensor_v3",
            ),
            (b"ctorch\nload\n.", "torch.load"),
            (
                b"ctorch._utils._rebuild_tensor_v2\n__globals__\n.",
                "__globals__",
            ),
            (
                b"\x80\x04\x8c\x05torch\x8c\x19_utils._rebuild_tensor_v2\x93.",
                "torch._utils._rebuild_tensor_v2",
            ),
            (
                b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.__init__\x93.",
                "OrderedDict.__init__",
            ),
            (
                b"ccollections\r\nOrderedDict\n.",
                "collections\\u{d}.OrderedDict",
            ),
            // A type by its number in Python's registry of extensions.
            (b"\x82\x01.", "EXT1"),
            (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "NEWOBJ"),
            (b"Pid\n.", "PERSID"),
        ] {
            let text = refused(pickle);
            assert!(text.contains(name), "{name}: {text}");
        }
    }

    #[test]
    fn names_that_are_no_text_are_refused() {
        assert!(refused(b"\x80\x04NN\x93.").contains("no text"));
        assert!(refused(b"\x80\x04]\x8c\x06system\x93.").contains("no text"));
    }

    #[test]
    fn a_damaged_stack_is_an_error() {
        for pickle in [
            &b"."[..],
            b"",
            b"0.",
            b"1.",
            b"2.",
            b"t.",
            b"R.",
            b"NR.",
            b"(N(\x85.",
            b"(t(b.",
            b"q\x00.",
            b"h\x05.",
            b"Na.",
            b"]a.",
            b"}(Nu.",
            b"NNs.",
            b"]NNs.",
            b"N(NNu.",
            b"\x80\x06N.",
            b"e.",
            b"Q.",
            b"NQ.",
            b"(Q.",
        ] {
            assert!(run(pickle).is_err(), "{pickle:?}");
        }
    }

    #[test]
    fn a_list_that_contains_itself_and_deep_nesting_cost_nothing() {
        assert!(run(b"]q\x00h\x00a.").is_ok());
        let mut deep = b"N".to_vec();
        deep.extend(std::iter::repeat_n(0x85, 1_000_000));
        deep.push(b'.');
        assert!(run(&deep).is_ok());
        deep.splice(0..0, std::iter::repeat_n(b']', 100_000));
        assert!(refused(&deep).contains("values in the description"));
    }

    #[test]
    fn a_huge_memo_number_takes_no_memory() {
        assert!(run(b"Nr\xff\xff\xff\xff0j\xff\xff\xff\xff.").is_ok());
    }
}
