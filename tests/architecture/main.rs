//! The rules of the architecture, held against the sources as `syn` parses them: `docs/architecture.md` has the picture.
//!
//! | module | rule |
//! |---|---|
//! | `layers` | each room imports the rooms below it only |
//! | `circles` | no files of a room import each other in a circle |
//! | `names` | a public type's name stands in one file |
//! | `fences` | `unsafe`, and the comparison of profiles, stay in their files |
//! | `targets` | a test target has the name of its folder, and shares code by tests/support only |
//! | `pages` | the developers' pages name the rooms, folders and files that there are |
//!
//! A room is a top-level module of the library, with everything in it. The analysis reads a map from path to text, so
//! that each rule is tried on made-up trees, too. It doesn't see what has no path in the text: methods, and what
//! macros write of themselves.

mod circles;
mod facts;
mod fences;
mod layers;
mod names;
mod pages;
mod reader;
mod resolve;
mod sources;
mod targets;
mod tokens;
mod tree;
