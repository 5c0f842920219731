//! The modules of a crate, each a file, and where a path leads among them.

use super::paths::{Import, imports, tokens};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One crate, or one program of it: a tree of modules, the root first.
pub(crate) struct Crate {
    /// Directory in crates/.
    pub(crate) name: String,
    pub(crate) modules: Vec<Module>,
}

/// One file, without comments and tests.
pub(crate) struct Module {
    pub(crate) file: PathBuf,
    parent: Option<usize>,
    pub(crate) children: BTreeMap<String, usize>,
    /// Words and signs, each with its line.
    pub(crate) tokens: Vec<(usize, String)>,
    pub(crate) imports: Vec<Import>,
}

/// All crates of this workspace, each program as one of its own.
pub(crate) fn crates() -> Vec<Crate> {
    let all = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates"));
    let entries = |dir: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(dir).into_iter().flatten();
        entries.map(|e| e.expect("an entry").path()).collect()
    };
    let mut crates = Vec::new();
    for dir in entries(all) {
        let programs = entries(&dir.join("src/bin"))
            .into_iter()
            .map(|program| program.join("main.rs"));
        let roots = [dir.join("src/lib.rs"), dir.join("src/main.rs")]
            .into_iter()
            .chain(programs);
        let name = dir.file_name().expect("a name").to_string_lossy().into_owned();
        for root in roots.filter(|r| r.is_file()) {
            let mut tree = Crate {
                name: name.clone(),
                modules: Vec::new(),
            };
            tree.add(root, None, &|file| std::fs::read_to_string(file).ok());
            crates.push(tree);
        }
    }
    assert!(crates.len() > 10, "the crates were not found");
    crates
}

impl Crate {
    /// A crate of modules' names, the root's empty, and their texts.
    pub(crate) fn of_texts(texts: &[(&str, &str)]) -> Crate {
        let mut tree = Crate {
            name: "toy".into(),
            modules: Vec::new(),
        };
        let read = |file: &Path| {
            let name = file.file_stem()?.to_str()?.replace("lib", "");
            texts.iter().find(|t| t.0 == name).map(|t| t.1.to_owned())
        };
        tree.add("lib.rs".into(), None, &read);
        tree
    }

    /// Adds the module of `file` and those that it declares; returns its place.
    fn add(&mut self, file: PathBuf, parent: Option<usize>, read: &dyn Fn(&Path) -> Option<String>) -> usize {
        let code = without_tests(&read(&file).unwrap_or_else(|| panic!("{} cannot be read", file.display())));
        let tokens = tokens(&code);
        let place = self.modules.len();
        self.modules.push(Module {
            file: file.clone(),
            parent,
            children: BTreeMap::new(),
            imports: imports(&tokens),
            tokens,
        });
        let stem = file.file_stem().expect("a name").to_owned();
        let is_root = ["lib", "main", "mod"].iter().any(|s| stem == *s);
        let dir = if is_root {
            file.with_file_name("")
        } else {
            file.with_extension("")
        };
        for name in code.iter().filter_map(|line| declared(line)) {
            let flat = dir.join(format!("{name}.rs"));
            let child = if read(&flat).is_some() {
                flat
            } else {
                dir.join(name).join("mod.rs")
            };
            let child = self.add(child, Some(place), read);
            self.modules[place].children.insert(name.to_owned(), child);
        }
        place
    }

    /// The module that defines what `path` names in module `from`; none for an item of another crate or a module itself.
    pub(crate) fn definer(&self, from: usize, path: &[String]) -> Option<usize> {
        self.follow(from, path, 0)
    }

    fn follow(&self, from: usize, path: &[String], depth: usize) -> Option<usize> {
        let mut place = from;
        for (at, word) in path.iter().enumerate() {
            let module = &self.modules[place];
            place = match word.as_str() {
                "crate" => 0,
                "self" => place,
                "super" => module.parent?,
                "*" => return Some(place),
                name if module.children.contains_key(name) => module.children[name],
                name => {
                    if let Some(import) = module.imports.iter().find(|i| i.name == name) {
                        let onward: Vec<String> =
                            import.path.iter().chain(&path[at + 1..]).cloned().collect();
                        return (depth < 9).then(|| self.follow(place, &onward, depth + 1))?;
                    }
                    return (at > 0).then(|| self.through_a_glob(place, name).unwrap_or(place));
                }
            };
        }
        None
    }

    /// The module, among those whose items `place` re-exports together, that defines `name`.
    fn through_a_glob(&self, place: usize, name: &str) -> Option<usize> {
        let globs = self.modules[place]
            .imports
            .iter()
            .filter(|i| i.name == "*" && i.re_export);
        let mut targets = globs.filter_map(|i| self.definer(place, &i.path));
        targets.find(|t| self.modules[*t].defines(name))
    }
}

impl Module {
    fn defines(&self, name: &str) -> bool {
        let kinds = ["fn", "struct", "enum", "trait", "const", "static", "type"];
        let mut pairs = self.tokens.windows(2);
        pairs.any(|pair| pair[1].1 == name && kinds.contains(&pair[0].1.as_str()))
    }
}

/// Name of the module that a line declares in a file of its own.
fn declared(line: &str) -> Option<&str> {
    let (before, name) = line.trim().strip_suffix(';')?.rsplit_once("mod ")?;
    (before.is_empty() || before.starts_with("pub")).then_some(name)
}

/// Lines of a file, comments cut off, and left empty what is compiled for tests alone and what a module inside the file takes
/// from the file.
fn without_tests(text: &str) -> Vec<String> {
    let cut = |line: &str| line.split_once("//").map_or(line, |(code, _)| code).to_owned();
    let mut lines: Vec<String> = text.lines().map(cut).collect();
    let ends = |line: &str| line == "}" || (!line.starts_with(' ') && line.ends_with(';'));
    let (mut in_test, mut in_module) = (false, false);
    for line in &mut lines {
        in_test |= line == "#[cfg(test)]";
        in_module |= line.contains("mod ") && line.ends_with('{');
        let end = ends(line);
        if in_test || (in_module && line.trim_start().starts_with("use super::")) {
            line.clear();
        }
        (in_test, in_module) = (in_test && !end, in_module && !end);
    }
    lines
}
