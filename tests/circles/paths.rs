//! The paths that a file names, in `use` and elsewhere.

use super::module::Module;

/// One name that a `use` brings into a module.
#[derive(Debug)]
pub(crate) struct Import {
    /// As the module calls it; `*` for all of a module.
    pub(crate) name: String,
    pub(crate) path: Vec<String>,
    pub(crate) re_export: bool,
    line: usize,
}

/// Words, `::` and other signs of some lines, each with its line, counted from 1.
pub(crate) fn tokens(code: &[String]) -> Vec<(usize, String)> {
    let mut tokens = Vec::new();
    for (number, line) in code.iter().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            let length = match rest.find(|c| !is_word(c)).unwrap_or(rest.len()) {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                word => word,
            };
            tokens.push((number + 1, rest[..length].to_owned()));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// All names that the module's `use` declarations bring.
pub(crate) fn imports(tokens: &[(usize, String)]) -> Vec<Import> {
    let mut imports = Vec::new();
    for at in (0..tokens.len()).filter(|at| tokens[*at].1 == "use") {
        let re_export = at > 0 && [")", "pub"].contains(&tokens[at - 1].1.as_str());
        let mut leaves = Vec::new();
        read_tree(tokens, at + 1, Vec::new(), &mut leaves);
        imports.extend(leaves.into_iter().map(|(line, name, path)| Import {
            name,
            path,
            re_export,
            line,
        }));
    }
    imports
}

/// Line, name and path of one item of a `use`.
type Leaf = (usize, String, Vec<String>);

/// Adds the items of the tree that begins at token `at`; returns the token after it.
fn read_tree(
    tokens: &[(usize, String)],
    mut at: usize,
    mut path: Vec<String>,
    leaves: &mut Vec<Leaf>,
) -> usize {
    let token = |at: usize| tokens.get(at).map_or("", |t| t.1.as_str());
    if token(at) == "{" {
        at += 1;
        while token(at) != "}" && at < tokens.len() {
            at = read_tree(tokens, at, path.clone(), leaves);
            at += usize::from(token(at) == ",");
        }
        return at + 1;
    }
    let line = tokens.get(at).map_or(0, |t| t.0);
    path.push(token(at).to_owned());
    if token(at + 1) == "::" {
        return read_tree(tokens, at + 2, path, leaves);
    }
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let name = if token(at + 1) == "as" {
        token(at + 2)
    } else {
        path.last().map_or("", |last| last)
    };
    leaves.push((line, name.to_owned(), path.clone()));
    if token(at + 1) == "as" { at + 3 } else { at + 1 }
}

/// All paths that lead out of a module, each with its line. A re-export counts where the module itself uses the name too.
pub(crate) fn named_paths(module: &Module) -> Vec<(usize, Vec<String>)> {
    let times = |name: &str| module.tokens.iter().filter(|t| t.1 == name).count();
    let used_here =
        |i: &Import| i.name != "*" && times(&i.name) > 1 && !module.children.contains_key(&i.name);
    let imported = module.imports.iter().filter(|i| !i.re_export || used_here(i));
    let mut paths: Vec<_> = imported.map(|i| (i.line, i.path.clone())).collect();
    let token = |at: usize| module.tokens.get(at).map_or("", |t| t.1.as_str());
    for at in 0..module.tokens.len() {
        let begins = token(at + 1) == "::" && (at == 0 || !["::", "use"].contains(&token(at - 1)));
        if begins && leads_somewhere(module, token(at)) {
            paths.push((module.tokens[at].0, path_at(&module.tokens, at)));
        }
    }
    paths
}

/// Says if a path that begins with `word` may lead to another file of the crate.
fn leads_somewhere(module: &Module, word: &str) -> bool {
    ["crate", "self", "super"].contains(&word)
        || module.children.contains_key(word)
        || module.imports.iter().any(|i| i.name == word)
}

/// The words joined by `::` from token `at` on.
fn path_at(tokens: &[(usize, String)], at: usize) -> Vec<String> {
    let mut path = vec![tokens[at].1.clone()];
    let mut at = at + 1;
    while tokens.get(at).is_some_and(|t| t.1 == "::") {
        match tokens.get(at + 1) {
            Some((_, word)) if word.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                path.push(word.clone())
            }
            _ => break,
        }
        at += 2;
    }
    path
}
