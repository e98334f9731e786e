//! Changing what stands on the page into what should: only what differs is touched, so that the focus, a selection and
//! whatever glides from one value to the next survive.

use wasm_bindgen::JsCast;
use web_sys::{Element, Node};

/// The attribute that says which of its siblings an element is, whatever its place.
const KEY: &str = "data-key";

/// Gives `old` the children of `new`.
pub(super) fn morph(old: &Node, new: &Node) {
    let mut at = old.first_child();
    let mut next = new.first_child();
    while let Some(wanted) = next {
        next = wanted.next_sibling();
        let known = match key(&wanted) {
            Some(wanted_key) => find(at.clone(), &wanted_key),
            None => at.clone().filter(|at| is_alike(at, &wanted)),
        };
        let Some(known) = known else {
            let _ = old.insert_before(&wanted, at.as_ref());
            continue;
        };
        if at.as_ref() == Some(&known) {
            at = known.next_sibling();
        } else {
            let _ = old.insert_before(&known, at.as_ref());
        }
        match (known.dyn_ref::<Element>(), wanted.dyn_ref::<Element>()) {
            (Some(known), Some(wanted)) => {
                attributes(known, wanted);
                morph(known, wanted);
            }
            _ => {
                let text = wanted.node_value();
                if known.node_value() != text {
                    known.set_node_value(text.as_deref());
                }
            }
        }
    }
    while let Some(left) = at {
        at = left.next_sibling();
        let _ = old.remove_child(&left);
    }
}

/// Whether one can become the other: neither has a key, and they are of one kind.
fn is_alike(old: &Node, new: &Node) -> bool {
    old.node_name() == new.node_name() && key(old).is_none()
}

fn key(node: &Node) -> Option<String> {
    node.dyn_ref::<Element>()?.get_attribute(KEY)
}

/// The first of these siblings that has a key.
fn find(mut from: Option<Node>, wanted: &str) -> Option<Node> {
    while let Some(node) = from {
        if key(&node).as_deref() == Some(wanted) {
            return Some(node);
        }
        from = node.next_sibling();
    }
    None
}

fn attributes(old: &Element, new: &Element) {
    for name in new.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        let value = new.get_attribute(&name).unwrap_or_default();
        if old.get_attribute(&name).as_ref() != Some(&value) {
            let _ = old.set_attribute(&name, &value);
        }
    }
    for name in old.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        if !new.has_attribute(&name) {
            let _ = old.remove_attribute(&name);
        }
    }
}
