//! A walk through a page as XML, and what must hold for every page.

use quick_xml::events::{BytesStart, Event};
use quick_xml::Reader;

/// What a walk through the page as XML finds.
#[derive(Default)]
pub struct Walk {
    /// Names of elements that are open.
    pub open: Vec<String>,
    /// All text, elements apart.
    pub text: Vec<String>,
    pub ids: Vec<String>,
    pub links: Vec<String>,
    /// Pictures and charts, and how many of them have a title as their first child.
    pub drawings: usize,
    pub titled: usize,
}

impl Walk {
    pub fn through(html: &str) -> Self {
        let mut reader = Reader::from_str(html);
        reader.config_mut().check_end_names = true;
        let mut walk = Self::default();
        let mut after_svg = false;
        loop {
            let event = reader.read_event().expect("the page is well-formed XML");
            match &event {
                Event::Start(e) => {
                    walk.attributes(e);
                    let name = String::from_utf8(e.name().as_ref().to_vec()).unwrap();
                    walk.titled += usize::from(after_svg && name == "title");
                    walk.drawings += usize::from(name == "svg");
                    after_svg = name == "svg";
                    walk.open.push(name);
                }
                Event::Empty(e) => walk.attributes(e),
                Event::End(_) => drop(walk.open.pop()),
                Event::Text(t) if walk.open.last().is_some_and(|n| n != "style") => {
                    walk.text.push(t.decode().unwrap().into_owned());
                }
                Event::GeneralRef(r) => walk.text.push(format!("&{};", r.decode().unwrap())),
                Event::Eof => break,
                _ => {}
            }
        }
        assert!(walk.open.is_empty(), "unclosed: {:?}", walk.open);
        walk
    }

    fn attributes(&mut self, element: &BytesStart<'_>) {
        for attribute in element.attributes() {
            let attribute = attribute.expect("no attribute twice, all of them quoted");
            let value = String::from_utf8(attribute.value.to_vec()).unwrap();
            match attribute.key.as_ref() {
                b"id" => self.ids.push(value),
                b"href" | b"src" => self.links.push(value),
                _ => {}
            }
        }
    }
}

/// What must hold for every page.
pub fn check(html: &str) -> Walk {
    let walk = Walk::through(html);
    assert_eq!(
        walk.titled, walk.drawings,
        "every drawing has a text alternative"
    );
    for link in &walk.links {
        let inside = link.strip_prefix('#').map(str::to_owned);
        let is_inside = inside.is_some_and(|id| walk.ids.contains(&id));
        assert!(
            is_inside || link.starts_with("data:image/png;base64,"),
            "{link:.40}"
        );
    }
    let mut ids = walk.ids.clone();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), walk.ids.len(), "ids are unique");
    assert!(!html.contains("://") && !html.contains("<script") && !html.contains("url("));
    // Pictures are letters and digits in any order, and may contain any word.
    let words = html.split(|c: char| !c.is_ascii_alphanumeric() && c != '+' && c != '/');
    let bad = ["nan", "inf", "infinity"];
    let found = words
        .map(str::to_ascii_lowercase)
        .find(|w| bad.contains(&w.as_str()));
    assert_eq!(found, None);
    walk
}
