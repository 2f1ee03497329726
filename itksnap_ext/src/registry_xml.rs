//! The registry as XML, as ITK-SNAP writes and reads it.

use quick_xml::events::{BytesStart, Event};
use quick_xml::Reader;

use crate::registry::{Registry, RegistryError};

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<!--ITK-SNAP (itksnap.org) workspace written by RaterLens

It may be moved together with the images in its folder, as long as all of
them stay side by side and the entry SaveLocation is left as it is.
-->
<!DOCTYPE registry [
<!ELEMENT registry (entry*,folder*)>
<!ELEMENT folder (entry*,folder*)>
<!ELEMENT entry EMPTY>
<!ATTLIST folder key CDATA #REQUIRED>
<!ATTLIST entry key CDATA #REQUIRED>
<!ATTLIST entry value CDATA #REQUIRED>
]>
"#;

pub(crate) fn write(registry: &Registry) -> String {
    let mut out = String::from(HEAD);
    out.push_str("<registry>\n");
    write_folder(registry, 1, &mut out);
    out.push_str("</registry>\n");
    out
}

fn write_folder(registry: &Registry, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for (key, value) in &registry.entries {
        let (key, value) = (escape(key), escape(value));
        out.push_str(&format!(
            "{indent}<entry key=\"{key}\" value=\"{value}\" />\n"
        ));
    }
    for (key, folder) in &registry.folders {
        out.push_str(&format!("{indent}<folder key=\"{}\" >\n", escape(key)));
        write_folder(folder, depth + 1, out);
        out.push_str(&format!("{indent}</folder>\n"));
    }
}

/// Escapes an attribute value. Line breaks and tabs are escaped too, or readers turn them into
/// spaces; other control characters cannot be written in XML 1.0 and become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\r' | '\t' => out.push_str(&format!("&#{};", u32::from(c))),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

pub(crate) fn read(text: &str) -> Result<Registry, RegistryError> {
    let mut reader = Reader::from_str(text);
    loop {
        match next_event(&mut reader)? {
            Event::Start(tag) if tag.name().as_ref() == b"registry" => {
                return read_folder(&mut reader)
            }
            Event::Empty(tag) if tag.name().as_ref() == b"registry" => {
                return Ok(Registry::default())
            }
            Event::Start(tag) | Event::Empty(tag) => return Err(unexpected(&tag)),
            Event::Eof => return Err(ended()),
            _ => {}
        }
    }
}

/// Reads up to the end tag of the folder whose start tag was just read.
fn read_folder(reader: &mut Reader<&[u8]>) -> Result<Registry, RegistryError> {
    // An explicit stack: a file nested ten thousand deep must not overflow ours.
    let mut open: Vec<(String, Registry)> = vec![(String::new(), Registry::default())];
    loop {
        match next_event(reader)? {
            Event::Start(tag) => match tag.name().as_ref() {
                b"folder" => open.push((attribute(&tag, "key")?, Registry::default())),
                b"entry" => insert_entry(&mut open, &tag)?,
                _ => return Err(unexpected(&tag)),
            },
            Event::Empty(tag) => match tag.name().as_ref() {
                b"folder" => {
                    let name = attribute(&tag, "key")?;
                    if let Some((_, parent)) = open.last_mut() {
                        parent.folder_mut(&name);
                    }
                }
                b"entry" => insert_entry(&mut open, &tag)?,
                _ => return Err(unexpected(&tag)),
            },
            Event::End(tag) if tag.name().as_ref() == b"entry" => {}
            Event::End(_) => {
                let Some((name, folder)) = open.pop() else {
                    return Err(ended());
                };
                match open.last_mut() {
                    Some((_, parent)) => {
                        parent.folders.insert(name, folder);
                    }
                    None => return Ok(folder),
                }
            }
            Event::Eof => return Err(ended()),
            _ => {}
        }
    }
}

fn insert_entry(
    open: &mut [(String, Registry)],
    tag: &BytesStart<'_>,
) -> Result<(), RegistryError> {
    let (key, value) = (attribute(tag, "key")?, attribute(tag, "value")?);
    if let Some((_, folder)) = open.last_mut() {
        folder.entries.insert(key, value);
    }
    Ok(())
}

fn next_event<'a>(reader: &mut Reader<&'a [u8]>) -> Result<Event<'a>, RegistryError> {
    reader.read_event().map_err(|e| RegistryError::Xml {
        reason: e.to_string(),
    })
}

fn attribute(tag: &BytesStart<'_>, name: &'static str) -> Result<String, RegistryError> {
    let xml = |reason: String| RegistryError::Xml { reason };
    let found = tag
        .try_get_attribute(name)
        .map_err(|e| xml(e.to_string()))?
        .ok_or_else(|| RegistryError::MissingAttribute {
            element: element_name(tag),
            attribute: name,
        })?;
    let value = found.unescape_value().map_err(|e| xml(e.to_string()))?;
    Ok(value.into_owned())
}

fn element_name(tag: &BytesStart<'_>) -> String {
    String::from_utf8_lossy(tag.name().as_ref()).into_owned()
}

fn unexpected(tag: &BytesStart<'_>) -> RegistryError {
    RegistryError::UnexpectedElement {
        element: element_name(tag),
    }
}

fn ended() -> RegistryError {
    RegistryError::Xml {
        reason: "the file ends inside the registry".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markup_line_breaks_and_other_scripts_survive() {
        let value = "a<b> & \"c\" 'd'\nä 測 \t€";
        let mut registry = Registry::default();
        registry.set("Folder.Entry", value);
        let text = registry.to_xml();
        assert_eq!(text.lines().count(), HEAD.lines().count() + 5);
        assert_eq!(read(&text).unwrap().get("Folder.Entry"), Some(value));
    }

    #[test]
    fn entries_come_sorted_and_before_folders() {
        let mut registry = Registry::default();
        registry.set("A.Z", "1");
        registry.set("Z", "2");
        registry.set("B", "3");
        let body = registry.to_xml().replace(HEAD, "");
        let keys: Vec<&str> = body.lines().filter_map(|l| l.split('"').nth(1)).collect();
        assert_eq!(keys, ["B", "Z", "A", "Z"]);
    }

    #[test]
    fn damaged_files_are_refused_with_a_reason() {
        let missing = read("<registry><entry key='a' /></registry>").unwrap_err();
        assert_eq!(
            missing,
            RegistryError::MissingAttribute {
                element: "entry".into(),
                attribute: "value"
            }
        );
        assert!(read("<registry><folder key='a'>").is_err());
        assert!(read("<html></html>").is_err());
        assert!(read("<registry><entry key='a' value='b'></registry>").is_err());
        assert!(read("").is_err());
    }

    #[test]
    fn deep_nesting_does_not_overflow_the_stack_of_the_reader() {
        let text = "<registry>".to_owned() + &"<folder key='a'>".repeat(1000);
        assert!(read(&text).is_err());
    }

    proptest! {
        #[test]
        fn any_text_without_control_characters_round_trips(value in "\\PC*", key in "[A-Za-z\\[\\]0-9]{1,8}") {
            let mut registry = Registry::default();
            registry.set(&key, value.clone());
            prop_assert_eq!(read(&registry.to_xml()).unwrap(), registry);
        }
    }
}
